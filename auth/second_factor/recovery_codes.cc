#include "auth/second_factor/recovery_codes.h"

#include <cstdint>

#include "base/hash.h"

namespace gatehouse::auth {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr size_t kHalf = 5;
constexpr size_t kKeyBytes = 32;

std::string NewCode() {
  std::string code;
  for (const char c : base::RandomBytes(2 * kHalf)) {
    // 32 letters: every byte has one, each as likely.
    code.push_back(kAlphabet[static_cast<uint8_t>(c) % kAlphabet.size()]);
  }
  return code.insert(kHalf, "-");
}

std::string Normal(std::string_view typed) {
  std::string normal;
  for (char c : typed) {
    if (c == '-' || c == ' ') continue;
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == 'o') c = '0';
    if (c == 'i' || c == 'l') c = '1';
    normal.push_back(c);
  }
  return normal;
}

}  // namespace

RecoveryCodes::RecoveryCodes(std::string_view secret)
    : key_(base::HkdfSha256(secret, "gatehouse recovery codes v1", kKeyBytes)) {}

RecoveryCodes::Made RecoveryCodes::Make(const base::Uuid& user_id) const {
  Made made;
  for (int i = 0; i < kCodes; ++i) {
    made.codes.push_back(NewCode());
    made.hashes.push_back(Hash(user_id, made.codes.back()));
  }
  return made;
}

std::string RecoveryCodes::Hash(const base::Uuid& user_id, std::string_view typed) const {
  return std::string(base::AsBytes(key_.Mac({user_id.bytes(), Normal(typed)})));
}

}  // namespace gatehouse::auth
