#ifndef GATEHOUSE_AUTH_PASSWORD_ARGON2ID_H_
#define GATEHOUSE_AUTH_PASSWORD_ARGON2ID_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::auth {

// The costs of Argon2id, RFC 9106. Defaults: OWASP's first choice for servers.
struct Argon2idParams {
  uint32_t memory_kib = 19 * 1024;
  uint32_t passes = 2;
  uint32_t lanes = 1;

  friend bool operator==(const Argon2idParams&, const Argon2idParams&) = default;
};

// What a stored hash may cost to verify. Hashes can be imported, so these are
// limits against a hash made to exhaust the server.
inline constexpr Argon2idParams kMaxArgon2idParams = {
    .memory_kib = 1024 * 1024, .passes = 10, .lanes = 16};

// A hash in the PHC string format:
// $argon2id$v=19$m=19456,t=2,p=1$<salt>$<digest>, base 64 without padding.
struct Argon2idHash {
  Argon2idParams params;
  std::string salt;
  std::string digest;
};

// nullopt unless it is an Argon2id version 19 string within the limits.
std::optional<Argon2idHash> ParseArgon2idHash(std::string_view phc);
// The same of what follows "$argon2id$v=19$", which strings of Argon2i have as well.
std::optional<Argon2idHash> ParseArgon2Fields(std::string_view fields);
std::string FormatArgon2idHash(const Argon2idHash& hash);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_PASSWORD_ARGON2ID_H_
