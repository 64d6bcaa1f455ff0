#include "storage/alert/alert_store.h"

#include <array>
#include <string>
#include <utility>

#include "base/status.h"
#include "storage/alert/alert_batch.h"
#include "storage/alert/queries/alert_queries.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/database.h"

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
namespace queries = alert::queries;

// Above every id.
constexpr Uuid kHighestId{std::array<uint8_t, 16>{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

// From the columns from `first` on.
std::optional<AlertActor> DecodeActor(RowView row, int first) {
  const std::optional<Time> time = row.Get<std::optional<Time>>(first);
  if (!time) return std::nullopt;
  return AlertActor{.time = *time,
                    .type = row.Get<std::string>(first + 1),
                    .id = row.Get<std::string>(first + 2)};
}

Alert DecodeAlert(const Uuid& tenant_id, RowView row) {
  return {.key = {.tenant_id = tenant_id,
                  .kind = static_cast<AlertKind>(row.Get<int32_t>(1)),
                  .endpoint_id = row.Get<Uuid>(2)},
          .id = row.Get<Uuid>(0),
          .state = static_cast<AlertState>(row.Get<int32_t>(3)),
          .level = row.Get<int32_t>(4),
          .first_occurred_time = row.Get<Time>(5),
          .last_occurred_time = row.Get<Time>(6),
          .occurrence_count = row.Get<int64_t>(7),
          .details_json = row.Get<Jsonb>(8).value,
          .acknowledged = DecodeActor(row, 9),
          .resolved = DecodeActor(row, 12),
          .resolution = row.Get<std::string>(15),
          .version = row.Get<int64_t>(16)};
}

}  // namespace

Task<absl::StatusOr<std::optional<Alert>>> AlertStore::Get(CallContext ctx, Uuid tenant_id,
                                                           Uuid id) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, queries::kGet, Params::Of(tenant_id, id)));
  co_return rows.DecodeOne([&](RowView row) { return DecodeAlert(tenant_id, row); });
}

Task<absl::StatusOr<std::vector<Alert>>> AlertStore::List(CallContext ctx, Query query) {
  const auto [time, id] = query.before.value_or(std::pair(Time::max(), kHighestId));
  const int32_t state = query.state ? static_cast<int32_t>(*query.state) : 0;
  const int32_t kind = query.kind ? static_cast<int32_t>(*query.kind) : 0;
  Params params =
      Params::Of(query.tenant_id, time, id, state, kind, query.with_server, query.limit);
  const bool unresolved =
      query.unresolved || (query.state && *query.state != AlertState::kResolved);
  postgres::Query statement = unresolved ? queries::kListUnresolved : queries::kList;
  if (!query.endpoint_id.is_nil()) {
    statement = queries::kListOfEndpoint;
    params.Add(query.endpoint_id);
  }
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, statement, std::move(params)));
  co_return rows.Decode([&](RowView row) { return DecodeAlert(query.tenant_id, row); });
}

Task<absl::Status> AlertStore::Acknowledge(CallContext ctx, Alert alert, Change change) {
  const AlertActor& by = *alert.acknowledged;
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kAcknowledge,
            Params::Of(alert.key.tenant_id, alert.id, alert.version, by.time, by.type, by.id));
  co_return (co_await database_.Run(ctx, std::move(batch))).status();
}

Task<absl::Status> AlertStore::Resolve(CallContext ctx, Alert alert, Change change) {
  const AlertActor& by = *alert.resolved;
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kResolve, Params::Of(alert.key.tenant_id, alert.id, alert.version, by.time,
                                          by.type, by.id, alert.resolution));
  batch.Add(queries::kNotice, Params::Of(alert.key.tenant_id, alert.id,
                                         static_cast<int32_t>(alert.key.kind), by.time));
  co_return (co_await database_.Run(ctx, std::move(batch))).status();
}

Task<absl::Status> AlertStore::Signal(CallContext ctx, std::vector<AlertSignal> signals) {
  if (signals.empty()) co_return absl::OkStatus();
  Batch batch;
  AppendAlerts(batch, ctx, std::move(signals));
  co_return (co_await database_.Run(ctx, std::move(batch))).status();
}

}  // namespace gatehouse::storage
