#ifndef GATEHOUSE_SERVICE_SESSION_LOGIN_PASSWORD_COSTS_H_
#define GATEHOUSE_SERVICE_SESSION_LOGIN_PASSWORD_COSTS_H_

#include "absl/status/status.h"
#include "auth/password/password_hasher.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "storage/user/user_store.h"

namespace gatehouse::service {

// Tells `hasher` what the passwords that are stored cost to verify, so that a login of nobody's
// takes as long as one of most accounts: before the first call, since the costs in the settings
// may have been changed, and again now and then, since users are imported and log in. Looks at a
// sample. Both outlive the call.
base::Task<absl::Status> LearnPasswordCosts(storage::UserStore* users, auth::PasswordHasher* hasher,
                                            base::CallContext ctx);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SESSION_LOGIN_PASSWORD_COSTS_H_
