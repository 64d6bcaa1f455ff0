#ifndef GATEHOUSE_BASE_HMAC_KEY_H_
#define GATEHOUSE_BASE_HMAC_KEY_H_

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace gatehouse::base {

using Digest = std::array<uint8_t, 32>;

inline std::string_view AsBytes(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// SHA-256 of the concatenation of `parts`.
Digest Sha256Of(std::initializer_list<std::string_view> parts);

// An HMAC-SHA-256 key prepared once for many messages. A MAC of a short message
// then costs two compressions of SHA-256 instead of four and no look-up of the
// algorithm, which is most of the cost of libcrypto's one-shot call: where one
// event takes dozens of MACs that is the difference between 5 us and 60.
// Immutable, copyable, thread-safe.
class HmacKey {
 public:
  explicit HmacKey(std::string_view key);

  // The MAC of the concatenation of `parts`.
  Digest Mac(std::initializer_list<std::string_view> parts) const;

 private:
  using Midstate = std::array<uint32_t, 8>;

  // SHA-256 after the block of the padded key, inner and outer.
  Midstate inner_;
  Midstate outer_;
};

// HKDF-SHA-256 (RFC 5869, empty salt) of one secret for many purposes: 32
// bytes for each `info`.
class HkdfKey {
 public:
  explicit HkdfKey(std::string_view secret);

  Digest Derive(std::string_view info) const;

 private:
  HmacKey pseudorandom_key_;
};

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_HMAC_KEY_H_
