// auth.password_history: nobody chooses a password again that they have had lately.

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "auth/password/password_hasher.h"
#include "base/reason.h"
#include "base/status.h"
#include "service/user/user_service.h"

namespace gatehouse::service {

base::Task<absl::Status> UserService::RefuseLastPasswords(base::CallContext ctx, storage::User user,
                                                          std::string field, std::string password,
                                                          std::optional<std::string> but) {
  const int64_t history = static_cast<int64_t>(deps_.password_history);
  if (history == 0) co_return absl::OkStatus();
  GH_CO_ASSIGN_OR_RETURN(
      const std::vector<std::string> hashes,
      co_await deps_.users.LastPasswords(ctx, user.tenant_id, user.id, deps_.password_history));
  // One after the other: a call has one place in the queue of the hasher, as a login does, and its
  // deadline and the length of the queue are looked at before each.
  for (const std::string& hash : hashes) {
    if (hash == but) continue;
    GH_CO_ASSIGN_OR_RETURN(const bool same,
                           co_await deps_.hasher.VerifyOrDummy(ctx, hash, password));
    if (same) {
      co_return base::InvalidField(
          field, absl::StrCat("must not be one of the last ", history, " passwords"),
          base::Reason::kPasswordPolicy);
    }
  }
  co_return absl::OkStatus();
}

}  // namespace gatehouse::service
