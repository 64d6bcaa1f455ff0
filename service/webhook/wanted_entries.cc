#include "service/webhook/wanted_entries.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "base/status.h"
#include "service/delivery/payload.h"
#include "service/delivery/wanted_events.h"

namespace gatehouse::service {
namespace {

// Of events that are read for a payload_filter: per statement, and their bytes in all.
constexpr int32_t kEventPage = 500;
constexpr size_t kMaxEventBytes = size_t{16} << 20;

}  // namespace

base::Task<absl::StatusOr<WantedEntries>> FindWanted(base::CallContext ctx, storage::EventLog* log,
                                                     storage::Endpoint endpoint, int64_t first,
                                                     int64_t last) {
  const delivery::WantedEvents wanted(endpoint.event_types, endpoint.payload_filter);
  std::vector<std::string> types = endpoint.event_types;
  if (std::ranges::find(types, "*") != types.end()) types.clear();
  WantedEntries found{.indexes = {}, .last_index = first - 1};
  size_t bytes = 0;
  while (found.last_index < last && bytes < kMaxEventBytes) {
    const int64_t from = found.last_index + 1;
    GH_CO_ASSIGN_OR_RETURN(
        const storage::EventLog::Range range,
        co_await log->ReadRange(ctx, endpoint.tenant_id, from, kEventPage, types));
    // There are entries up to `last`: the log cannot end before it.
    if (range.last_index < from) co_return base::InternalError("the log has become shorter");
    for (const storage::LoggedEvent& event : range.events) {
      if (event.index > last) break;
      const std::string body = delivery::BuildPayload(event.event);
      bytes += body.size();
      if (wanted.WantsBody(body)) found.indexes.push_back(event.index);
    }
    found.last_index = std::min(range.last_index, last);
  }
  co_return found;
}

}  // namespace gatehouse::service
