#ifndef GATEHOUSE_SERVICE_DELIVERY_QUEUE_RETRY_SCHEDULE_H_
#define GATEHOUSE_SERVICE_DELIVERY_QUEUE_RETRY_SCHEDULE_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"

namespace gatehouse::service::delivery {

// The Standard Webhooks example: 10 attempts over three days, so that an outage
// over a weekend is outlived.
inline constexpr int kMaxAttempts = 10;

// How long after the failure of attempt number `attempts` (1, 2 ...) the next
// one comes; nullopt: there is none, the event is exhausted.
//
// `retry_after` is what the receiver asked for. It delays, never hastens, and
// at most to twice the step plus two hours and to a day, so that a receiver
// cannot park its events for ever by mistake.
//
// `random` (uniform over all values) adds up to a tenth of the step, at least
// up to 2 s and at most up to 15 min: many events that failed together do not
// come back together. It only ever adds: a retry is never earlier than promised.
std::optional<base::Duration> RetryDelay(int attempts, std::optional<base::Duration> retry_after,
                                         uint32_t random);

// The value of a Retry-After header: seconds or an HTTP date. nullopt for
// anything else, and for what lies in the past.
std::optional<base::Duration> ParseRetryAfter(std::string_view value, base::Time now);

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_QUEUE_RETRY_SCHEDULE_H_
