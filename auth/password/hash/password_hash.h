#ifndef GATEHOUSE_AUTH_PASSWORD_HASH_PASSWORD_HASH_H_
#define GATEHOUSE_AUTH_PASSWORD_HASH_PASSWORD_HASH_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "auth/password/argon2id.h"

namespace gatehouse::auth {

// The kinds of password hashes there are: our own, Argon2id, and those that users bring along from
// where they were before. docs/importing.md lists how each is written.
enum class HashKind : uint8_t {
  kArgon2id,
  kArgon2i,
  kBcrypt,
  kScrypt,
  kPbkdf2Sha1,
  kPbkdf2Sha256,
  kPbkdf2Sha512,
  kSha256Crypt,
  kSha512Crypt,
};

// "argon2id", "bcrypt", ...: for events and messages.
std::string_view HashKindName(HashKind kind);

// What it takes to verify a hash.
struct HashCost {
  HashKind kind = HashKind::kArgon2id;
  // Argon2: passes. bcrypt: the binary logarithm of its rounds; scrypt: that of N. The others:
  // rounds.
  uint32_t rounds = 0;
  // Argon2 and scrypt.
  uint32_t memory_kib = 0;
  // Argon2 and scrypt: lanes. PBKDF2: blocks of the digest, each of which takes all rounds.
  uint32_t lanes = 1;
  // scrypt: its r.
  uint32_t block_size = 0;

  friend bool operator==(const HashCost&, const HashCost&) = default;
};

HashCost CostOf(const Argon2idParams& params);

// Limits on what a hash may cost to verify, besides kMaxArgon2idParams: none of them is beyond what
// is in use, and each is some seconds of one core at most. Who could store more would have a way to
// keep the server busy by logging in.
inline constexpr size_t kMaxPasswordHashBytes = 512;
inline constexpr uint32_t kMaxBcryptRounds = 15;
inline constexpr uint32_t kMaxScryptMemoryKib = 256 * 1024;
inline constexpr uint32_t kMaxScryptLanes = 16;
inline constexpr uint32_t kMaxScryptBlockSize = 64;
// Memory times lanes.
inline constexpr uint32_t kMaxScryptWorkKib = 1024 * 1024;
// Of all blocks of the digest together.
inline constexpr uint32_t kMaxPbkdf2Rounds = 2'500'000;
inline constexpr uint32_t kMinShaCryptRounds = 1'000;
inline constexpr uint32_t kMaxShaCryptRounds = 1'000'000;

// A hash, taken apart.
struct PasswordHash {
  HashCost cost;
  // Bytes; of bcrypt and SHA-crypt the text before the digest, which crypt(3) is given.
  std::string salt;
  // Bytes; of bcrypt and SHA-crypt their text.
  std::string digest;
};

// The one place that knows what hashes look like. INVALID_ARGUMENT, PASSWORD_HASH_UNSUPPORTED about
// `field` for a kind that there is not, for what is malformed, and beyond the limits: the message
// says which, and never shows the hash.
absl::StatusOr<PasswordHash> ParsePasswordHash(std::string_view text,
                                               std::string_view field = "password_hash");

// A hash that no password is known for and that takes as long to verify as one of `cost`.
PasswordHash RandomPasswordHash(const HashCost& cost);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_PASSWORD_HASH_PASSWORD_HASH_H_
