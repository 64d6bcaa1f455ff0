#include "storage/role/role_store.h"

#include <utility>

#include "base/status.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/batch.h"
#include "storage/postgres/client/database.h"
#include "storage/role/queries/role_queries.h"

namespace gatehouse::storage {

using postgres::Batch;
using postgres::Params;
using postgres::Rows;
using postgres::RowView;
namespace queries = role::queries;

base::Task<absl::StatusOr<std::optional<Role>>> RoleStore::Get(base::CallContext context,
                                                               base::Uuid tenant_id,
                                                               std::string name) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(context), queries::kGet, Params::Of(tenant_id, name)));
  co_return rows.DecodeOne([&tenant_id](RowView row) {
    return Role{.tenant_id = tenant_id,
                .name = row.Get<std::string>(0),
                .permissions = row.Get<std::vector<std::string>>(1),
                .create_time = row.Get<base::Time>(2),
                .update_time = row.Get<base::Time>(3),
                .version = row.Get<int64_t>(4)};
  });
}

base::Task<absl::Status> RoleStore::Upsert(base::CallContext context, Role role, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kUpsert, Params::Of(role.tenant_id, role.name, role.permissions,
                                         role.create_time, role.update_time, role.version));
  const auto results = co_await database_.Run(std::move(context), std::move(batch));
  co_return results.status();
}

}  // namespace gatehouse::storage
