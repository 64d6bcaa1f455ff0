#include "auth/second_factor/recovery_codes.h"

#include <cstdint>

#include "base/hash.h"

namespace gatehouse::auth {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr size_t kHalf = 5;
constexpr size_t kKeyBytes = 32;
constexpr size_t kMacBytes = sizeof(base::Digest);
// Tells two peppers apart, and says nothing about either.
constexpr size_t kMarkBytes = 4;

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

RecoveryCodes::Key::Key(std::string_view pepper)
    : mac(base::HkdfSha256(pepper, "gatehouse recovery codes v1", kKeyBytes)),
      mark(base::HkdfSha256(pepper, "gatehouse recovery codes mark v1", kMarkBytes)) {}

std::string RecoveryCodes::Key::Hash(const base::Uuid& user_id, std::string_view normal) const {
  return std::string(base::AsBytes(mac.Mac({user_id.bytes(), normal})));
}

std::vector<RecoveryCodes::Key> RecoveryCodes::KeysOf(const TokenPeppers& peppers) {
  std::vector<Key> keys{Key(peppers.current)};
  if (!peppers.accepted.empty()) keys.emplace_back(peppers.accepted);
  return keys;
}

RecoveryCodes::RecoveryCodes(const TokenPeppers& peppers) : keys_(KeysOf(peppers)) {}

RecoveryCodes::Made RecoveryCodes::Make(const base::Uuid& user_id) const {
  const Key& key = keys_.front();
  const std::string mark = keys_.size() > 1 ? key.mark : "";
  Made made;
  for (int i = 0; i < kCodes; ++i) {
    made.codes.push_back(NewCode());
    made.hashes.push_back(key.Hash(user_id, Normal(made.codes.back())) + mark);
  }
  return made;
}

std::vector<std::string> RecoveryCodes::Hashes(const base::Uuid& user_id,
                                               std::string_view typed) const {
  const std::string normal = Normal(typed);
  std::vector<std::string> hashes;
  for (const Key& key : keys_) {
    const std::string hash = key.Hash(user_id, normal);
    hashes.push_back(hash);
    hashes.push_back(hash + key.mark);
  }
  return hashes;
}

bool RecoveryCodes::EndsWithAccepted(std::string_view hash) const {
  return hash.size() != kMacBytes + kMarkBytes || !hash.ends_with(keys_.front().mark);
}

}  // namespace gatehouse::auth
