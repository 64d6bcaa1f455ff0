#ifndef GATEHOUSE_STORAGE_DELIVERY_DELIVERY_H_
#define GATEHOUSE_STORAGE_DELIVERY_DELIVERY_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "storage/alert/alert.h"

namespace gatehouse::storage {

// An endpoint by its key.
struct EndpointKey {
  base::Uuid tenant_id;
  base::Uuid endpoint_id;

  friend auto operator<=>(const EndpointKey&, const EndpointKey&) = default;
};

// What a deliverer needs to know when it takes over an endpoint.
struct DeliveryLease {
  EndpointKey key;
  int64_t fence = 0;
  int64_t position = 0;
  std::optional<base::Time> next_due;
  int32_t consecutive_failures = 0;
  bool breaker_open = false;
  std::optional<base::Time> failing_since;
  int32_t exhausted_count = 0;
  // Bits of what the deliverer before has told by an alert and not taken back: 1 << AlertKind.
  int32_t alerted = 0;
  // Attempts of the last while: see EndpointHealth.
  std::string recent;
  // Keys of which exceptions are RETRYING; one more than kMaxHeldKeys if there are others.
  std::vector<std::string> held_keys;
};

// How many ordering keys with exceptions a deliverer is told of.
inline constexpr int64_t kMaxHeldKeys = 1'000;

// One attempt, as it is kept.
struct AttemptRecord {
  EndpointKey key;
  int64_t event_index = 0;
  base::Uuid attempt_id;
  base::Uuid event_id;
  std::string event_type;
  base::Time start_time;
  base::Duration latency{0};
  int32_t status_code = 0;
  std::string error_class;
  std::string response_head;
};

// gatehouse.v1.DeliveryState.
enum class DeliveryState : int32_t { kSucceeded = 1, kRetrying = 2, kExhausted = 3, kDropped = 4 };

// An event that failed at least once, is to be sent again, or waits for an earlier one of its key.
struct ExceptionRecord {
  EndpointKey key;
  int64_t event_index = 0;
  base::Uuid event_id;
  std::string event_type;
  // Of the event: of one key only the first goes, and the others wait for it.
  std::string ordering_key = {};
  // Of the schedule under way: 0 for one that is to be sent again, or that has not been sent.
  int32_t attempts = 0;
  // The maximum: once an earlier one of its key is done with.
  base::Time due;
  DeliveryState state = DeliveryState::kRetrying;
};

// How far an endpoint has got, and how it fares.
struct DeliveryProgress {
  EndpointKey key;
  int64_t fence = 0;
  int64_t position = 0;
  std::optional<base::Time> next_due;
  int32_t consecutive_failures = 0;
  bool breaker_open = false;
  std::optional<base::Time> last_success_time;
  std::optional<base::Time> last_failure_time;
  std::optional<base::Time> failing_since;
  int32_t exhausted_count = 0;
  // Its rate holds back events until then.
  std::optional<base::Time> paced_until = std::nullopt;
  // As in DeliveryLease.
  int32_t alerted = 0;
  std::string recent;
};

// The next exception of an ordering key is due from `due` on, if it has none of its own yet.
struct OrderRelease {
  EndpointKey key;
  int64_t fence = 0;
  std::string ordering_key;
  base::Time due;
};

// What one flush writes; of one (endpoint, event) at most one exception, of one alert at most one
// signal, with the fence of its endpoint.
struct DeliveryFlush {
  std::vector<DeliveryProgress> progress;
  std::vector<AttemptRecord> attempts;
  // New ones, and those that failed once more.
  std::vector<ExceptionRecord> exceptions;
  // Delivered at last: by key, event_index and the attempts that were known.
  std::vector<ExceptionRecord> settled;
  // What deliverers noticed that somebody should look at.
  std::vector<AlertSignal> alerts;
  // Once the above is written.
  std::vector<OrderRelease> releases = {};

  bool empty() const { return progress.empty(); }
};

// What came of a flush.
struct FlushOutcome {
  // The endpoints whose fences counted.
  std::vector<EndpointKey> live;
  // Of their releases, those that found an exception.
  struct Released {
    EndpointKey key;
    std::string ordering_key;

    friend auto operator<=>(const Released&, const Released&) = default;
  };
  std::vector<Released> released = {};
};

// One event's way to one endpoint.
struct Delivery {
  int64_t event_index = 0;
  base::Uuid event_id;
  std::string event_type;
  DeliveryState state = DeliveryState::kSucceeded;
  std::optional<base::Time> next_attempt_time;
  // It waits for an earlier one of its ordering key.
  bool held = false;
  std::vector<AttemptRecord> attempts;  // Oldest first.
};

// What became of the events of a stretch of the log that an endpoint wants.
struct Reconciliation {
  int32_t matched = 0;
  // Each is in at most one of these.
  int32_t delivered = 0;
  int32_t retrying = 0;
  int32_t exhausted = 0;
  int32_t dropped = 0;
  int32_t pending = 0;
  // What was sent of them may be no longer kept.
  int32_t no_longer_known = 0;
  // Some of those that are in none.
  std::vector<base::Uuid> missing;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_DELIVERY_DELIVERY_H_
