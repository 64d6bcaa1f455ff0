#ifndef GATEHOUSE_STORAGE_REPLAY_REPLAY_H_
#define GATEHOUSE_STORAGE_REPLAY_REPLAY_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::storage {

// gatehouse.v1.ReplayState.
enum class ReplayState : int32_t {
  kPending = 1,
  kRunning = 2,
  kSucceeded = 3,
  kCancelled = 4,
  kFailed = 5
};

// gatehouse.v1.ReplayHold.
enum class ReplayHold : int32_t {
  kNone = 0,
  kEndpointPaused = 1,
  kEndpointDisabled = 2,
  kBreakerOpen = 3,
  kRetriesWaiting = 4
};

// A job that sends what is in a stretch of the log to an endpoint again.
struct Replay {
  base::Uuid tenant_id;
  base::Uuid id;
  base::Uuid endpoint_id;
  // Both inclusive; none if last_index is below.
  int64_t first_index = 0;
  int64_t last_index = 0;
  // Of what the endpoint wants, only these types; empty: all of it.
  std::vector<std::string> event_types;
  // gatehouse.v1.DeliveryOutcome.
  std::vector<int32_t> outcomes;
  int32_t max_per_second = 1;
  ReplayState state = ReplayState::kPending;
  // Empty unless it failed.
  std::string failure = {};
  ReplayHold hold = ReplayHold::kNone;
  // Everything up to here is done.
  int64_t position = 0;
  // What was scheduled so far is paid for by this time, at max_per_second.
  base::Time paced_until;
  int64_t matched_count = 0;
  int64_t scheduled_count = 0;
  base::Time create_time;
  std::optional<base::Time> start_time = std::nullopt;
  std::optional<base::Time> end_time = std::nullopt;
  int64_t version = 1;

  bool done() const { return position >= last_index; }
  int64_t scanned_count() const { return std::max<int64_t>(position - first_index + 1, 0); }
};

// What there is to send in a stretch of the log.
struct ReplaySlice {
  // It ends here: everything up to this index was looked at.
  int64_t through = 0;
  // Events in it that the endpoint and the replay want, whatever became of them.
  int64_t matched = 0;
  // The indexes of those that are to be sent, ascending.
  std::vector<int64_t> chosen;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_REPLAY_REPLAY_H_
