#include "storage/session/session_store.h"

#include <utility>

#include "base/status.h"
#include "storage/one_time_token/one_time_token_use.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/database.h"
#include "storage/second_factor/second_factor_use.h"
#include "storage/session/queries/session_queries.h"
#include "storage/session/session_revocation.h"

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
namespace queries = session::queries;

// The event of a login names each.
constexpr int64_t kMaxCrowding = 100;
// Few enough that a plan goes by the index in a table of any size.
constexpr int64_t kMarkedInATurn = 1'000;

// Of columns.sql.part.
constexpr int kSessionColumns = 19;

Session DecodeSession(const Uuid& tenant_id, RowView row) {
  return {
      .tenant_id = tenant_id,
      .id = row.Get<Uuid>(0),
      .user_id = row.Get<Uuid>(1),
      .generation = row.Get<int64_t>(2),
      .rotate_time = row.Get<Time>(3),
      .label = row.Get<std::string>(4),
      .thread_id = row.Get<std::string>(5),
      .context_json = row.Get<Jsonb>(6).value,
      .ip_address = row.Get<std::string>(7),
      .user_agent = row.Get<std::string>(8),
      .amr = row.Get<std::vector<std::string>>(9),
      .auth_time = row.Get<Time>(10),
      .create_time = row.Get<Time>(11),
      .update_time = row.Get<Time>(12),
      .last_used_time = row.Get<Time>(13),
      .idle_expire_time = row.Get<Time>(14),
      .expire_time = row.Get<Time>(15),
      .revoke_time = row.Get<std::optional<Time>>(16),
      .revoke_reason = row.Get<std::optional<std::string>>(17),
      .version = row.Get<int64_t>(18),
  };
}

// Of a statement whose column 0 is its guard.
TokenGrant DecodeGrant(RowView row) {
  return {.role = row.Get<std::string>(1),
          .user_epoch = row.Get<int64_t>(2),
          .generation = row.Get<int64_t>(3),
          .amr = row.Get<std::vector<std::string>>(4),
          .auth_time = row.Get<Time>(5),
          .idle_expire_time = row.Get<Time>(6),
          .expire_time = row.Get<Time>(7)};
}

// Column 1 of a statement whose column 0 is its guard.
template <typename T>
absl::StatusOr<T> Guarded(const Rows& rows) {
  GH_ASSIGN_OR_RETURN(std::optional<T> value,
                      rows.DecodeOne([](RowView row) { return row.Get<T>(1); }));
  if (!value) return base::InternalError("a guarded statement returned no row");
  return *std::move(value);
}

}  // namespace

Task<absl::Status> SessionStore::Create(CallContext ctx, Session session, int64_t user_epoch,
                                        std::optional<PasswordUpgrade> upgrade, Change change,
                                        SessionRoom room, std::optional<SecondFactorUse> factor,
                                        std::optional<OneTimeTokenKey> token) {
  Batch batch;
  if (token) AppendUseOneTimeToken(batch, *token, session.create_time);
  Params params = Params::Of(
      session.tenant_id, session.id, session.user_id, session.generation, session.label,
      session.thread_id, Jsonb{session.context_json}, session.ip_address, session.user_agent,
      session.amr, session.create_time, session.idle_expire_time, session.expire_time, user_epoch,
      room.others, room.since, room.ended, revoke_reasons::kTooManySessions);
  postgres::AppendChangeInto(params, batch, change);
  batch.Add(queries::kInsert, std::move(params));
  if (factor) AppendUseSecondFactor(batch, session.tenant_id, session.user_id, *factor);
  if (upgrade) {
    batch.Add(queries::kUpgradePasswordHash,
              Params::Of(session.tenant_id, session.user_id, upgrade->from, upgrade->to));
  }
  co_return (co_await database_.Run(ctx, std::move(batch))).status();
}

Task<absl::Status> SessionStore::UpgradePassword(CallContext ctx, Uuid tenant_id, Uuid user_id,
                                                 PasswordUpgrade upgrade, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kUpgradePasswordAlone,
            Params::Of(tenant_id, user_id, upgrade.from, upgrade.to));
  co_return (co_await database_.Run(ctx, std::move(batch))).status();
}

Task<absl::StatusOr<std::vector<Uuid>>> SessionStore::ListCrowding(CallContext ctx, Uuid tenant_id,
                                                                   Uuid user_id, int64_t user_epoch,
                                                                   SessionRoom room, Time now) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows, co_await database_.Query(ctx, queries::kListCrowding,
                                                Params::Of(tenant_id, user_id, room.since, now,
                                                           room.others, kMaxCrowding, user_epoch)));
  co_return rows.Decode([](RowView row) { return row.Get<Uuid>(0); });
}

Task<absl::StatusOr<std::optional<Session>>> SessionStore::Get(CallContext ctx, Uuid tenant_id,
                                                               Uuid id) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, queries::kGet, Params::Of(tenant_id, id)));
  co_return rows.DecodeOne([&](RowView row) { return DecodeSession(tenant_id, row); });
}

Task<absl::StatusOr<std::optional<LiveSessionRow>>> SessionStore::FindLive(CallContext ctx,
                                                                           Uuid tenant_id, Uuid id,
                                                                           Time now) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows, co_await database_.Query(ctx, queries::kFindLive,
                                                                   Params::Of(tenant_id, id, now)));
  co_return rows.DecodeOne([](RowView row) {
    return LiveSessionRow{.user_id = row.Get<Uuid>(0),
                          .username = row.Get<std::string>(1),
                          .role = row.Get<std::string>(2),
                          .role_permissions = row.Get<std::optional<std::vector<std::string>>>(5),
                          .user_epoch = row.Get<int64_t>(3),
                          .expire_time = row.Get<Time>(4)};
  });
}

Task<absl::StatusOr<SessionStore::Page>> SessionStore::List(CallContext ctx, ListQuery query) {
  Params params =
      Params::Of(query.tenant_id, query.before, query.show_ended, query.now, query.limit);
  postgres::Query statement = queries::kList;
  if (query.user_id) {
    statement = queries::kListByUser;
    params.Add(*query.user_id);
    params.Add(query.thread_id);
  } else if (query.thread_id) {
    statement = queries::kListByThread;
    params.Add(*query.thread_id);
  }
  params.Add(query.max_bytes);
  GH_CO_ASSIGN_OR_RETURN(const Rows rows, co_await database_.Query(
                                              ctx, statement, std::move(params), query.freshness));
  Page page;
  int64_t found = 0;
  GH_CO_ASSIGN_OR_RETURN(page.sessions, rows.Decode([&](RowView row) {
    found = row.Get<int64_t>(kSessionColumns);
    return DecodeSession(query.tenant_id, row);
  }));
  page.cut = found > static_cast<int64_t>(page.sessions.size());
  co_return page;
}

Task<absl::Status> SessionStore::Update(CallContext ctx, Session session, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kUpdate,
            Params::Of(session.tenant_id, session.id, session.version, session.label,
                       session.thread_id, Jsonb{session.context_json}, session.update_time));
  co_return (co_await database_.Run(ctx, std::move(batch))).status();
}

Task<absl::StatusOr<TokenGrant>> SessionStore::Rotate(CallContext ctx, Uuid tenant_id, Uuid id,
                                                      int64_t generation, Time now,
                                                      Time idle_expire_time, Change change) {
  Batch batch;
  Params params = Params::Of(tenant_id, id, generation, now, idle_expire_time);
  postgres::AppendChangeInto(params, batch, change);
  batch.Add(queries::kRotate, std::move(params));
  GH_CO_ASSIGN_OR_RETURN(const std::vector<Rows> results,
                         co_await database_.Run(ctx, std::move(batch)));
  GH_CO_ASSIGN_OR_RETURN(const std::vector<TokenGrant> grants, results.back().Decode(DecodeGrant));
  co_return grants.front();
}

Task<absl::StatusOr<TokenGrant>> SessionStore::StepUp(CallContext ctx, Session session,
                                                      std::optional<SecondFactorUse> factor,
                                                      Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  if (factor) AppendUseSecondFactor(batch, session.tenant_id, session.user_id, *factor);
  batch.Add(queries::kStepUp, Params::Of(session.tenant_id, session.id, session.version,
                                         session.amr, session.auth_time));
  GH_CO_ASSIGN_OR_RETURN(const std::vector<Rows> results,
                         co_await database_.Run(ctx, std::move(batch)));
  GH_CO_ASSIGN_OR_RETURN(const std::vector<TokenGrant> grants, results.back().Decode(DecodeGrant));
  co_return grants.front();
}

Task<absl::StatusOr<std::optional<RefreshState>>> SessionStore::FindRefreshState(CallContext ctx,
                                                                                 Uuid tenant_id,
                                                                                 Uuid id,
                                                                                 Time now) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows, co_await database_.Query(ctx, queries::kRefreshState,
                                                                   Params::Of(tenant_id, id, now)));
  co_return rows.DecodeOne([](RowView row) {
    return RefreshState{.rotate_time = row.Get<Time>(1),
                        .live = row.Get<bool>(2),
                        .grant = {.role = row.Get<std::string>(3),
                                  .user_epoch = row.Get<int64_t>(4),
                                  .generation = row.Get<int64_t>(0),
                                  .amr = row.Get<std::vector<std::string>>(5),
                                  .auth_time = row.Get<Time>(6),
                                  .idle_expire_time = row.Get<Time>(7),
                                  .expire_time = row.Get<Time>(8)}};
  });
}

Task<absl::StatusOr<std::optional<Session>>> SessionStore::Revoke(CallContext ctx, Uuid tenant_id,
                                                                  Uuid id, std::string reason,
                                                                  Time now, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  AppendRevokeSession(batch, tenant_id, id, reason, now);
  batch.Add(queries::kGet, Params::Of(tenant_id, id));
  const absl::StatusOr<std::vector<Rows>> results = co_await database_.Run(ctx, std::move(batch));
  if (base::HasReason(results.status(), base::Reason::kSessionNotFound)) co_return std::nullopt;
  GH_CO_RETURN_IF_ERROR(results.status());
  co_return results->back().DecodeOne([&](RowView row) { return DecodeSession(tenant_id, row); });
}

Task<absl::StatusOr<std::optional<SessionStore::Revoked>>> SessionStore::RevokeByUser(
    CallContext ctx, Uuid tenant_id, Uuid user_id, std::optional<Uuid> except, std::string reason,
    Time now, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  // The user first, as logins do: one that has begun is seen by the next statement.
  batch.Add(queries::kRaiseEpoch, Params::Of(tenant_id, user_id, int64_t{except ? 0 : 1}));
  AppendRevokeUserSessions(batch, tenant_id, user_id, except, reason, now, 1);
  const absl::StatusOr<std::vector<Rows>> results = co_await database_.Run(ctx, std::move(batch));
  if (base::HasReason(results.status(), base::Reason::kSessionNotFound)) co_return std::nullopt;
  GH_CO_RETURN_IF_ERROR(results.status());
  Revoked revoked;
  GH_CO_ASSIGN_OR_RETURN(revoked.epoch, Guarded<int64_t>((*results)[results->size() - 2]));
  GH_CO_ASSIGN_OR_RETURN(revoked.session_ids, Guarded<std::vector<Uuid>>(results->back()));
  co_return revoked;
}

Task<absl::StatusOr<int64_t>> SessionStore::CountLiveByUser(CallContext ctx, Uuid tenant_id,
                                                            Uuid user_id,
                                                            std::optional<Uuid> except, Time now) {
  const std::optional<int64_t> limit = except ? std::nullopt : std::optional(kMarkedAtOnce);
  GH_CO_ASSIGN_OR_RETURN(const Rows rows, co_await database_.Query(
                                              ctx, queries::kCountLiveByUser,
                                              Params::Of(tenant_id, user_id, except, now, limit)));
  GH_CO_ASSIGN_OR_RETURN(const std::vector<int64_t> counts,
                         rows.Decode([](RowView row) { return row.Get<int64_t>(0); }));
  co_return counts.front();
}

Task<absl::StatusOr<std::vector<SessionStore::Ended>>> SessionStore::ListEnded(
    CallContext ctx, Uuid tenant_id, std::vector<Uuid> user_ids, Time since) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(ctx), queries::kListEnded,
                                                  Params::Of(tenant_id, user_ids, since)));
  co_return rows.Decode([](RowView row) {
    return Ended{.user_id = row.Get<Uuid>(0),
                 .epoch = row.Get<int64_t>(1),
                 .session_ids = row.Get<std::vector<Uuid>>(2)};
  });
}

Task<absl::StatusOr<bool>> SessionStore::MarkEnded(CallContext ctx, Uuid tenant_id) {
  Batch batch;
  batch.Add(queries::kMarkEnded, Params::Of(tenant_id, kMarkedInATurn));
  GH_CO_ASSIGN_OR_RETURN(const std::vector<Rows> results,
                         co_await database_.Run(ctx, std::move(batch)));
  GH_CO_ASSIGN_OR_RETURN(const std::vector<bool> found,
                         results.back().Decode([](RowView row) { return row.Get<bool>(0); }));
  co_return found.front();
}

}  // namespace gatehouse::storage
