#include "storage/role/role_store.h"

#include <string>
#include <utility>
#include <vector>

#include "base/reason.h"
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

namespace {

absl::Status TooManyRoles() {
  return base::MakeError(absl::StatusCode::kResourceExhausted,
                         "the tenant has " + std::to_string(kMaxRoles) + " roles already",
                         {.reason = base::Reason::kLimitReached, .quota = "roles of a tenant"});
}

// Of columns.sql.part.
Role DecodeRole(const base::Uuid& tenant_id, RowView row) {
  return {.tenant_id = tenant_id,
          .name = row.Get<std::string>(0),
          .permissions = row.Get<std::vector<std::string>>(1),
          .create_time = row.Get<base::Time>(2),
          .update_time = row.Get<base::Time>(3),
          .version = row.Get<int64_t>(4)};
}

}  // namespace

base::Task<absl::StatusOr<std::optional<Role>>> RoleStore::Get(base::CallContext context,
                                                               base::Uuid tenant_id,
                                                               std::string name) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(context), queries::kGet, Params::Of(tenant_id, name)));
  co_return rows.DecodeOne([&tenant_id](RowView row) { return DecodeRole(tenant_id, row); });
}

base::Task<absl::StatusOr<std::vector<Role>>> RoleStore::List(base::CallContext context,
                                                              base::Uuid tenant_id,
                                                              std::string after, int32_t limit) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(context), queries::kList,
                                                  Params::Of(tenant_id, after, int64_t{limit})));
  co_return rows.Decode([&tenant_id](RowView row) { return DecodeRole(tenant_id, row); });
}

base::Task<absl::Status> RoleStore::Create(base::CallContext context, Role role, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kRequireRoom, Params::Of(role.tenant_id, kMaxRoles));
  batch.Add(queries::kInsert, Params::Of(role.tenant_id, role.name, role.permissions,
                                         role.create_time, role.update_time, role.version));
  const absl::Status created =
      (co_await database_.Run(std::move(context), std::move(batch))).status();
  if (base::HasReason(created, base::Reason::kLimitReached)) co_return TooManyRoles();
  co_return created;
}

base::Task<absl::Status> RoleStore::Update(base::CallContext context, Role role, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kUpdate, Params::Of(role.tenant_id, role.name, role.permissions,
                                         role.update_time, role.version));
  co_return (co_await database_.Run(std::move(context), std::move(batch))).status();
}

base::Task<absl::Status> RoleStore::Delete(base::CallContext context, Role role, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kLock, Params::Of(role.tenant_id, role.name, role.version));
  batch.Add(queries::kDelete, Params::Of(role.tenant_id, role.name));
  co_return (co_await database_.Run(std::move(context), std::move(batch))).status();
}

}  // namespace gatehouse::storage
