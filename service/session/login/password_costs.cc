#include "service/session/login/password_costs.h"

#include <string>
#include <utility>
#include <vector>

#include "base/status.h"

namespace gatehouse::service {

base::Task<absl::Status> LearnPasswordCosts(storage::UserStore* users, auth::PasswordHasher* hasher,
                                            base::CallContext ctx) {
  GH_CO_ASSIGN_OR_RETURN(const std::vector<std::string> hashes,
                         co_await users->SamplePasswords(std::move(ctx)));
  hasher->ExpectStored(hashes);
  co_return absl::OkStatus();
}

}  // namespace gatehouse::service
