#ifndef GATEHOUSE_SERVICE_AUDIT_EVENT_RULES_H_
#define GATEHOUSE_SERVICE_AUDIT_EVENT_RULES_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "base/time.h"
#include "service/common/validate.h"
#include "storage/event.h"

namespace gatehouse::v1 {
class Event;
}

namespace gatehouse::service {

// Dot-separated lower-case words, at most 100 bytes: "document.shared".
bool IsEventType(std::string_view type);
// The first word is one of the server's own.
bool IsReservedEventType(std::string_view type);

// A type that callers may give to an event of their own.
bool CheckOwnEventType(FieldChecks& checks, std::string_view field, std::string_view type);
// A type to select by: as above, reserved or not; may end in ".*".
bool CheckTypeSelector(FieldChecks& checks, std::string_view field, std::string_view selector);

// The event that `event`, of a RecordEventRequest, describes: by the caller unless it
// says otherwise, at `now`, with a new id. INVALID_ARGUMENT with every violation.
absl::StatusOr<storage::Event> EventFromProto(const base::CallContext& ctx, base::Time now,
                                              const v1::Event& event);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_AUDIT_EVENT_RULES_H_
