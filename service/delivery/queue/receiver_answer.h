#ifndef GATEHOUSE_SERVICE_DELIVERY_QUEUE_RECEIVER_ANSWER_H_
#define GATEHOUSE_SERVICE_DELIVERY_QUEUE_RECEIVER_ANSWER_H_

#include <optional>

#include "base/time.h"
#include "service/delivery/http/http_sender.h"

namespace gatehouse::service::delivery {

// What a receiver says by its answer, besides that it took the event or did not. Nothing, unless it
// said it to the end.

// It answered in time and did not want this event: the next one may fare better. What says that
// the receiver itself is not ready is none of that.
bool IsRefusal(const HttpResult& result);

// It wants no events any more.
bool IsGone(const HttpResult& result);

// When this event is to be sent again.
std::optional<base::Duration> RetryAfterOf(const HttpResult& result, base::Time now);

// For how long it wants no events at all (RFC 6585, 4; RFC 9110, 10.2.3).
std::optional<base::Duration> HoldOf(const HttpResult& result, base::Time now);

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_QUEUE_RECEIVER_ANSWER_H_
