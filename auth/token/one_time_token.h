#ifndef GATEHOUSE_AUTH_TOKEN_ONE_TIME_TOKEN_H_
#define GATEHOUSE_AUTH_TOKEN_ONE_TIME_TOKEN_H_

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "auth/token/signed_bytes.h"
#include "auth/token/token_peppers.h"
#include "base/uuid.h"
#include "storage/one_time_token/one_time_token.h"

namespace gatehouse::auth {

// Makes and reads one-time tokens: gh_ot_ + base64url(version, purpose, tenant, user, 16 random
// bytes, HMAC-SHA-256 truncated to 16 bytes under HKDF(server secret, user id)).
//
// What they are kept by is a hash of the whole: random bytes, so a fast one. A forged token, one
// of another purpose and one that was cut off in a mail are refused without a query.
//
// Immutable, thread-safe.
class OneTimeTokenCodec {
 public:
  explicit OneTimeTokenCodec(const TokenPeppers& peppers);

  struct Made {
    std::string token;
    storage::OneTimeTokenKey key;
  };
  // Another one each time.
  Made Make(storage::OneTimePurpose purpose, const base::Uuid& tenant_id,
            const base::Uuid& user_id) const;
  // nullopt for anything that Make did not make for one of these purposes.
  std::optional<storage::OneTimeTokenKey> Read(
      std::initializer_list<storage::OneTimePurpose> purposes, std::string_view token) const;

 private:
  const SignedBytes bytes_;
};

// INVALID_ARGUMENT, ONE_TIME_TOKEN_INVALID, whatever is wrong with one: who guesses learns nothing.
absl::Status OneTimeTokenInvalid();

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_TOKEN_ONE_TIME_TOKEN_H_
