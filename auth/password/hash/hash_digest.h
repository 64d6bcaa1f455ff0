#ifndef GATEHOUSE_AUTH_PASSWORD_HASH_HASH_DIGEST_H_
#define GATEHOUSE_AUTH_PASSWORD_HASH_HASH_DIGEST_H_

#include <optional>
#include <string>
#include <string_view>

#include "auth/password/argon2id_arena.h"
#include "auth/password/hash/password_hash.h"

namespace gatehouse::auth {

// The digest of `password` under the salt and the costs of `hash`, in the form of its digest.
// Blocks for as long as they ask. nullopt when out of memory.
//
// Argon2 by libsodium and libargon2, in `arena`; bcrypt and SHA-crypt by libxcrypt; scrypt and
// PBKDF2 by OpenSSL. `password` has no NUL: NormalizePassword takes none. Of bcrypt its first 72
// bytes count, as they did where the hash was made. Of SHA-crypt one of more than 511 bytes, which
// libxcrypt takes none of, has a digest that no hash has.
std::optional<std::string> ComputeDigest(const PasswordHash& hash, const std::string& password,
                                         Argon2idArena& arena);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_PASSWORD_HASH_HASH_DIGEST_H_
