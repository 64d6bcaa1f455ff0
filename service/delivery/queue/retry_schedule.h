#ifndef GATEHOUSE_SERVICE_DELIVERY_QUEUE_RETRY_SCHEDULE_H_
#define GATEHOUSE_SERVICE_DELIVERY_QUEUE_RETRY_SCHEDULE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "storage/endpoint/endpoint.h"

namespace gatehouse::service::delivery {

// The attempts of the default schedule, the Standard Webhooks example: 10 over three days, so that
// an outage over a weekend is outlived.
inline constexpr int kMaxAttempts = 10;

// The bounds of an endpoint's own schedule. What takes longer than two weeks is for RedeliverEvent
// and replays, and no event is to be forgotten before its last attempt.
inline constexpr size_t kMaxRetryDelays = 20;
inline constexpr base::Duration kMinRetryDelay = std::chrono::seconds(1);
inline constexpr base::Duration kMaxRetryDelay = std::chrono::days(2);
inline constexpr base::Duration kMaxRetryTime = std::chrono::days(14);

// The delay after each failed attempt but the last, unless an endpoint has its own.
std::span<const base::Duration> DefaultRetryDelays();
// Those of the endpoint.
std::vector<base::Duration> RetryDelaysOf(const storage::Endpoint& endpoint);

// How long after the failure of attempt number `attempts` (1, 2 ...) of the schedule `delays` the
// next one comes; nullopt: there is none, the event is exhausted.
//
// `retry_after` is what the receiver asked for. It delays, never hastens, and
// at most to twice the step plus two hours and to a day, so that a receiver
// cannot park its events for ever by mistake.
//
// `random` (uniform over all values) adds up to a tenth of the step, at least
// up to 2 s and at most up to 15 min: many events that failed together do not
// come back together. It only ever adds: a retry is never earlier than promised.
std::optional<base::Duration> RetryDelay(std::span<const base::Duration> delays, int attempts,
                                         std::optional<base::Duration> retry_after,
                                         uint32_t random);

// The value of a Retry-After header: seconds or an HTTP date. nullopt for
// anything else, and for what lies in the past.
std::optional<base::Duration> ParseRetryAfter(std::string_view value, base::Time now);

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_QUEUE_RETRY_SCHEDULE_H_
