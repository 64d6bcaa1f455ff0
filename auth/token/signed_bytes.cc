#include "auth/token/signed_bytes.h"

#include "base/hash.h"
#include "base/text/encoding.h"

namespace gatehouse::auth {
namespace {

constexpr size_t kIdBytes = 16;
constexpr size_t kInt64Bytes = 8;
// 128 bits: forging one takes as long as guessing a key.
constexpr size_t kMacBytes = 16;

}  // namespace

SignedBytes::SignedBytes(const TokenPeppers& peppers, Format format)
    : keys_(peppers.current),
      accepted_keys_(peppers.accepted.empty() ? std::nullopt
                                              : std::optional<base::HkdfKey>(peppers.accepted)),
      format_(format) {}

std::string SignedBytes::Mac(const base::HkdfKey& keys, std::string_view body) const {
  const std::string info =
      std::string(format_.purpose).append(body.substr(format_.subject_at, kIdBytes));
  const base::HmacKey key(base::AsBytes(keys.Derive(info)));
  return std::string(base::AsBytes(key.Mac({body})).substr(0, kMacBytes));
}

std::string SignedBytes::Encode(std::string_view body) const {
  return std::string(format_.scheme) + base::Base64UrlEncode(std::string(body) + Mac(keys_, body));
}

std::optional<std::string> SignedBytes::Decode(std::string_view token) const {
  const size_t chars = format_.scheme.size() + ((format_.body_bytes + kMacBytes) * 8 + 5) / 6;
  if (token.size() != chars || !token.starts_with(format_.scheme)) return std::nullopt;
  std::optional<std::string> bytes = base::Base64UrlDecode(token.substr(format_.scheme.size()));
  if (!bytes) return std::nullopt;
  const std::string mac = bytes->substr(format_.body_bytes);
  bytes->resize(format_.body_bytes);
  if (base::ConstantTimeEquals(Mac(keys_, *bytes), mac)) return bytes;
  if (accepted_keys_ && base::ConstantTimeEquals(Mac(*accepted_keys_, *bytes), mac)) return bytes;
  return std::nullopt;
}

void AppendInt64(int64_t value, std::string& body) {
  for (int shift = 56; shift >= 0; shift -= 8) body.push_back(static_cast<char>(value >> shift));
}

int64_t ReadInt64(std::string_view body, size_t at) {
  uint64_t value = 0;
  for (const char c : body.substr(at, kInt64Bytes)) value = value << 8 | static_cast<uint8_t>(c);
  return static_cast<int64_t>(value);
}

}  // namespace gatehouse::auth
