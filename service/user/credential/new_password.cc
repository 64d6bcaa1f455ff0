// What is asked of every new password, whoever sets it.

#include <utility>

#include "auth/password/breached/breached_passwords.h"
#include "base/status.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"

namespace gatehouse::service {

UserService::Result<std::string> UserService::CheckNewPassword(base::CallContext ctx,
                                                               storage::User user,
                                                               std::string field,
                                                               std::string password) {
  GH_CO_ASSIGN_OR_RETURN(std::string checked, CheckPasswordOf(user, field, password));
  if (deps_.breached != nullptr) {
    GH_CO_RETURN_IF_ERROR(co_await deps_.breached->Refuse(ctx, std::move(field), checked));
  }
  co_return checked;
}

}  // namespace gatehouse::service
