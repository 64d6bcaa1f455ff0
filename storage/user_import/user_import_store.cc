#include "storage/user_import/user_import_store.h"

#include <string_view>
#include <utility>

#include "base/reason.h"
#include "base/status.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/batch.h"
#include "storage/postgres/client/database.h"
#include "storage/postgres/client/sqlstate.h"
#include "storage/role/queries/role_queries.h"
#include "storage/role/role.h"
#include "storage/user_import/queries/user_import_queries.h"

namespace gatehouse::storage {
namespace {

using base::CallContext;
using base::Task;
using base::Time;
using base::Uuid;
using postgres::Batch;
using postgres::Jsonb;
using postgres::Params;
using postgres::Rows;
using postgres::RowView;
namespace queries = user_import::queries;

// One array per column. Text is the users' own until the parameters are made.
struct UserColumns {
  explicit UserColumns(const std::vector<NewUser>& users) {
    for (const NewUser& one : users) Add(one);
  }

  void Add(const NewUser& one) {
    const User& user = one.user;
    ids.push_back(user.id);
    usernames.push_back(user.username);
    username_keys.push_back(user.username_key);
    emails.push_back(user.email);
    email_keys.push_back(user.email_key);
    first_names.push_back(user.first_name);
    last_names.push_back(user.last_name);
    bios.push_back(user.bio);
    avatar_urls.push_back(user.avatar_url);
    timezones.push_back(user.timezone);
    locales.push_back(user.locale);
    metadata.push_back({user.metadata_json});
    roles.push_back(user.role);
    states.push_back(static_cast<int32_t>(user.state));
    password_hashes.push_back(one.password_hash);
    email_verified_times.push_back(user.email_verified_time);
    last_login_times.push_back(user.last_login_time);
    create_times.push_back(user.create_time);
  }

  std::vector<Uuid> ids;
  std::vector<std::string_view> usernames, username_keys, first_names, last_names, bios,
      avatar_urls, timezones, locales, roles;
  std::vector<std::optional<std::string>> emails, email_keys, password_hashes;
  std::vector<Jsonb> metadata;
  std::vector<int32_t> states;
  std::vector<std::optional<Time>> email_verified_times, last_login_times;
  std::vector<Time> create_times;
};

void AppendRequireRoles(Batch& batch, const Uuid& tenant_id, const std::vector<NewUser>& users) {
  std::set<std::string> roles;
  for (const NewUser& one : users) {
    if (!IsBuiltInRole(one.user.role)) roles.insert(one.user.role);
  }
  for (const std::string& name : roles) {
    batch.Add(role::queries::kRequire, Params::Of(tenant_id, name));
  }
}

// As UserStore does for one user.
void AppendCheckIdentifiers(Batch& batch, const Uuid& tenant_id,
                            const std::vector<NewUser>& users) {
  std::vector<std::string> usernames;
  std::vector<std::string> emails;
  for (const NewUser& one : users) {
    // Only a username with an '@' can be an email address as well.
    if (one.user.username_key.find('@') != std::string::npos) {
      usernames.push_back(one.user.username_key);
    }
    if (one.user.email_key) emails.push_back(*one.user.email_key);
  }
  if (usernames.empty() && emails.empty()) return;
  batch.Add(queries::kLockNames, Params::Of(tenant_id));
  batch.Add(queries::kRequireFree, Params::Of(tenant_id, usernames, emails));
}

absl::Status Conflict() {
  return base::MakeError(absl::StatusCode::kAborted, "a name or an id of the batch is taken",
                         {.reason = base::Reason::kConflict});
}

}  // namespace

Task<absl::StatusOr<std::optional<int64_t>>> UserImportStore::Find(CallContext ctx, Uuid tenant_id,
                                                                   std::string key) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, queries::kFind, Params::Of(tenant_id, key)));
  co_return rows.DecodeOne([](RowView row) { return row.Get<int64_t>(0); });
}

Task<absl::StatusOr<TakenIdentifiers>> UserImportStore::FindTaken(CallContext ctx, Uuid tenant_id,
                                                                  std::vector<std::string> keys,
                                                                  std::vector<Uuid> ids) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(ctx, queries::kFindTaken, Params::Of(tenant_id, keys, ids)));
  TakenIdentifiers taken;
  GH_CO_RETURN_IF_ERROR(rows.Decode([&taken](RowView row) {
                              if (row.IsNull(0)) {
                                taken.ids.insert(row.Get<Uuid>(1));
                              } else {
                                taken.keys.insert(row.Get<std::string>(0));
                              }
                              return true;
                            })
                            .status());
  co_return taken;
}

Task<absl::Status> UserImportStore::Create(CallContext ctx, Uuid tenant_id,
                                           std::vector<NewUser> users,
                                           std::optional<ImportStep> step, Time now,
                                           std::optional<Change> change) {
  Batch batch;
  if (change) postgres::AppendChange(batch, *change);
  // Before the users: of two batches of one import at a time the second waits here.
  if (step) {
    batch.Add(queries::kAdvance,
              Params::Of(tenant_id, step->key, step->from_row, step->to_row, now));
  }
  if (!users.empty()) {
    AppendRequireRoles(batch, tenant_id, users);
    AppendCheckIdentifiers(batch, tenant_id, users);
    const UserColumns all(users);
    batch.Add(
        queries::kInsert,
        Params::Of(tenant_id, all.ids, all.usernames, all.username_keys, all.emails, all.email_keys,
                   all.first_names, all.last_names, all.bios, all.avatar_urls, all.timezones,
                   all.locales, all.metadata, all.roles, all.states, all.password_hashes,
                   all.email_verified_times, all.last_login_times, all.create_times, now));
  }
  const absl::Status created = (co_await database_.Run(ctx, std::move(batch))).status();
  for (const std::string_view index :
       {"user_account_username", "user_account_email", "user_account_pkey"}) {
    if (postgres::IsUniqueViolation(created, index)) co_return Conflict();
  }
  co_return created;
}

Task<absl::StatusOr<int64_t>> UserImportStore::Purge(CallContext ctx, Uuid tenant_id, Time before,
                                                     int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(ctx, queries::kPurge, Params::Of(tenant_id, before, limit)));
  co_return rows.affected_rows();
}

}  // namespace gatehouse::storage
