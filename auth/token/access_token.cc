#include "auth/token/access_token.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "base/status.h"
#include "base/text/encoding.h"

namespace gatehouse::auth {
namespace {

using Json = nlohmann::ordered_json;

// 9999-12-31T23:59:59Z: beyond it microseconds would overflow before long.
constexpr int64_t kMaxSeconds = 253402300799;

absl::Status Refused(std::string_view why) {
  return base::MakeError(absl::StatusCode::kUnauthenticated, why,
                         {.reason = base::Reason::kUnauthenticated});
}

int64_t ToSeconds(base::Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

// Parses JSON and refuses what RFC 8725 warns of: names that occur twice, of
// which two parsers may choose different ones.
std::optional<Json> ParseStrict(std::string_view text) {
  std::vector<std::set<std::string>> open_objects;
  bool duplicate = false;
  const auto watch = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) open_objects.emplace_back();
    if (event == Json::parse_event_t::object_end) open_objects.pop_back();
    if (event == Json::parse_event_t::key &&
        !open_objects.back().insert(parsed.get<std::string>()).second) {
      duplicate = true;
    }
    return true;
  };
  Json json = Json::parse(text, watch, /*allow_exceptions=*/false);
  if (json.is_discarded() || duplicate || !json.is_object()) return std::nullopt;
  return json;
}

// Reads the claims it is asked for and remembers whether all were there and of
// the right type.
class ClaimReader {
 public:
  explicit ClaimReader(const Json& claims) : claims_(claims) {}

  bool ok() const { return ok_; }

  std::string Text(const char* name) {
    const Json* value = Find(name);
    if (value != nullptr && value->is_string()) return value->get<std::string>();
    ok_ = false;
    return {};
  }
  base::Uuid Id(const char* name) {
    const std::optional<base::Uuid> id = base::Uuid::Parse(Text(name));
    if (!id) ok_ = false;
    return id.value_or(base::Uuid());
  }
  int64_t Number(const char* name, int64_t max) {
    const Json* value = Find(name);
    if (value != nullptr && value->is_number_unsigned()) {
      const auto number = value->get<uint64_t>();
      if (number <= static_cast<uint64_t>(max)) return static_cast<int64_t>(number);
    }
    ok_ = false;
    return 0;
  }
  base::Time Moment(const char* name) {
    return base::Time(std::chrono::seconds(Number(name, kMaxSeconds)));
  }
  std::vector<std::string> Texts(const char* name) {
    std::vector<std::string> texts;
    const Json* value = Find(name);
    if (value == nullptr || !value->is_array()) ok_ = false;
    if (!ok_) return texts;
    for (const Json& element : *value) {
      if (!element.is_string()) ok_ = false;
      if (!ok_) return {};
      texts.push_back(element.get<std::string>());
    }
    return texts;
  }
  bool Has(const char* name) const { return claims_.contains(name); }

 private:
  const Json* Find(const char* name) const {
    const auto found = claims_.find(name);
    return found == claims_.end() ? nullptr : &*found;
  }

  const Json& claims_;
  bool ok_ = true;
};

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
      {"iss", options_.issuer},
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
  if (token.size() > kMaxAccessTokenBytes) return Refused("the token is too long");
  const size_t first_dot = token.find('.');
  const size_t last_dot = token.rfind('.');
  if (first_dot == last_dot || token.find('.', first_dot + 1) != last_dot) {
    return Refused("the token does not have three parts");
  }
  const base::Time now = clock_.Now();
  const std::shared_ptr<const SigningKey> key =
      keyring_.FindByHeader(token.substr(0, first_dot), now);
  if (!key) return Refused("the token's header is not that of any key");
  const auto signature = base::Base64UrlDecode(token.substr(last_dot + 1));
  if (!signature || !key->Verify(token.substr(0, last_dot), *signature)) {
    return Refused("the signature is wrong");
  }

  // From here on the token is one we signed; what follows tells ours from those
  // meant for another audience, and live from dead.
  const auto payload = base::Base64UrlDecode(token.substr(first_dot + 1, last_dot - first_dot - 1));
  const std::optional<Json> json = payload ? ParseStrict(*payload) : std::nullopt;
  if (!json) return Refused("the claims are not a JSON object");
  ClaimReader reader(*json);
  const std::string issuer = reader.Text("iss");
  const std::string audience = reader.Text("aud");
  AccessClaims claims{.tenant_id = reader.Id("tid"),
                      .user_id = reader.Id("sub"),
                      .session_id = reader.Id("sid"),
                      .user_epoch = reader.Number("uep", INT64_MAX),
                      .roles = reader.Texts("roles"),
                      .amr = reader.Texts("amr"),
                      .auth_time = reader.Moment("auth_time"),
                      .token_id = reader.Id("jti"),
                      .issued_at = reader.Moment("iat"),
                      .expires_at = reader.Moment("exp")};
  base::Time not_before = claims.issued_at;
  if (reader.Has("nbf")) not_before = std::max(not_before, reader.Moment("nbf"));
  if (!reader.ok()) return Refused("a claim is missing or of the wrong type");
  if (issuer != options_.issuer) return Refused("another issuer");
  if (audience != options_.audience) return Refused("another audience");
  if (claims.tenant_id != key->tenant_id()) return Refused("the key is of another tenant");
  // No leeway here: the client has the same time and refreshes before it.
  if (claims.expires_at <= now) return Refused("the token has expired");
  if (not_before > now + options_.leeway) return Refused("the token is not valid yet");
  return claims;
}

}  // namespace gatehouse::auth
