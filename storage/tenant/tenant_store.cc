#include "storage/tenant/tenant_store.h"

#include <string>
#include <utility>
#include <vector>

#include "base/reason.h"
#include "base/status.h"
#include "base/time.h"
#include "storage/one_time_token/one_time_token_use.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/batch.h"
#include "storage/postgres/client/database.h"
#include "storage/signing_key/queries/signing_key_queries.h"
#include "storage/tenant/queries/tenant_queries.h"
#include "storage/user/queries/user_queries.h"

namespace gatehouse::storage {

using postgres::Batch;
using postgres::Bytes;
using postgres::Jsonb;
using postgres::Params;
using postgres::Rows;
using postgres::RowView;
namespace queries = tenant::queries;

namespace {

absl::Status TooManyTenants() {
  return base::MakeError(absl::StatusCode::kResourceExhausted,
                         "the installation has " + std::to_string(kMaxTenants) + " tenants already",
                         {.reason = base::Reason::kLimitReached, .quota = "tenants"});
}

// The column after those of DecodeTenant.
constexpr int kTenantColumns = 10;

// Of columns.sql.part.
Tenant DecodeTenant(RowView row) {
  // Braces evaluate in order: one column after the other.
  int column = 0;
  return {.id = row.Get<base::Uuid>(column++),
          .name = row.Get<std::string>(column++),
          .display_name = row.Get<std::string>(column++),
          .host_names = row.Get<std::vector<std::string>>(column++),
          .state = static_cast<TenantState>(row.Get<int32_t>(column++)),
          .moved_to = row.Get<std::string>(column++),
          .labels_json = row.Get<Jsonb>(column++).value,
          .create_time = row.Get<base::Time>(column++),
          .update_time = row.Get<base::Time>(column++),
          .version = row.Get<int64_t>(column++)};
}

void AppendKey(Batch& batch, const SigningKeyRow& key) {
  batch.Add(signing_key::queries::kInsert,
            Params::Of(key.tenant_id, key.key_id, key.algorithm, Bytes{key.public_key},
                       Bytes{key.private_key}, key.create_time, key.active_from));
}

// Nobody else is there yet whose names it could take.
void AppendAdmin(Batch& batch, const NewTenant::Admin& admin) {
  const User& user = admin.user;
  const std::optional<base::Time> password_change_time =
      admin.password_hash ? std::optional(user.create_time) : std::nullopt;
  batch.Add(user::queries::kInsert,
            Params::Of(user.tenant_id, user.id, user.username, user.username_key, user.email,
                       user.email_key, user.first_name, user.last_name, user.bio, user.avatar_url,
                       user.timezone, user.locale, Jsonb{user.metadata_json}, user.role,
                       static_cast<int32_t>(user.state), admin.password_hash, password_change_time,
                       user.epoch, user.create_time, user.update_time, user.version));
  if (admin.token) AppendPutOneTimeToken(batch, *admin.token, user);
}

}  // namespace

base::Task<absl::StatusOr<std::optional<Tenant>>> TenantStore::Get(base::CallContext context,
                                                                   base::Uuid id) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows, co_await database_.Query(std::move(context), queries::kGet, Params::Of(id)));
  co_return rows.DecodeOne(DecodeTenant);
}

base::Task<absl::StatusOr<std::optional<Tenant>>> TenantStore::GetByName(base::CallContext context,
                                                                         std::string name) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(context), queries::kGetByName, Params::Of(name)));
  co_return rows.DecodeOne(DecodeTenant);
}

base::Task<absl::StatusOr<TenantStore::Page>> TenantStore::List(base::CallContext context,
                                                                std::string after, int64_t limit,
                                                                int64_t max_bytes) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(context), queries::kList,
                                                  Params::Of(after, limit, max_bytes)));
  Page page;
  int64_t found = 0;
  GH_CO_ASSIGN_OR_RETURN(page.tenants, rows.Decode([&](RowView row) {
    found = row.Get<int64_t>(kTenantColumns);
    return DecodeTenant(row);
  }));
  page.cut = found > static_cast<int64_t>(page.tenants.size());
  co_return page;
}

base::Task<absl::Status> TenantStore::Create(base::CallContext context, NewTenant made,
                                             Change change) {
  const Tenant& tenant = made.tenant;
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kRequireRoom, Params::Of(kMaxTenants));
  batch.Add(queries::kInsert, Params::Of(tenant.id, tenant.name, tenant.display_name,
                                         static_cast<int32_t>(tenant.state), tenant.moved_to,
                                         Jsonb{tenant.labels_json}, tenant.create_time,
                                         tenant.update_time, tenant.version));
  if (!tenant.host_names.empty()) {
    batch.Add(queries::kAddHosts, Params::Of(tenant.id, tenant.host_names));
  }
  AppendKey(batch, made.key);
  if (made.admin) AppendAdmin(batch, *made.admin);
  const absl::Status created =
      (co_await database_.Run(std::move(context), std::move(batch))).status();
  if (base::HasReason(created, base::Reason::kLimitReached)) co_return TooManyTenants();
  co_return created;
}

base::Task<absl::Status> TenantStore::Update(base::CallContext context, Tenant tenant,
                                             Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kUpdate, Params::Of(tenant.id, tenant.version, tenant.display_name,
                                         static_cast<int32_t>(tenant.state), tenant.moved_to,
                                         Jsonb{tenant.labels_json}, tenant.update_time));
  batch.Add(queries::kRemoveHosts, Params::Of(tenant.id, tenant.host_names));
  batch.Add(queries::kAddHosts, Params::Of(tenant.id, tenant.host_names));
  co_return (co_await database_.Run(std::move(context), std::move(batch))).status();
}

base::Task<absl::Status> TenantStore::RequireFree(base::CallContext context, Tenant tenant) {
  co_return (co_await database_.Query(std::move(context), queries::kRequireFree,
                                      Params::Of(tenant.id, tenant.name, tenant.host_names)))
      .status();
}

}  // namespace gatehouse::storage
