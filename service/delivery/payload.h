#ifndef GATEHOUSE_SERVICE_DELIVERY_PAYLOAD_H_
#define GATEHOUSE_SERVICE_DELIVERY_PAYLOAD_H_

#include <string>

#include "base/time.h"
#include "storage/event.h"

namespace gatehouse::service::delivery {

// The body of an event's deliveries: {"type", "timestamp", "data"} as Standard
// Webhooks asks. The same event yields the same bytes at every attempt and to
// every endpoint.
//
// `data` of an event that a caller published is the caller's own data,
// untouched. Of one that a caller recorded, and of the server's own events
// (event_types::kReservedPrefixes), it is {"actor", "targets", "outcome",
// "details", "context"}; the context leaves out the user agent, which is long,
// forgeable and nothing a receiver acts on.
std::string BuildPayload(const storage::Event& event);

// RFC 3339 in UTC with microseconds: "2026-11-21T09:00:00.000000Z".
std::string FormatTimestamp(base::Time time);

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_PAYLOAD_H_
