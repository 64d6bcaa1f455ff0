#ifndef GATEHOUSE_STORAGE_USER_EXPORT_USER_EXPORT_STORE_H_
#define GATEHOUSE_STORAGE_USER_EXPORT_USER_EXPORT_STORE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/uuid.h"
#include "storage/one_time_token/one_time_token.h"
#include "storage/thread/thread.h"
#include "storage/user_export/user_export.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// What is held about one user that the stores of its areas do not list: also of one who is deleted.
// Stateless; outlived by the database; methods on the loop of their context.
class UserExportStore {
 public:
  explicit UserExportStore(postgres::Database& database) : database_(database) {}

  // At most `limit`, by name, behind the one of that name.
  base::Task<absl::StatusOr<std::vector<UserThread>>> ListThreads(base::CallContext ctx,
                                                                  base::Uuid tenant_id,
                                                                  base::Uuid user_id,
                                                                  std::string after, int64_t limit);

  // At most `limit`, in order, from an index on; their contents take so many bytes at most, but for
  // the last one. Without keys and ids.
  base::Task<absl::StatusOr<std::vector<ThreadMessage>>> ListMessages(
      base::CallContext ctx, base::Uuid tenant_id, base::Uuid thread_uid, int64_t from_index,
      int64_t limit, int64_t max_bytes);

  // Those not used yet, without their hashes.
  base::Task<absl::StatusOr<std::vector<OneTimeToken>>> ListTokens(base::CallContext ctx,
                                                                   base::Uuid tenant_id,
                                                                   base::Uuid user_id);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_USER_EXPORT_USER_EXPORT_STORE_H_
