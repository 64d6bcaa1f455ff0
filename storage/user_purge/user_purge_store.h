#ifndef GATEHOUSE_STORAGE_USER_PURGE_USER_PURGE_STORE_H_
#define GATEHOUSE_STORAGE_USER_PURGE_USER_PURGE_STORE_H_

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
#include "storage/user/user.h"
#include "storage/user_purge/user_purge.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// Users whose time is over, and what is left of them: first the account goes, then, by turns, what
// there may be much of. As UserStore in everything else.
class UserPurgeStore {
 public:
  explicit UserPurgeStore(postgres::Database& database) : database_(database) {}

  // Removes the account of a deleted user with `keys`, the API keys that end with it, and enters
  // the user with what is left of it; `erase`: the log is to forget it. ABORTED, ETAG_MISMATCH if
  // it was changed meanwhile, or is not deleted, or others than these end with it at `now`.
  base::Task<absl::Status> PurgeAccount(base::CallContext ctx, User user,
                                        std::vector<base::Uuid> keys, bool erase, base::Time now,
                                        Change change);
  // Ends some of those keys before that, of too many for one transaction. ETAG_MISMATCH as above,
  // also if one of them has ended.
  base::Task<absl::Status> EndKeys(base::CallContext ctx, User user, std::vector<base::Uuid> keys,
                                   base::Time now, Change change);

  // The log is to forget a user whose account is gone. NOT_FOUND, USER_NOT_FOUND if it does not
  // know that id.
  base::Task<absl::Status> QueueErasure(base::CallContext ctx, base::Uuid tenant_id,
                                        base::Uuid user_id, base::Time now, Change change);
  // Whether QueueErasure would find it.
  base::Task<absl::StatusOr<bool>> IsKnown(base::CallContext ctx, base::Uuid tenant_id,
                                           base::Uuid user_id);

  // At most `limit` that are due at `now`, in their order, behind `after`.
  base::Task<absl::StatusOr<std::vector<UserPurge>>> ListDue(base::CallContext ctx,
                                                             base::Uuid tenant_id, base::Time now,
                                                             UserPurge after, int64_t limit);

  // Deletes at most `limit` sessions of a user; how many.
  base::Task<absl::StatusOr<int64_t>> DeleteSessions(base::CallContext ctx, base::Uuid tenant_id,
                                                     base::Uuid user_id, int64_t limit);

  // At most `limit` events that name a user, by index, of other types than these.
  base::Task<absl::StatusOr<std::vector<SecretEvent>>> ListEvents(base::CallContext ctx,
                                                                  base::Uuid tenant_id,
                                                                  base::Uuid user_id,
                                                                  std::vector<std::string> except,
                                                                  int64_t limit);
  // Takes a user out of events, at least one, and counts them. ABORTED, CONFLICT, and nothing is
  // written, if somebody else was taken out of one meanwhile.
  base::Task<absl::Status> EraseEvents(base::CallContext ctx, base::Uuid tenant_id,
                                       base::Uuid user_id, std::vector<EventErasure> erasures);

  // Takes a user off the list. `change`: what is on record of that, of one that was to be
  // forgotten. ABORTED, CONFLICT if something is left of it, or another server was first.
  base::Task<absl::Status> Finish(base::CallContext ctx, base::Uuid tenant_id, UserPurge purge,
                                  std::optional<Change> change);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_USER_PURGE_USER_PURGE_STORE_H_
