#ifndef GATEHOUSE_STORAGE_TENANT_TENANT_STORE_H_
#define GATEHOUSE_STORAGE_TENANT_TENANT_STORE_H_

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
#include "storage/tenant/tenant.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// The directory of tenants, in the database. As UserStore in everything else.
class TenantStore {
 public:
  explicit TenantStore(postgres::Database& database) : database_(database) {}

  // nullopt if there is none.
  base::Task<absl::StatusOr<std::optional<Tenant>>> Get(base::CallContext context, base::Uuid id);
  base::Task<absl::StatusOr<std::optional<Tenant>>> GetByName(base::CallContext context,
                                                              std::string name);

  struct Page {
    std::vector<Tenant> tenants;
    // Fewer than `limit`, and than there are, because of `max_bytes`.
    bool cut = false;
  };
  // At most `limit`, by name, from behind `after` on; of labels and host names at most `max_bytes`,
  // but for the last one.
  base::Task<absl::StatusOr<Page>> List(base::CallContext context, std::string after, int64_t limit,
                                        int64_t max_bytes);

  // All of it or nothing. ALREADY_EXISTS, TENANT_TAKEN if another tenant has the name or one of the
  // host names; RESOURCE_EXHAUSTED, LIMIT_REACHED beyond kMaxTenants.
  base::Task<absl::Status> Create(base::CallContext context, NewTenant made, Change change);

  // Writes every field that can be changed and raises the version. ABORTED, ETAG_MISMATCH if it is
  // no longer `tenant.version`; TENANT_TAKEN as in Create.
  base::Task<absl::Status> Update(base::CallContext context, Tenant tenant, Change change);

  // TENANT_TAKEN, as Create or Update of this one would say.
  base::Task<absl::Status> RequireFree(base::CallContext context, Tenant tenant);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_TENANT_TENANT_STORE_H_
