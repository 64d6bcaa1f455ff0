#ifndef GATEHOUSE_BASE_HASH_H_
#define GATEHOUSE_BASE_HASH_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::base {

// All over OpenSSL's libcrypto. Byte strings in, byte strings out. Thread-safe.

// SHA-256, FIPS 180-4: 32 bytes.
std::string Sha256(std::string_view data);

// HMAC-SHA-256, RFC 2104: 32 bytes.
std::string HmacSha256(std::string_view key, std::string_view data);

// HKDF-SHA-256, RFC 5869, empty salt: `length` bytes bound to `info`.
std::string HkdfSha256(std::string_view key, std::string_view info, size_t length);

// From the operating system's generator. Ends the process if there is none:
// nothing here may go on with guessable keys.
std::string RandomBytes(size_t length);

// Equal, in time that depends on the lengths alone.
bool ConstantTimeEquals(std::string_view a, std::string_view b);

// AES-256-GCM under a 32-byte key: nonce(12) || ciphertext || tag(16).
// `context` is authenticated, not stored: a sealed value moved to another row
// does not open.
std::string Seal(std::string_view key, std::string_view context, std::string_view plaintext);
std::optional<std::string> Open(std::string_view key, std::string_view context,
                                std::string_view sealed);

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_HASH_H_
