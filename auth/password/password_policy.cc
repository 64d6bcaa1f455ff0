#include "auth/password/password_policy.h"

#include <utility>
#include <vector>

#include "base/status.h"
#include "base/text/unicode.h"

namespace gatehouse::auth {
namespace {

// Shorter names are parts of too many words to forbid.
constexpr size_t kMinSimilarChars = 4;

// `password_key` is caseless, `name` as it is.
bool Contains(std::string_view password_key, std::string_view name) {
  const std::optional<std::string> key = base::CaselessKey(name);
  return key && base::CountCodePoints(*key) >= kMinSimilarChars &&
         password_key.find(*key) != std::string_view::npos;
}

}  // namespace

std::optional<std::string> NormalizePassword(std::string_view password) {
  if (password.size() > kMaxPasswordBytes) return std::nullopt;
  return base::NormalizeNfc(password);
}

absl::StatusOr<std::string> CheckNewPassword(std::string_view field, std::string_view password,
                                             const PasswordOwner& owner) {
  std::vector<std::string> broken;
  if (password.size() < kMinPasswordBytes) broken.push_back("must have at least 8 bytes");
  if (password.size() > kMaxPasswordBytes) broken.push_back("must have at most 1024 bytes");
  std::optional<std::string> normal = NormalizePassword(password);
  if (normal) {
    const std::string key = base::CaselessKey(*normal).value_or("");
    if (Contains(key, owner.username)) broken.push_back("must not contain the username");
    if (Contains(key, owner.email.substr(0, owner.email.find('@')))) {
      broken.push_back("must not contain the name in the email address");
    }
  } else if (password.size() <= kMaxPasswordBytes) {
    broken.push_back("must be UTF-8 without NUL");
  }
  if (broken.empty()) return *std::move(normal);

  base::ErrorDetails details{.reason = base::Reason::kPasswordPolicy,
                             .metadata = {{"field", std::string(field)}}};
  for (std::string& rule : broken) {
    details.violations.push_back({.field = std::string(field), .description = std::move(rule)});
  }
  const std::string message = std::string(field) + ": " + details.violations[0].description;
  return base::MakeError(absl::StatusCode::kInvalidArgument, message, std::move(details));
}

}  // namespace gatehouse::auth
