#ifndef GATEHOUSE_STORAGE_ONE_TIME_TOKEN_ONE_TIME_TOKEN_H_
#define GATEHOUSE_STORAGE_ONE_TIME_TOKEN_ONE_TIME_TOKEN_H_

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::storage {

// What a token may be used for. Column one_time_token.purpose.
enum class OneTimePurpose : int16_t {
  // Another password. A caller made it who is trusted to.
  kPasswordReset = 1,
  kEmailVerification = 2,
  // A login without a password.
  kMagicLink = 3,
  // The first password of a user who was invited.
  kInvitation = 4,
  // As kPasswordReset, but anybody may have asked for it: a purpose of its own, so that it takes
  // the place of no token that a trusted caller made.
  kRequestedReset = 5,
};

// What a token is found by.
struct OneTimeTokenKey {
  base::Uuid tenant_id;
  base::Uuid user_id;
  OneTimePurpose purpose = OneTimePurpose::kPasswordReset;
  // Of the token, which is kept nowhere.
  std::string hash;

  friend bool operator==(const OneTimeTokenKey&, const OneTimeTokenKey&) = default;
};

// A token that somebody was given, and what it is bound to.
struct OneTimeToken {
  OneTimeTokenKey key;
  // The address that it proves: kEmailVerification.
  std::optional<std::string> email;
  std::optional<std::string> email_key;
  base::Time create_time;
  base::Time expire_time;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_ONE_TIME_TOKEN_ONE_TIME_TOKEN_H_
