#ifndef GATEHOUSE_SERVICE_WEBHOOK_WANTED_ENTRIES_H_
#define GATEHOUSE_SERVICE_WEBHOOK_WANTED_ENTRIES_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "storage/endpoint/endpoint.h"
#include "storage/event_log/event_log.h"

namespace gatehouse::service {

// Of the entries from `first` to `last` those whose events an endpoint with a payload_filter
// wants, as far as one call may look.
struct WantedEntries {
  std::vector<int64_t> indexes;
  int64_t last_index = 0;
};
base::Task<absl::StatusOr<WantedEntries>> FindWanted(base::CallContext ctx, storage::EventLog* log,
                                                     storage::Endpoint endpoint, int64_t first,
                                                     int64_t last);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WEBHOOK_WANTED_ENTRIES_H_
