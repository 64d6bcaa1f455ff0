#ifndef GATEHOUSE_SERVICE_DELIVERY_TENANT_LOG_H_
#define GATEHOUSE_SERVICE_DELIVERY_TENANT_LOG_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "service/delivery/queue/endpoint_queue.h"
#include "service/delivery/wanted_events.h"
#include "storage/delivery/delivery_store.h"
#include "storage/endpoint/endpoint.h"
#include "storage/event_log/event_log.h"
#include "storage/log_feed.h"

namespace gatehouse::service::delivery {

// The endpoints of a tenant as last read; by id.
using EndpointMap = std::unordered_map<base::Uuid, std::shared_ptr<const storage::Endpoint>>;

// How far one tenant's log is matched against its endpoints, and the latest
// events of it, built once for all endpoints that are up to date.
//
// Matching runs ahead in memory; which endpoints have work is made durable a
// little later (marks()). What was matched but not marked when the process
// dies is matched again.
//
// Thread: the engine's loop.
class TenantLog {
 public:
  TenantLog(base::Uuid tenant_id, int64_t position);

  const base::Uuid& tenant_id() const { return tenant_id_; }
  // Matched up to here.
  int64_t matched() const { return matched_; }
  // Marked durably up to here.
  int64_t durable() const { return durable_; }

  struct Match {
    base::Uuid endpoint_id;
    // Where its work begins, should nothing be known of earlier work.
    int64_t first_index = 0;
  };
  // Matches entries that follow matched() without a gap. Endpoints whose
  // creation they hold begin after it. Returns who has work in them.
  std::vector<Match> MatchEntries(std::span<const storage::LogEntry> entries,
                                  const EndpointMap& endpoints);

  // When the event with an index up to matched() was recorded, or at most kTimeStep before; of one
  // that is older than kTimesKept perhaps some time after that. nullopt: nothing was matched yet.
  std::optional<base::Time> RecordedAt(int64_t index) const;
  static constexpr base::Duration kTimeStep = std::chrono::milliseconds(5);
  static constexpr base::Duration kTimesKept = std::chrono::seconds(10);

  // Begins to mark (durable(), matched()]: what has to be written. Ends with
  // OnMarked, which says how far the cursor is then, or OnMarkFailed. One at a
  // time.
  std::vector<storage::DeliveryStore::Mark> BeginMark();
  void OnMarked(int64_t position);
  void OnMarkFailed();
  // Whether an endpoint's creation waits to be marked: only then can it be leased.
  bool has_created() const { return created_pending_; }

  // The latest events: those of [window_begin(), window_end()] that were asked for.
  int64_t window_begin() const { return window_begin_; }
  int64_t window_end() const { return window_end_; }
  // The types it holds: what is read into it. Empty: all.
  const std::vector<std::string>& window_types() const { return window_types_; }
  // Whether it holds the events of all of an endpoint's `patterns`. It may not: it was begun for
  // the endpoints that were leased then.
  bool WindowHolds(std::span<const std::string> patterns) const;
  // Forgets the events; the window begins after matched(), with other types.
  void ResetWindow(std::vector<std::string> types);
  // Appends what follows window_end() up to `through`; what is not matched yet
  // is left out, since an endpoint may change before it.
  void Append(std::vector<storage::LoggedEvent> events, int64_t through);
  // The events after `after` that are wanted; `after` is not before window_begin() - 1.
  std::vector<DeliveryItem> EventsAfter(int64_t after, const WantedEvents& wanted) const;

 private:
  struct Pending {
    int64_t first_index = 0;
    int64_t created_index = 0;
  };
  // An entry, and when it was recorded.
  struct Milestone {
    int64_t index = 0;
    base::Time time;
  };

  void NoteTimes(std::span<const storage::LogEntry> entries);

  base::Uuid tenant_id_;
  int64_t matched_;
  int64_t durable_;
  // By endpoint: matches that are being marked, and those after them. 0: none.
  std::map<base::Uuid, Pending> marking_;
  std::map<base::Uuid, Pending> pending_;
  // Endpoints whose creation was seen, should `endpoints` not know it yet.
  std::set<base::Uuid> started_;
  bool created_pending_ = false;
  // Ascending in both, and of the last kTimesKept before the latest entry: a log in which little
  // happens has one or two.
  std::deque<Milestone> milestones_;

  std::vector<std::string> window_types_;
  std::deque<DeliveryItem> window_;
  size_t window_bytes_ = 0;
  int64_t window_begin_;
  int64_t window_end_;
};

// A tenant's log, and what is being done about it. LogMatcher owns and changes them.
struct FollowedLog {
  TenantLog log;
  // The window is being filled, or about to be: queues that are up to date need not read.
  bool filling = false;
  bool marking = false;
};
using TenantLogs = std::unordered_map<base::Uuid, FollowedLog>;

// An event as it is sent.
DeliveryItem MakeItem(const storage::LoggedEvent& logged);

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_TENANT_LOG_H_
