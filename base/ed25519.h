#ifndef GATEHOUSE_BASE_ED25519_H_
#define GATEHOUSE_BASE_ED25519_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace gatehouse::base {

// Ed25519, RFC 8032, over OpenSSL's libcrypto. Byte strings in, byte strings out. Thread-safe. A
// private key is its seed, 32 random bytes; another length ends the process.

inline constexpr size_t kEd25519KeyBytes = 32;

// The public key of a seed: 32 bytes.
std::string Ed25519PublicKey(std::string_view seed);

// The signature: 64 bytes, always the same for the same message.
std::string Ed25519Sign(std::string_view seed, std::string_view message);

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_ED25519_H_
