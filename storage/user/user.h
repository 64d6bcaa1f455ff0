#ifndef GATEHOUSE_STORAGE_USER_USER_H_
#define GATEHOUSE_STORAGE_USER_USER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::storage {

// Column user_account.state; values of gatehouse.v1.UserState.
enum class UserState : int16_t { kActive = 1, kDisabled = 2 };

// An account, without its password.
struct User {
  base::Uuid tenant_id;
  base::Uuid id;
  std::string username;
  // base::CaselessKey of the above: what uniqueness is judged by.
  std::string username_key;
  // nullopt: none.
  std::optional<std::string> email;
  std::optional<std::string> email_key;
  std::string first_name;
  std::string last_name;
  std::string bio;
  std::string avatar_url;
  std::string timezone;
  std::string locale;
  // A JSON object as text.
  std::string metadata_json = "{}";
  std::string role;
  UserState state = UserState::kActive;
  std::optional<base::Time> email_verified_time;
  std::optional<base::Time> last_login_time;
  base::Time create_time;
  base::Time update_time;
  // Set while soft-deleted.
  std::optional<base::Time> delete_time;
  std::optional<base::Time> purge_time;
  // Raised with every change a caller can see.
  int64_t version = 1;
  // Raised when every token of the user must die.
  int64_t epoch = 1;
  // When it got a second factor; nullopt: a password is enough to log in.
  std::optional<base::Time> second_factor_time;
};

// What a login needs to know.
struct UserCredentials {
  base::Uuid tenant_id;
  base::Uuid id;
  std::string username;
  std::string role;
  // False while disabled.
  bool may_log_in = false;
  // PHC string; nullopt: no login by password.
  std::optional<std::string> password_hash;
  int64_t epoch = 1;
  // The password alone is not enough.
  bool has_second_factor = false;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_USER_USER_H_
