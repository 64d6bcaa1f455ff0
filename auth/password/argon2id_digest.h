#ifndef GATEHOUSE_AUTH_PASSWORD_ARGON2ID_DIGEST_H_
#define GATEHOUSE_AUTH_PASSWORD_ARGON2ID_DIGEST_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "auth/password/argon2id.h"
#include "auth/password/argon2id_arena.h"

namespace gatehouse::auth {

// Computes the digest of `password`: `digest_length` bytes. Blocks for as long as `params`
// ask, on this thread whatever the number of lanes. nullopt when out of memory.
//
// By libsodium, which is three times as fast as libargon2 on current CPUs, where it
// knows the parameters: one lane and a salt of 16 bytes, as all our own hashes have.
// By libargon2 otherwise.
std::optional<std::string> Argon2idDigest(const Argon2idParams& params, std::string_view password,
                                          std::string_view salt, size_t digest_length,
                                          Argon2idArena& arena);

// The same of Argon2i, which only imported hashes are of. By libargon2.
std::optional<std::string> Argon2iDigest(const Argon2idParams& params, std::string_view password,
                                         std::string_view salt, size_t digest_length,
                                         Argon2idArena& arena);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_PASSWORD_ARGON2ID_DIGEST_H_
