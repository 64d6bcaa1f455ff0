#include "storage/alert/alert_destination_store.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/status.h"
#include "storage/alert/queries/alert_queries.h"
#include "storage/mail/mail_batch.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/batch.h"
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

std::string ToJson(const std::vector<QuietHours>& all) {
  nlohmann::json array = nlohmann::json::array();
  for (const QuietHours& hours : all) {
    array.push_back(
        {{"days", hours.days}, {"start", hours.start.count()}, {"end", hours.end.count()}});
  }
  return array.dump();
}

std::vector<QuietHours> FromJson(const std::string& text) {
  std::vector<QuietHours> all;
  for (const nlohmann::json& hours : nlohmann::json::parse(text)) {
    all.push_back({.days = hours.at("days").get<std::vector<int32_t>>(),
                   .start = std::chrono::minutes(hours.at("start").get<int64_t>()),
                   .end = std::chrono::minutes(hours.at("end").get<int64_t>())});
  }
  return all;
}

std::vector<int32_t> ToNumbers(const std::vector<AlertKind>& kinds) {
  std::vector<int32_t> numbers;
  for (const AlertKind kind : kinds) numbers.push_back(static_cast<int32_t>(kind));
  return numbers;
}

AlertDestination DecodeDestination(const Uuid& tenant_id, RowView row) {
  AlertDestination destination{.tenant_id = tenant_id,
                               .id = row.Get<Uuid>(0),
                               .display_name = row.Get<std::string>(1),
                               .addresses = row.Get<std::vector<std::string>>(2),
                               .tells_resolved = row.Get<bool>(4),
                               .locale = row.Get<std::string>(5),
                               .time_zone = row.Get<std::string>(6),
                               .silence = std::chrono::milliseconds(row.Get<int64_t>(7)),
                               .quiet_hours = FromJson(row.Get<Jsonb>(8).value),
                               .wakes_critical = row.Get<bool>(9),
                               .create_time = row.Get<Time>(10),
                               .update_time = row.Get<Time>(11),
                               .version = row.Get<int64_t>(12)};
  for (const int32_t kind : row.Get<std::vector<int32_t>>(3)) {
    destination.kinds.push_back(static_cast<AlertKind>(kind));
  }
  return destination;
}

Task<absl::Status> RunBatch(postgres::Database& database, CallContext ctx, Batch batch) {
  co_return (co_await database.Run(std::move(ctx), std::move(batch))).status();
}

}  // namespace

Task<absl::Status> AlertDestinationStore::Create(CallContext ctx, AlertDestination destination,
                                                 Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kInsertDestination,
            Params::Of(destination.tenant_id, destination.id, destination.display_name,
                       destination.addresses, ToNumbers(destination.kinds),
                       destination.tells_resolved, destination.locale, destination.time_zone,
                       int64_t{destination.silence.count()}, Jsonb{ToJson(destination.quiet_hours)},
                       destination.wakes_critical, destination.create_time, kMaxOfTenant));
  return RunBatch(database_, std::move(ctx), std::move(batch));
}

Task<absl::StatusOr<std::optional<AlertDestination>>> AlertDestinationStore::Get(CallContext ctx,
                                                                                 Uuid tenant_id,
                                                                                 Uuid id) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(ctx), queries::kGetDestination,
                                                  Params::Of(tenant_id, id)));
  co_return rows.DecodeOne([&](RowView row) { return DecodeDestination(tenant_id, row); });
}

Task<absl::StatusOr<std::vector<AlertDestination>>> AlertDestinationStore::List(CallContext ctx,
                                                                                Uuid tenant_id) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(ctx), queries::kListDestinations, Params::Of(tenant_id)));
  co_return rows.Decode([&](RowView row) { return DecodeDestination(tenant_id, row); });
}

Task<absl::Status> AlertDestinationStore::Update(CallContext ctx, AlertDestination destination,
                                                 Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(
      queries::kUpdateDestination,
      Params::Of(destination.tenant_id, destination.id, destination.version,
                 destination.display_name, destination.addresses, ToNumbers(destination.kinds),
                 destination.tells_resolved, destination.locale, destination.time_zone,
                 int64_t{destination.silence.count()}, Jsonb{ToJson(destination.quiet_hours)},
                 destination.wakes_critical, destination.update_time));
  return RunBatch(database_, std::move(ctx), std::move(batch));
}

Task<absl::Status> AlertDestinationStore::Delete(CallContext ctx, AlertDestination destination,
                                                 Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kDeleteDestination,
            Params::Of(destination.tenant_id, destination.id, destination.version));
  batch.Add(queries::kDeleteNotices, Params::Of(destination.tenant_id, destination.id));
  return RunBatch(database_, std::move(ctx), std::move(batch));
}

Task<absl::StatusOr<std::vector<AlertNotice>>> AlertDestinationStore::ListDue(CallContext ctx,
                                                                              Time now,
                                                                              int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(ctx), queries::kListDueNotices, Params::Of(now, limit)));
  co_return rows.Decode([](RowView row) {
    AlertNotice notice{.tenant_id = row.Get<Uuid>(0),
                       .destination_id = row.Get<Uuid>(1),
                       .alert_id = row.Get<Uuid>(2),
                       .due_time = row.Get<Time>(3),
                       .told_time = row.Get<std::optional<Time>>(4),
                       .told_level = row.Get<int32_t>(6),
                       .version = row.Get<int64_t>(7)};
    if (const int32_t state = row.Get<int32_t>(5); state != 0) {
      notice.told_state = static_cast<AlertState>(state);
    }
    return notice;
  });
}

Task<absl::Status> AlertDestinationStore::Told(CallContext ctx, AlertNotice notice,
                                               std::vector<Mail> mails) {
  Batch batch;
  const int32_t state = notice.told_state ? static_cast<int32_t>(*notice.told_state) : 0;
  batch.Add(queries::kTellNotice,
            Params::Of(notice.tenant_id, notice.destination_id, notice.alert_id, notice.version,
                       notice.told_time, state, notice.told_level));
  AppendMails(batch, mails);
  return RunBatch(database_, std::move(ctx), std::move(batch));
}

Task<absl::Status> AlertDestinationStore::Delay(CallContext ctx, AlertNotice notice) {
  Batch batch;
  batch.Add(queries::kDelayNotice, Params::Of(notice.tenant_id, notice.destination_id,
                                              notice.alert_id, notice.version, notice.due_time));
  return RunBatch(database_, std::move(ctx), std::move(batch));
}

}  // namespace gatehouse::storage
