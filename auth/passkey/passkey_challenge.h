#ifndef GATEHOUSE_AUTH_PASSKEY_PASSKEY_CHALLENGE_H_
#define GATEHOUSE_AUTH_PASSKEY_PASSKEY_CHALLENGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/token/signed_bytes.h"
#include "auth/token/token_peppers.h"
#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::auth {

// What an answer to a challenge is good for, and for nothing else.
enum class PasskeyPurpose : uint8_t {
  kRegistration = 1,
  // Of whoever has the passkey.
  kLogin = 2,
  // In the place of a code, after a password.
  kSecondFactor = 3,
  kStepUp = 4,
};

// What an authenticator is to sign.
struct PasskeyChallenge {
  PasskeyPurpose purpose = PasskeyPurpose::kLogin;
  base::Uuid tenant_id;
  // Whose passkey must answer; nil: anybody's.
  base::Uuid user_id;
  // 16 random bytes: by them it is known again when it was used.
  std::string nonce;
  base::Time expire_time;

  friend bool operator==(const PasskeyChallenge&, const PasskeyChallenge&) = default;
};

// Makes and reads challenges: gh_pk_ + base64url(version, purpose, tenant, user, nonce, expire time
// in microseconds, MAC). They come back in the client data that the authenticator signed, so
// nothing is kept of those that nobody answers, however many are asked for.
//
// Immutable, thread-safe.
class PasskeyChallengeCodec {
 public:
  static constexpr size_t kNonceBytes = 16;

  explicit PasskeyChallengeCodec(const TokenPeppers& peppers);

  // `nonce` has kNonceBytes.
  std::string Encode(const PasskeyChallenge& challenge) const;
  // nullopt for anything Encode did not make. Whether it has expired is the caller's to see.
  std::optional<PasskeyChallenge> Decode(std::string_view token) const;

 private:
  const SignedBytes bytes_;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_PASSKEY_PASSKEY_CHALLENGE_H_
