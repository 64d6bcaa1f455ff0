#ifndef GATEHOUSE_SERVICE_AUDIT_EVENT_RULES_H_
#define GATEHOUSE_SERVICE_AUDIT_EVENT_RULES_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "base/time.h"
#include "storage/event.h"

namespace gatehouse::v1 {
class Event;
}

namespace gatehouse::service {

// Of an actor or a target: no event has a longer one.
inline constexpr size_t kMaxEventIdBytes = 200;

// The event that `event`, of a RecordEventRequest, describes: by the caller unless it
// says otherwise, at `now`, with a new id. INVALID_ARGUMENT with every violation.
absl::StatusOr<storage::Event> EventFromProto(const base::CallContext& ctx, base::Time now,
                                              const v1::Event& event);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_AUDIT_EVENT_RULES_H_
