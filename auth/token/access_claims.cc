#include "auth/token/access_claims.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/status.h"
#include "base/text/encoding.h"

namespace gatehouse::auth {
namespace {

using Json = nlohmann::ordered_json;

// 9999-12-31T23:59:59Z: beyond it microseconds would overflow before long.
constexpr int64_t kMaxSeconds = 253402300799;

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

absl::Status TokenRefused(std::string_view why) {
  return base::MakeError(absl::StatusCode::kUnauthenticated, why,
                         {.reason = base::Reason::kUnauthenticated});
}

absl::StatusOr<SplitToken> SplitAccessToken(std::string_view token) {
  if (token.size() > kMaxAccessTokenBytes) return TokenRefused("the token is too long");
  const size_t first_dot = token.find('.');
  const size_t last_dot = token.rfind('.');
  if (first_dot == last_dot || token.find('.', first_dot + 1) != last_dot) {
    return TokenRefused("the token does not have three parts");
  }
  return SplitToken{.header = token.substr(0, first_dot),
                    .payload = token.substr(first_dot + 1, last_dot - first_dot - 1),
                    .signed_part = token.substr(0, last_dot),
                    .signature = token.substr(last_dot + 1)};
}

absl::StatusOr<AccessClaims> ParseAccessClaims(std::string_view payload) {
  const auto decoded = base::Base64UrlDecode(payload);
  const std::optional<Json> json = decoded ? ParseStrict(*decoded) : std::nullopt;
  if (!json) return TokenRefused("the claims are not a JSON object");
  ClaimReader reader(*json);
  AccessClaims claims{.tenant_id = reader.Id("tid"),
                      .user_id = reader.Id("sub"),
                      .session_id = reader.Id("sid"),
                      .user_epoch = reader.Number("uep", INT64_MAX),
                      .roles = reader.Texts("roles"),
                      .amr = reader.Texts("amr"),
                      .auth_time = reader.Moment("auth_time"),
                      .token_id = reader.Id("jti"),
                      .issued_at = reader.Moment("iat"),
                      .expires_at = reader.Moment("exp"),
                      .issuer = reader.Text("iss"),
                      .audience = reader.Text("aud")};
  claims.not_before = claims.issued_at;
  if (reader.Has("nbf")) claims.not_before = std::max(claims.not_before, reader.Moment("nbf"));
  if (!reader.ok()) return TokenRefused("a claim is missing or of the wrong type");
  return claims;
}

absl::Status CheckAccessClaims(const AccessClaims& claims, const ClaimRules& rules,
                               base::Time now) {
  if (claims.issuer != rules.issuer) return TokenRefused("another issuer");
  if (claims.audience != rules.audience) return TokenRefused("another audience");
  // No leeway here: the client has the same time and refreshes before it.
  if (claims.expires_at <= now) return TokenRefused("the token has expired");
  if (claims.not_before > now + rules.leeway) return TokenRefused("the token is not valid yet");
  return absl::OkStatus();
}

}  // namespace gatehouse::auth
