#ifndef GATEHOUSE_AUTH_PASSWORD_PASSWORD_POLICY_H_
#define GATEHOUSE_AUTH_PASSWORD_PASSWORD_POLICY_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace gatehouse::auth {

inline constexpr size_t kMinPasswordBytes = 8;
// Longer ones are refused, never truncated; Argon2 itself has no limit that matters.
inline constexpr size_t kMaxPasswordBytes = 1024;

// Whose password it is going to be.
struct PasswordOwner {
  std::string_view username;
  std::string_view email;
};

// Checks a password that is about to be set and returns the form to hash.
// INVALID_ARGUMENT with the reason PASSWORD_POLICY and one violation of `field`
// per rule broken. The message never holds any part of the password.
absl::StatusOr<std::string> CheckNewPassword(std::string_view field, std::string_view password,
                                             const PasswordOwner& owner);

// The form of a password that is hashed and verified: Unicode form NFC, so that
// one password typed on two keyboards is one. nullopt if it cannot be any
// user's: too long or not UTF-8. No rule but these is applied to logins, since a
// stored password may be older than a rule.
std::optional<std::string> NormalizePassword(std::string_view password);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_PASSWORD_PASSWORD_POLICY_H_
