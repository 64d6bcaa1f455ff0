#include "storage/alert/alert_batch.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "storage/alert/queries/alert_queries.h"
#include "storage/change.h"
#include "storage/event_types.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/batch.h"
#include "storage/postgres/client/params.h"

namespace gatehouse::storage {
namespace {

using base::Uuid;
using postgres::Jsonb;
namespace queries = alert::queries;

// One array per column.
struct SignalColumns {
  std::vector<Uuid> tenant_ids, alert_ids, endpoint_ids, event_ids;
  std::vector<int32_t> kinds, levels;
  std::vector<base::Time> times;
  std::vector<int64_t> occurrences, fences;
  std::vector<Jsonb> details;
  std::vector<bool> over;
  std::vector<std::string> resolutions;

  void Add(const AlertSignal& signal, const Uuid& event_id) {
    tenant_ids.push_back(signal.key.tenant_id);
    alert_ids.push_back(signal.key.Id());
    endpoint_ids.push_back(signal.key.endpoint_id);
    event_ids.push_back(event_id);
    kinds.push_back(static_cast<int32_t>(signal.key.kind));
    levels.push_back(signal.level);
    times.push_back(signal.time);
    occurrences.push_back(signal.occurrences);
    fences.push_back(signal.fence);
    details.push_back({signal.details_json});
    over.push_back(signal.over);
    resolutions.push_back(signal.resolution);
  }
};

Event EventOf(const base::CallContext& ctx, const AlertSignal& signal) {
  return AlertEvent(ctx, signal.time,
                    signal.over ? event_types::kAlertResolved : event_types::kAlertOpened,
                    signal.key, signal.level, signal.details_json, signal.resolution);
}

}  // namespace

void AppendAlerts(postgres::Batch& batch, const base::CallContext& ctx,
                  std::vector<AlertSignal> signals) {
  // In one order, so that two that change the same alerts cannot wait for each other.
  std::ranges::sort(signals, {}, [](const AlertSignal& signal) { return signal.key.Id(); });
  SignalColumns columns;
  std::vector<Event> events;
  for (const AlertSignal& signal : signals) {
    events.push_back(EventOf(ctx, signal));
    columns.Add(signal, events.back().id);
  }
  std::optional<ChangeEvents> written = ChangeEvents::FromList(std::move(events));
  if (!written) return;
  const EventActor& actor = written->first().actor;
  constexpr auto kSilence = std::chrono::duration_cast<std::chrono::milliseconds>(kAlertSilence);
  postgres::Params params = postgres::Params::Of(
      columns.tenant_ids, columns.alert_ids, columns.kinds, columns.endpoint_ids, columns.levels,
      columns.times, columns.occurrences, columns.details, columns.over, columns.resolutions,
      columns.fences, int64_t{kSilence.count()}, actor.type, actor.id, columns.event_ids);
  postgres::AppendChangeInto(params, batch, {.events = *std::move(written)});
  batch.Add(queries::kSignal, std::move(params));
}

std::vector<AlertSignal> EndpointAlertsOver(const Uuid& tenant_id, const Uuid& endpoint_id,
                                            base::Time now, std::vector<AlertKind> kinds,
                                            std::string_view resolution) {
  std::vector<AlertSignal> signals;
  for (const AlertKind kind : kinds) {
    signals.push_back({.key = {tenant_id, kind, endpoint_id},
                       .time = now,
                       .over = true,
                       .resolution = std::string(resolution)});
  }
  return signals;
}

}  // namespace gatehouse::storage
