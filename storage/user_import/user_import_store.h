#ifndef GATEHOUSE_STORAGE_USER_IMPORT_USER_IMPORT_STORE_H_
#define GATEHOUSE_STORAGE_USER_IMPORT_USER_IMPORT_STORE_H_

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
#include "storage/user_import/user_import.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// Many users at a time, and how far their import has got. As UserStore in everything else.
class UserImportStore {
 public:
  explicit UserImportStore(postgres::Database& database) : database_(database) {}

  // The first row that is not done; nullopt if there is no such import.
  base::Task<absl::StatusOr<std::optional<int64_t>>> Find(base::CallContext ctx,
                                                          base::Uuid tenant_id, std::string key);

  // Of these caseless keys and ids.
  base::Task<absl::StatusOr<TakenIdentifiers>> FindTaken(base::CallContext ctx,
                                                         base::Uuid tenant_id,
                                                         std::vector<std::string> keys,
                                                         std::vector<base::Uuid> ids);

  // Creates the users, whose events `change` has: none where there are none. `step`: moves the
  // import with them. ABORTED, CONFLICT, and nothing is written, if a name or an id is somebody's
  // already, which FindTaken tells, or the import does not stand where the step begins.
  // NOT_FOUND, ROLE_NOT_FOUND.
  base::Task<absl::Status> Create(base::CallContext ctx, base::Uuid tenant_id,
                                  std::vector<NewUser> users, std::optional<ImportStep> step,
                                  base::Time now, std::optional<Change> change);

  // Forgets imports whose last batch came before `before`, at most `limit`; how many.
  base::Task<absl::StatusOr<int64_t>> Purge(base::CallContext ctx, base::Uuid tenant_id,
                                            base::Time before, int64_t limit);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_USER_IMPORT_USER_IMPORT_STORE_H_
