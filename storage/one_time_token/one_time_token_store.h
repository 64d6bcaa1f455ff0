#ifndef GATEHOUSE_STORAGE_ONE_TIME_TOKEN_ONE_TIME_TOKEN_STORE_H_
#define GATEHOUSE_STORAGE_ONE_TIME_TOKEN_ONE_TIME_TOKEN_STORE_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/change.h"
#include "storage/one_time_token/one_time_token.h"
#include "storage/user/user.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// One-time tokens: each user has at most one for each purpose. They are used up by the changes
// that they permit (one_time_token_use.h).
// Stateless; any thread that may use the database. Outlived by the database.
class OneTimeTokenStore {
 public:
  explicit OneTimeTokenStore(postgres::Database& database) : database_(database) {}

  // In the place of the user's last one of that purpose. It is bound to `user` as it was read:
  // ABORTED, CONFLICT if it was deleted, disabled or given another role, password or address
  // since, or if the last one was made after `replaces_until`.
  base::Task<absl::Status> Put(base::CallContext context, OneTimeToken token, User user,
                               Change change, base::Time replaces_until = base::Time::max());

  // The token if it could be used at `now`; nullopt else.
  base::Task<absl::StatusOr<std::optional<OneTimeToken>>> Find(base::CallContext context,
                                                               OneTimeTokenKey key, base::Time now);

  // When the user's token of that purpose was made; nullopt if there is none, used up or purged.
  base::Task<absl::StatusOr<std::optional<base::Time>>> LastMade(base::CallContext context,
                                                                 base::Uuid tenant_id,
                                                                 base::Uuid user_id,
                                                                 OneTimePurpose purpose);

  // Deletes at most `limit` that expired before `now`; returns how many.
  base::Task<absl::StatusOr<int64_t>> Purge(base::CallContext context, base::Uuid tenant_id,
                                            base::Time now, int64_t limit);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_ONE_TIME_TOKEN_ONE_TIME_TOKEN_STORE_H_
