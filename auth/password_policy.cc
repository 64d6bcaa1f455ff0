#include "auth/password_policy.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/status.h"

namespace gatehouse::auth {
namespace {

// Shorter names are parts of too many words to forbid.
constexpr int32_t kMinSimilarChars = 4;

bool IsAscii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

std::string Nfc(std::string_view text) {
  if (IsAscii(text)) return std::string(text);
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(error);
  std::string normal;
  icu::StringByteSink<std::string> sink(&normal);
  if (U_SUCCESS(error)) {
    nfc->normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<int32_t>(text.size())), sink,
                       nullptr, error);
  }
  // The data is compiled into ICU; without it the text as it came is still one
  // password, if typed the same way.
  return U_SUCCESS(error) ? normal : std::string(text);
}

icu::UnicodeString Fold(std::string_view text) {
  icu::UnicodeString folded = icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
  return folded.foldCase();
}

bool Contains(const icu::UnicodeString& password, std::string_view name) {
  const icu::UnicodeString folded = Fold(Nfc(name));
  return folded.countChar32() >= kMinSimilarChars && password.indexOf(folded) >= 0;
}

}  // namespace

std::optional<std::string> NormalizePassword(std::string_view password) {
  if (password.size() > kMaxPasswordBytes || !base::IsValidUtf8(password)) return std::nullopt;
  return Nfc(password);
}

absl::StatusOr<std::string> CheckNewPassword(std::string_view field, std::string_view password,
                                             const PasswordOwner& owner) {
  std::vector<std::string> broken;
  if (password.size() < kMinPasswordBytes) broken.push_back("must have at least 8 bytes");
  if (password.size() > kMaxPasswordBytes) broken.push_back("must have at most 1024 bytes");
  std::optional<std::string> normal = NormalizePassword(password);
  if (normal) {
    const icu::UnicodeString folded = Fold(*normal);
    if (Contains(folded, owner.username)) broken.push_back("must not contain the username");
    if (Contains(folded, owner.email.substr(0, owner.email.find('@')))) {
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
