#include "service/session/login/login_credentials.h"

namespace gatehouse::service {

storage::UserCredentials LoginCredentialsOf(const storage::User& user) {
  return {.tenant_id = user.tenant_id,
          .id = user.id,
          .username = user.username,
          .role = user.role,
          .may_log_in = user.state == storage::UserState::kActive && !user.delete_time,
          .epoch = user.epoch,
          .has_second_factor = user.second_factor_time.has_value()};
}

}  // namespace gatehouse::service
