#ifndef GATEHOUSE_STORAGE_ROLE_ROLE_STORE_H_
#define GATEHOUSE_STORAGE_ROLE_ROLE_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/uuid.h"
#include "storage/change.h"
#include "storage/role/role.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// The tenants' own roles, in the database. As UserStore in everything else.
class RoleStore {
 public:
  explicit RoleStore(postgres::Database& database) : database_(database) {}

  // nullopt if there is none, and for the built-in ones.
  base::Task<absl::StatusOr<std::optional<Role>>> Get(base::CallContext context,
                                                      base::Uuid tenant_id, std::string name);

  // At most `limit`, by name, from behind `after` on.
  base::Task<absl::StatusOr<std::vector<Role>>> List(base::CallContext context,
                                                     base::Uuid tenant_id, std::string after,
                                                     int32_t limit);

  // ABORTED, CONFLICT if there is one of that name; RESOURCE_EXHAUSTED, LIMIT_REACHED beyond
  // kMaxRoles; FAILED_PRECONDITION, CONSTRAINT_VIOLATED for a built-in name.
  base::Task<absl::Status> Create(base::CallContext context, Role role, Change change);

  // Replaces the permissions and raises the version. ABORTED, ETAG_MISMATCH if it is no longer
  // `role.version`, or the role was deleted.
  base::Task<absl::Status> Update(base::CallContext context, Role role, Change change);

  // ABORTED, ETAG_MISMATCH if the version is no longer `role.version`; FAILED_PRECONDITION,
  // ROLE_IN_USE if a user has it who is not deleted.
  base::Task<absl::Status> Delete(base::CallContext context, Role role, Change change);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_ROLE_ROLE_STORE_H_
