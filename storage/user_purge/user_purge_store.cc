#include "storage/user_purge/user_purge_store.h"

#include <utility>

#include "base/status.h"
#include "storage/api_key/queries/api_key_queries.h"
#include "storage/event_log/event_row.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/batch.h"
#include "storage/postgres/client/database.h"
#include "storage/user_purge/queries/user_purge_queries.h"

namespace gatehouse::storage {
namespace {

using base::CallContext;
using base::Task;
using base::Time;
using base::Uuid;
using postgres::Batch;
using postgres::Bytes;
using postgres::Params;
using postgres::Rows;
using postgres::RowView;
namespace queries = user_purge::queries;

// The column of list_events.sql behind those of an event.
constexpr int kSecretColumn = 18;

UserPurge DecodePurge(RowView row) {
  return {.user_id = row.Get<Uuid>(0),
          .due_time = row.Get<Time>(1),
          .erase = row.Get<bool>(2),
          .erased_events = row.Get<int64_t>(3),
          .has_account = row.Get<bool>(4)};
}

// "{1,3}": arrays of arrays go over the wire as text.
std::string ArrayText(const std::vector<int32_t>& numbers) {
  std::string text = "{";
  for (const int32_t number : numbers) {
    if (text.size() > 1) text += ',';
    text += std::to_string(number);
  }
  return text + "}";
}

// One array per column.
struct ErasureColumns {
  explicit ErasureColumns(const std::vector<EventErasure>& erasures) {
    for (const EventErasure& one : erasures) {
      ids.push_back(one.event_id);
      places.push_back(one.index);
      targets.push_back(ArrayText(one.targets));
      persons.push_back(one.person);
      origins.push_back(one.origin);
      details.push_back(one.details);
      formers.push_back({one.former});
      secrets.push_back({one.secret});
    }
  }

  std::vector<Uuid> ids;
  std::vector<int64_t> places;
  std::vector<std::string> targets;
  std::vector<bool> persons, origins, details;
  std::vector<Bytes> formers, secrets;
};

}  // namespace

Task<absl::Status> UserPurgeStore::PurgeAccount(CallContext ctx, User user, std::vector<Uuid> keys,
                                                bool erase, Time now, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kPurgeAccount,
            Params::Of(user.tenant_id, user.id, user.version, now, erase, keys));
  co_return (co_await database_.Run(ctx, std::move(batch))).status();
}

Task<absl::Status> UserPurgeStore::EndKeys(CallContext ctx, User user, std::vector<Uuid> keys,
                                           Time now, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kRequireDeleted, Params::Of(user.tenant_id, user.id, user.version));
  batch.Add(api_key::queries::kRevokeMany, Params::Of(user.tenant_id, keys, now));
  co_return (co_await database_.Run(ctx, std::move(batch))).status();
}

Task<absl::Status> UserPurgeStore::QueueErasure(CallContext ctx, Uuid tenant_id, Uuid user_id,
                                                Time now, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kQueueErasure, Params::Of(tenant_id, user_id, now));
  co_return (co_await database_.Run(ctx, std::move(batch))).status();
}

Task<absl::StatusOr<bool>> UserPurgeStore::IsKnown(CallContext ctx, Uuid tenant_id, Uuid user_id) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows, co_await database_.Query(ctx, queries::kIsKnown,
                                                                   Params::Of(tenant_id, user_id)));
  GH_CO_ASSIGN_OR_RETURN(const std::optional<bool> known,
                         rows.DecodeOne([](RowView row) { return row.Get<bool>(0); }));
  co_return known.value_or(false);
}

Task<absl::StatusOr<std::vector<UserPurge>>> UserPurgeStore::ListDue(CallContext ctx,
                                                                     Uuid tenant_id, Time now,
                                                                     UserPurge after,
                                                                     int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(ctx, queries::kListDue,
                               Params::Of(tenant_id, now, after.due_time, after.user_id, limit)));
  co_return rows.Decode(DecodePurge);
}

Task<absl::StatusOr<int64_t>> UserPurgeStore::DeleteSessions(CallContext ctx, Uuid tenant_id,
                                                             Uuid user_id, int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, queries::kDeleteSessions,
                                                  Params::Of(tenant_id, user_id, limit)));
  co_return rows.affected_rows();
}

Task<absl::StatusOr<std::vector<SecretEvent>>> UserPurgeStore::ListEvents(
    CallContext ctx, Uuid tenant_id, Uuid user_id, std::vector<std::string> except, int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(ctx, queries::kListEvents,
                               Params::Of(tenant_id, user_id.ToString(), except, limit)));
  co_return rows.Decode([&tenant_id](RowView row) {
    return SecretEvent{.logged = DecodeLoggedEvent(row, 0, tenant_id),
                       .secret = row.Get<Bytes>(kSecretColumn).value};
  });
}

Task<absl::Status> UserPurgeStore::EraseEvents(CallContext ctx, Uuid tenant_id, Uuid user_id,
                                               std::vector<EventErasure> erasures) {
  const ErasureColumns all(erasures);
  Batch batch;
  batch.Add(queries::kEraseEvents,
            Params::Of(tenant_id, user_id, all.ids, all.places, all.targets, all.persons,
                       all.origins, all.details, all.formers, all.secrets));
  co_return (co_await database_.Run(ctx, std::move(batch))).status();
}

Task<absl::Status> UserPurgeStore::Finish(CallContext ctx, Uuid tenant_id, UserPurge purge,
                                          std::optional<Change> change) {
  Batch batch;
  if (change) postgres::AppendChange(batch, *change);
  batch.Add(queries::kFinish, Params::Of(tenant_id, purge.user_id, purge.erase));
  co_return (co_await database_.Run(ctx, std::move(batch))).status();
}

}  // namespace gatehouse::storage
