#include "auth/token/access_token.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "auth/token/issuer.h"
#include "base/status.h"
#include "base/text/encoding.h"

namespace gatehouse::auth {
namespace {

using Json = nlohmann::ordered_json;

int64_t ToSeconds(base::Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace

AccessTokenCodec::AccessTokenCodec(const Keyring& keyring, const base::Clock& clock,
                                   Options options)
    : keyring_(keyring), clock_(clock), options_(std::move(options)) {}

absl::StatusOr<AccessTokenCodec::Signed> AccessTokenCodec::Sign(AccessClaims claims,
                                                                base::Time not_after) const {
  const base::Time now = clock_.Now();
  const std::shared_ptr<const SigningKey> key = keyring_.Current(claims.tenant_id, now);
  if (!key) return base::InternalError("no signing key is active");
  const int64_t expires_at = ToSeconds(std::min(now + options_.lifetime, not_after));
  const Json payload = {
      {"iss", IssuerOfTenant(options_.issuer, claims.tenant_id)},
      {"aud", options_.audience},
      {"sub", claims.user_id.ToString()},
      {"tid", claims.tenant_id.ToString()},
      {"sid", claims.session_id.ToString()},
      {"uep", claims.user_epoch},
      {"roles", claims.roles},
      {"amr", claims.amr},
      {"auth_time", ToSeconds(claims.auth_time)},
      {"jti", base::Uuid::MakeV7(now).ToString()},
      {"iat", ToSeconds(now)},
      {"exp", expires_at},
  };
  std::string token = key->token_header() + "." + base::Base64UrlEncode(payload.dump());
  const std::string signature = key->Sign(token);
  token += "." + base::Base64UrlEncode(signature);
  return Signed{.token = std::move(token),
                .expires_at = base::Time(std::chrono::seconds(expires_at))};
}

absl::StatusOr<AccessClaims> AccessTokenCodec::Verify(std::string_view token) const {
  GH_ASSIGN_OR_RETURN(const SplitToken parts, SplitAccessToken(token));
  const base::Time now = clock_.Now();
  const std::shared_ptr<const SigningKey> key = keyring_.FindByHeader(parts.header, now);
  if (!key) return TokenRefused("the token's header is not that of any key");
  const std::optional<std::string> signature = base::Base64UrlDecode(parts.signature);
  if (!signature || !key->Verify(parts.signed_part, *signature)) {
    return TokenRefused("the signature is wrong");
  }

  // From here on the token is one we signed; what follows tells ours from those
  // meant for another audience, and live from dead.
  GH_ASSIGN_OR_RETURN(AccessClaims claims, ParseAccessClaims(parts.payload));
  if (claims.tenant_id != key->tenant_id()) return TokenRefused("the key is of another tenant");
  const std::string issuer = IssuerOfTenant(options_.issuer, claims.tenant_id);
  GH_RETURN_IF_ERROR(CheckAccessClaims(
      claims, {.issuer = issuer, .audience = options_.audience, .leeway = options_.leeway}, now));
  return claims;
}

}  // namespace gatehouse::auth
