#ifndef GATEHOUSE_AUTH_TOKEN_SIGNED_BYTES_H_
#define GATEHOUSE_AUTH_TOKEN_SIGNED_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/token/token_peppers.h"
#include "base/hmac_key.h"

namespace gatehouse::auth {

// Tokens of fixed length that say something and that only we can make: a scheme that tells what
// it is, and base64url of a body and its HMAC-SHA-256, truncated to 16 bytes, under
// HKDF(server secret, purpose and the body's subject).
//
// Immutable, thread-safe.
class SignedBytes {
 public:
  struct Format {
    // "gh_rt_"
    std::string_view scheme;
    // Separates its keys from those of other tokens.
    std::string_view purpose;
    size_t body_bytes = 0;
    // Where in the body the 16 bytes of the id stand that has a key of its own.
    size_t subject_at = 0;
  };

  // Other peppers make every token invalid.
  SignedBytes(const TokenPeppers& peppers, Format format);

  // Under the first pepper. `body` has as many bytes as the format says.
  std::string Encode(std::string_view body) const;
  // The body; nullopt for anything Encode did not make under either pepper.
  std::optional<std::string> Decode(std::string_view token) const;

 private:
  std::string Mac(const base::HkdfKey& keys, std::string_view body) const;

  const base::HkdfKey keys_;
  // Those of the second pepper.
  const std::optional<base::HkdfKey> accepted_keys_;
  const Format format_;
};

// Numbers in bodies: eight bytes, big-endian.
void AppendInt64(int64_t value, std::string& body);
int64_t ReadInt64(std::string_view body, size_t at);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_TOKEN_SIGNED_BYTES_H_
