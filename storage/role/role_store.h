#ifndef GATEHOUSE_STORAGE_ROLE_ROLE_STORE_H_
#define GATEHOUSE_STORAGE_ROLE_ROLE_STORE_H_

#include <optional>
#include <string>

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

  // Creates the role if `role.version` is 0, or replaces the permissions of the
  // one that has this version; raises the version. create_time is that of the
  // first. ABORTED, CONFLICT if somebody else created or changed it meanwhile;
  // FAILED_PRECONDITION, CONSTRAINT_VIOLATED for a built-in name.
  base::Task<absl::Status> Upsert(base::CallContext context, Role role, Change change);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_ROLE_ROLE_STORE_H_
