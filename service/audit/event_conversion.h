#ifndef GATEHOUSE_SERVICE_AUDIT_EVENT_CONVERSION_H_
#define GATEHOUSE_SERVICE_AUDIT_EVENT_CONVERSION_H_

#include "absl/status/status.h"
#include "storage/event.h"
#include "storage/event_log/event_log.h"

namespace gatehouse::v1 {
class Event;
}

namespace gatehouse::service {

// INTERNAL if the stored details are not a JSON object.
absl::Status ToProto(const storage::LoggedEvent& logged, v1::Event& out);

// All but the details and the leaf hash, over what `out` holds.
void EnvelopeToProto(const storage::Event& event, v1::Event& out);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_AUDIT_EVENT_CONVERSION_H_
