// What is asked of every new password, whoever sets it.

#include <utility>

#include "auth/password/breached/breached_passwords.h"
#include "base/reason.h"
#include "base/status.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"

namespace gatehouse::service {

UserService::Result<std::string> UserService::CheckNewPassword(base::CallContext ctx,
                                                               storage::User user,
                                                               std::string field,
                                                               std::string password) {
  GH_CO_ASSIGN_OR_RETURN(std::string checked, CheckPasswordOf(user, field, password));
  if (deps_.breached == nullptr) co_return checked;
  GH_CO_ASSIGN_OR_RETURN(const bool known, co_await deps_.breached->Contains(ctx, checked));
  if (known) {
    co_return base::InvalidField(
        field, "is in a list of passwords that were stolen elsewhere: choose another one",
        base::Reason::kPasswordPolicy);
  }
  co_return checked;
}

}  // namespace gatehouse::service
