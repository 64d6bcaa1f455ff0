#include "storage/user/user_store.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "storage/api_key/queries/api_key_queries.h"
#include "storage/one_time_token/one_time_token_use.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/batch.h"
#include "storage/postgres/client/database.h"
#include "storage/postgres/client/sqlstate.h"
#include "storage/role/queries/role_queries.h"
#include "storage/role/role.h"
#include "storage/session/session.h"
#include "storage/session/session_revocation.h"
#include "storage/user/queries/user_queries.h"
#include "storage/user/user_rows.h"

namespace gatehouse::storage {
namespace {

using postgres::Batch;
using postgres::Jsonb;
using postgres::Params;
using postgres::Rows;
using postgres::RowView;
namespace queries = user::queries;

// Of those who came at one time, most of whom have hashes of one kind, a page has tens.
constexpr int64_t kSampledPages = 32;
constexpr int64_t kMaxSampled = 512;

// Says what is wrong with the user's values: which one is taken, where a unique
// index only says that one is, or that its role is none.
absl::Status Explain(absl::Status status) {
  if (postgres::IsUniqueViolation(status, "user_account_username")) {
    return Taken("the username", base::Reason::kUsernameTaken);
  }
  if (postgres::IsUniqueViolation(status, "user_account_email")) {
    return Taken("the email address", base::Reason::kEmailTaken);
  }
  if (postgres::IsUniqueViolation(status, "user_account_pkey") ||
      base::HasReason(status, base::Reason::kIdTaken)) {
    return Taken("the id", base::Reason::kIdTaken);
  }
  if (base::HasReason(status, base::Reason::kRoleNotFound)) {
    return base::MakeError(absl::StatusCode::kNotFound, "user.role: no such role",
                           {.reason = base::Reason::kRoleNotFound});
  }
  return status;
}

void AppendRequireRole(Batch& batch, const User& user) {
  if (IsBuiltInRole(user.role)) return;
  batch.Add(role::queries::kRequire, Params::Of(user.tenant_id, user.role));
}

void AppendCheckIdentifiers(Batch& batch, const User& user) {
  // Only a username with an '@' can be an email address as well.
  std::vector<std::string> names;
  if (user.username_key.find('@') != std::string::npos) names.push_back(user.username_key);
  if (user.email_key) names.push_back(*user.email_key);
  if (!names.empty()) batch.Add(queries::kLockIdentifiers, Params::Of(user.tenant_id, names));
  batch.Add(queries::kCheckIdentifiers,
            Params::Of(user.tenant_id, user.id, user.username_key, user.email_key));
}

// Before the statement that changes the password.
void AppendRememberPassword(Batch& batch, const base::Uuid& tenant_id, const base::Uuid& id,
                            UserStore::PasswordHistory history, base::Time now) {
  // The one that takes its place is one of them.
  const int64_t former = std::max<int64_t>(static_cast<int64_t>(history) - 1, 0);
  batch.Add(queries::kRememberPassword,
            Params::Of(tenant_id, id, now, base::Uuid::MakeV7(now), former));
}

// The second column of the statement at `index`: require() is the first.
absl::StatusOr<int64_t> EpochOf(const std::vector<Rows>& results, size_t index) {
  GH_ASSIGN_OR_RETURN(const std::optional<int64_t> epoch,
                      results[index].DecodeOne([](RowView row) { return row.Get<int64_t>(1); }));
  if (!epoch) return base::InternalError("a guarded update returned no row");
  return *epoch;
}

base::Task<absl::StatusOr<std::optional<User>>> GetOne(postgres::Database& database,
                                                       base::CallContext context,
                                                       postgres::Query query, Params params,
                                                       base::Uuid tenant_id) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database.Query(std::move(context), query, std::move(params)));
  co_return rows.DecodeOne([&tenant_id](RowView row) { return DecodeUser(tenant_id, row); });
}

}  // namespace

absl::Status Taken(std::string_view what, base::Reason reason) {
  return base::MakeError(absl::StatusCode::kAlreadyExists, std::string(what) + " is taken",
                         {.reason = reason});
}

base::Task<absl::Status> UserStore::Create(base::CallContext context, User user,
                                           std::optional<std::string> password_hash, Change change,
                                           std::optional<OneTimeToken> token) {
  Batch batch;
  postgres::AppendChange(batch, change);
  AppendRequireRole(batch, user);
  AppendCheckIdentifiers(batch, user);
  const std::optional<base::Time> password_change_time =
      password_hash ? std::optional(user.create_time) : std::nullopt;
  batch.Add(queries::kInsert,
            Params::Of(user.tenant_id, user.id, user.username, user.username_key, user.email,
                       user.email_key, user.first_name, user.last_name, user.bio, user.avatar_url,
                       user.timezone, user.locale, Jsonb{user.metadata_json}, user.role,
                       static_cast<int32_t>(user.state), password_hash, password_change_time,
                       user.epoch, user.create_time, user.update_time, user.version));
  if (token) AppendPutOneTimeToken(batch, *token, user);
  const auto results = co_await database_.Run(std::move(context), std::move(batch));
  co_return Explain(results.status());
}

base::Task<absl::StatusOr<std::optional<User>>> UserStore::Get(base::CallContext context,
                                                               base::Uuid tenant_id,
                                                               base::Uuid id) {
  return GetOne(database_, std::move(context), queries::kGet, Params::Of(tenant_id, id), tenant_id);
}

base::Task<absl::StatusOr<std::optional<User>>> UserStore::GetByUsernameKey(
    base::CallContext context, base::Uuid tenant_id, std::string key) {
  return GetOne(database_, std::move(context), queries::kGetByUsername, Params::Of(tenant_id, key),
                tenant_id);
}

base::Task<absl::StatusOr<std::optional<User>>> UserStore::GetByEmailKey(base::CallContext context,
                                                                         base::Uuid tenant_id,
                                                                         std::string key) {
  return GetOne(database_, std::move(context), queries::kGetByEmail, Params::Of(tenant_id, key),
                tenant_id);
}

base::Task<absl::StatusOr<std::vector<User>>> UserStore::BatchGet(base::CallContext context,
                                                                  base::Uuid tenant_id,
                                                                  std::vector<base::Uuid> ids) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(context), queries::kBatchGet, Params::Of(tenant_id, ids)));
  co_return rows.Decode([&tenant_id](RowView row) { return DecodeUser(tenant_id, row); });
}

base::Task<absl::StatusOr<int64_t>> UserStore::Update(base::CallContext context, User user,
                                                      std::optional<std::string> end_sessions,
                                                      Change change,
                                                      std::optional<OneTimeTokenKey> token) {
  Batch batch;
  postgres::AppendChange(batch, change);
  if (token) AppendUseOneTimeToken(batch, *token, user.update_time);
  AppendRequireRole(batch, user);
  AppendCheckIdentifiers(batch, user);
  const size_t update = batch.size();
  batch.Add(queries::kUpdate,
            Params::Of(user.tenant_id, user.id, user.version, user.username, user.username_key,
                       user.email, user.email_key, user.first_name, user.last_name, user.bio,
                       user.avatar_url, user.timezone, user.locale, Jsonb{user.metadata_json},
                       user.role, static_cast<int32_t>(user.state), user.email_verified_time,
                       user.update_time, int64_t{end_sessions ? 1 : 0}));
  if (end_sessions) {
    AppendRevokeUserSessions(batch, user.tenant_id, user.id, std::nullopt, *end_sessions,
                             user.update_time);
  }
  const auto results = co_await database_.Run(std::move(context), std::move(batch));
  if (!results.ok()) co_return Explain(results.status());
  co_return EpochOf(*results, update);
}

base::Task<absl::StatusOr<int64_t>> UserStore::Delete(base::CallContext context, User user,
                                                      Change change, std::optional<MadeKeys> keys) {
  Batch batch;
  postgres::AppendChange(batch, change);
  const size_t update = batch.size();
  batch.Add(queries::kDelete,
            Params::Of(user.tenant_id, user.id, user.version, user.delete_time, user.purge_time));
  AppendRevokeUserSessions(batch, user.tenant_id, user.id, std::nullopt,
                           revoke_reasons::kUserDeleted, *user.delete_time);
  if (keys && keys->end && !keys->ids.empty()) {
    batch.Add(api_key::queries::kRevokeMany,
              Params::Of(user.tenant_id, keys->ids, *user.delete_time));
  }
  if (keys) {
    batch.Add(api_key::queries::kRequireKnown,
              Params::Of(user.tenant_id, user.id, *user.delete_time, keys->ids));
  }
  GH_CO_ASSIGN_OR_RETURN(const std::vector<Rows> results,
                         co_await database_.Run(std::move(context), std::move(batch)));
  co_return EpochOf(results, update);
}

base::Task<absl::Status> UserStore::Undelete(base::CallContext context, User user, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  AppendRequireRole(batch, user);
  AppendCheckIdentifiers(batch, user);
  batch.Add(queries::kUndelete,
            Params::Of(user.tenant_id, user.id, user.version, user.update_time));
  const auto results = co_await database_.Run(std::move(context), std::move(batch));
  co_return Explain(results.status());
}

base::Task<absl::StatusOr<std::vector<std::string>>> UserStore::LastPasswords(
    base::CallContext context, base::Uuid tenant_id, base::Uuid id, PasswordHistory history) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(context), queries::kListLastPasswords,
                               Params::Of(tenant_id, id, static_cast<int64_t>(history))));
  co_return rows.Decode([](RowView row) { return row.Get<std::string>(0); });
}

base::Task<absl::StatusOr<std::vector<std::string>>> UserStore::SamplePasswords(
    base::CallContext context) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(context), queries::kSamplePasswords,
                                                  Params::Of(kSampledPages, kMaxSampled)));
  co_return rows.Decode([](RowView row) { return row.Get<std::string>(0); });
}

base::Task<absl::StatusOr<int64_t>> UserStore::SetPassword(
    base::CallContext context, base::Uuid tenant_id, base::Uuid id, std::string expected_role,
    std::string password_hash, bool keep_sessions, PasswordHistory history, base::Time now,
    Change change, std::optional<OneTimeTokenKey> token) {
  Batch batch;
  postgres::AppendChange(batch, change);
  if (token) AppendUseOneTimeToken(batch, *token, now);
  AppendRememberPassword(batch, tenant_id, id, history, now);
  const size_t update = batch.size();
  batch.Add(queries::kSetPassword, Params::Of(tenant_id, id, password_hash, now,
                                              int64_t{keep_sessions ? 0 : 1}, expected_role));
  if (!keep_sessions) {
    AppendRevokeUserSessions(batch, tenant_id, id, std::nullopt, revoke_reasons::kPasswordChanged,
                             now);
  }
  GH_CO_ASSIGN_OR_RETURN(const std::vector<Rows> results,
                         co_await database_.Run(std::move(context), std::move(batch)));
  co_return EpochOf(results, update);
}

base::Task<absl::StatusOr<std::vector<base::Uuid>>> UserStore::ChangePassword(
    base::CallContext context, base::Uuid tenant_id, base::Uuid id, PasswordExchange exchange,
    base::Time now, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  AppendRememberPassword(batch, tenant_id, id, exchange.history, now);
  batch.Add(queries::kChangePassword, Params::Of(tenant_id, id, exchange.from, exchange.to, now));
  const size_t revocation = batch.size();
  if (exchange.only_session) {
    AppendRevokeUserSessions(batch, tenant_id, id, exchange.only_session,
                             revoke_reasons::kPasswordChanged, now);
  }
  GH_CO_ASSIGN_OR_RETURN(const std::vector<Rows> results,
                         co_await database_.Run(std::move(context), std::move(batch)));
  if (!exchange.only_session) co_return std::vector<base::Uuid>();
  GH_CO_ASSIGN_OR_RETURN(std::optional<std::vector<base::Uuid>> ended,
                         results[revocation].DecodeOne(
                             [](RowView row) { return row.Get<std::vector<base::Uuid>>(1); }));
  co_return ended ? *std::move(ended) : std::vector<base::Uuid>();
}

base::Task<absl::StatusOr<std::optional<UserCredentials>>> UserStore::GetCredentials(
    base::CallContext context, base::Uuid tenant_id, std::string login_key) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(context), queries::kGetCredentials,
                                                  Params::Of(tenant_id, login_key)));
  co_return rows.DecodeOne([&tenant_id](RowView row) {
    return UserCredentials{
        .tenant_id = tenant_id,
        .id = row.Get<base::Uuid>(0),
        .username = row.Get<std::string>(1),
        .role = row.Get<std::string>(2),
        .may_log_in = static_cast<UserState>(row.Get<int32_t>(3)) == UserState::kActive,
        .password_hash = row.Get<std::optional<std::string>>(4),
        .epoch = row.Get<int64_t>(5),
        .has_second_factor = row.Get<bool>(6),
    };
  });
}

}  // namespace gatehouse::storage
