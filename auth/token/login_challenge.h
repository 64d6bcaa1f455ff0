#ifndef GATEHOUSE_AUTH_TOKEN_LOGIN_CHALLENGE_H_
#define GATEHOUSE_AUTH_TOKEN_LOGIN_CHALLENGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/token/signed_bytes.h"
#include "auth/token/token_peppers.h"
#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::auth {

// A login whose password was right and that needs a second factor.
struct LoginChallenge {
  base::Uuid tenant_id;
  base::Uuid user_id;
  // As it was when the password was verified: what ends the user's tokens ends this as well.
  int64_t user_epoch = 0;
  base::Time expire_time;

  friend bool operator==(const LoginChallenge&, const LoginChallenge&) = default;
};

// Makes and reads challenges: gh_lc_ + base64url(version, tenant, user, epoch, expire time in
// microseconds, MAC). Kept nowhere: what a challenge permits is to try a code, and codes are good
// once.
//
// Immutable, thread-safe.
class LoginChallengeCodec {
 public:
  explicit LoginChallengeCodec(const TokenPeppers& peppers);

  std::string Encode(const LoginChallenge& challenge) const;
  // nullopt for anything Encode did not make. Whether it has expired is the caller's to see.
  std::optional<LoginChallenge> Decode(std::string_view token) const;

 private:
  const SignedBytes bytes_;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_TOKEN_LOGIN_CHALLENGE_H_
