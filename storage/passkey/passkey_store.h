#ifndef GATEHOUSE_STORAGE_PASSKEY_PASSKEY_STORE_H_
#define GATEHOUSE_STORAGE_PASSKEY_PASSKEY_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/change.h"
#include "storage/passkey/passkey.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// Passkeys of users. Logins use them (passkey_use.h). Immutable; any thread that may use the
// database. Outlived by the database.
class PasskeyStore {
 public:
  // Of one user: enough for every device somebody has, few enough for the options of a login.
  static constexpr int64_t kMaxPerUser = 20;

  explicit PasskeyStore(postgres::Database& database) : database_(database) {}

  // Uses the challenge up as well. RESOURCE_EXHAUSTED, LIMIT_REACHED beyond kMaxPerUser;
  // INVALID_ARGUMENT, PASSKEY_INVALID if the tenant has a passkey with that credential id, or the
  // challenge was answered before; NOT_FOUND, USER_NOT_FOUND if the user was deleted meanwhile.
  base::Task<absl::Status> Add(base::CallContext context, Passkey passkey,
                               PasskeyChallengeUse challenge, Change change);

  // The oldest first.
  base::Task<absl::StatusOr<std::vector<Passkey>>> List(base::CallContext context,
                                                        base::Uuid tenant_id, base::Uuid user_id);

  // nullopt if the tenant has none.
  base::Task<absl::StatusOr<std::optional<Passkey>>> FindByCredential(base::CallContext context,
                                                                      base::Uuid tenant_id,
                                                                      std::string credential_id);

  // NOT_FOUND, PASSKEY_NOT_FOUND.
  base::Task<absl::Status> Rename(base::CallContext context, base::Uuid tenant_id,
                                  base::Uuid user_id, base::Uuid id, std::string display_name,
                                  Change change);
  // NOT_FOUND, PASSKEY_NOT_FOUND; FAILED_PRECONDITION, SECOND_FACTOR_STATE for the last one of a
  // user whose logins ask for one.
  base::Task<absl::Status> Remove(base::CallContext context, base::Uuid tenant_id,
                                  base::Uuid user_id, base::Uuid id, Change change);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_PASSKEY_PASSKEY_STORE_H_
