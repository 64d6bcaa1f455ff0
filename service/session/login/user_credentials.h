#ifndef GATEHOUSE_SERVICE_SESSION_LOGIN_USER_CREDENTIALS_H_
#define GATEHOUSE_SERVICE_SESSION_LOGIN_USER_CREDENTIALS_H_

#include "storage/user/user.h"

namespace gatehouse::service {

// What a login that needs no password has to know of a user.
inline storage::UserCredentials CredentialsOf(const storage::User& user) {
  return {.tenant_id = user.tenant_id,
          .id = user.id,
          .username = user.username,
          .role = user.role,
          .may_log_in = user.state == storage::UserState::kActive && !user.delete_time,
          .epoch = user.epoch,
          .has_second_factor = user.second_factor_time.has_value()};
}

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SESSION_LOGIN_USER_CREDENTIALS_H_
