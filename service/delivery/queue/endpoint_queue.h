#ifndef GATEHOUSE_SERVICE_DELIVERY_QUEUE_ENDPOINT_QUEUE_H_
#define GATEHOUSE_SERVICE_DELIVERY_QUEUE_ENDPOINT_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/pause.h"
#include "base/time.h"
#include "base/token_bucket.h"
#include "service/delivery/http/http_sender.h"
#include "service/delivery/queue/breaker.h"
#include "service/delivery/queue/delivery_item.h"
#include "service/delivery/queue/delivery_pace.h"
#include "service/delivery/queue/delivery_stats.h"
#include "service/delivery/queue/endpoint_alerts.h"
#include "service/delivery/queue/order_lanes.h"
#include "storage/delivery/delivery.h"

namespace gatehouse::service::delivery {

// One leased endpoint: which events are read, ready, in flight and settled, and
// what of that is still to be written. Decides what is sent next and what a
// result means; it sends and writes nothing itself.
//
// Events settle in any order; the position moves over the settled prefix. While
// the breaker is open it stands still: one canary at a time is sent, of another
// event each time, and a failed one goes back without using up its event's attempts.
// Events with an ordering key go by their lanes (OrderLanes): what is ready is the next of its key.
//
// Owned by the engine. Thread: its loop. Time comes in as a parameter.
class EndpointQueue {
 public:
  EndpointQueue(const storage::DeliveryLease& lease, int max_in_flight, base::Time now,
                AlertBounds alert_bounds = {});

  const storage::EndpointKey& key() const { return key_; }
  int64_t fence() const { return fence_; }

  // Events up to here have been read.
  int64_t scanned() const { return scanned_; }
  // Everything up to here is settled.
  int64_t position() const;
  // First attempts that wait to be sent.
  size_t ready() const { return ready_.size(); }
  // Those that are read, also where an earlier one of their key goes first, and those that have
  // become exceptions that are still to be written: while nothing can be, no more is to be read.
  size_t loaded() const { return ready_.size() + lanes_.waiting() + exceptions_.size(); }
  size_t loaded_bytes() const { return loaded_bytes_; }
  // Adds the wanted events of (scanned(), through], ascending. Then it may be dirty().
  void AddEvents(std::vector<DeliveryItem> items, int64_t through);

  // When exceptions have to be looked for; nullopt: there are none.
  std::optional<base::Time> next_due() const { return next_due_; }
  // The exceptions that are ready or in flight.
  std::vector<int64_t> retries_held() const;
  size_t retries_ready() const { return retries_.size(); }
  // Before exceptions are read, and after: adds those that are due, each followed by those behind
  // it in its lane; `next_due` is that of the first one not added.
  void BeginRetries();
  void AddRetries(std::vector<DeliveryItem> items, std::optional<base::Time> next_due);
  // Some exceptions were begun anew: what was read of them is old. Reads them again, now and
  // once what is in flight has ended, whose outcome is not theirs any more.
  void ReadRetriesAnew(base::Time now);

  // The database has been asked for the next exception of a key, and whether there is one.
  void OnReleased(const std::string& ordering_key, bool more);

  // What to send now, if anything; it is in flight from then on.
  std::optional<DeliveryItem> Take(base::Time now, bool retries_allowed);
  // An item that turned out not to concern the endpoint any more: settled unsent.
  void Drop(const DeliveryItem& item, base::Time now);
  // The outcome of an item taken. `random` spreads the retry.
  void OnResult(const DeliveryItem& item, const HttpResult& result, base::Time start,
                base::Time now, uint32_t random);

  int in_flight() const { return in_flight_; }
  // Changes of the endpoint's settings.
  void set_max_in_flight(int max_in_flight);
  void set_pace(const base::RateLimit& limit, base::Time now);
  void set_retry_delays(std::vector<base::Duration> delays) { retry_delays_ = std::move(delays); }
  // Its rate holds back what is there to be sent, since the last Take; nullopt: nothing does.
  std::optional<base::Time> paced_until() const { return paced_until_; }
  const Breaker& breaker() const { return breaker_; }

  // Whether its events wait for nothing but their turn: not while it is stopped, its receiver is
  // taken to be down or asked to be left alone, or its own rate holds back what is there.
  bool IsHealthy(base::Time now) const;
  // When the first of the events was recorded that are read, and whose first attempt has not ended;
  // without those that its own rate has held back. nullopt: there are none.
  std::optional<base::Time> oldest_unsettled() const;

  // Takes nothing more from now on; what is ready stays unsettled.
  void Stop();
  bool stopped() const { return stopped_; }
  // Why the endpoint must be switched off: "gone", "failing", or empty.
  const std::string& disable_reason() const { return disable_reason_; }

  // Now and then: looks how long the first of its events has waited, for the alert of that. There
  // are none to read beyond `head`. True if there is something to write then.
  bool CheckBacklog(base::Time now, int64_t head);

  // Something was settled, tried or noticed since the last flush.
  bool dirty() const { return dirty_; }
  // Results of attempts that wait to be written, and the bytes of their answers.
  size_t unflushed() const { return attempts_.size(); }
  size_t unflushed_bytes() const { return unflushed_bytes_; }
  // Moves what is to be written into `flush`, with the queue's progress.
  void CollectInto(storage::DeliveryFlush& flush);

  // Nothing ready, in flight or to be written, and read up to `head`.
  bool IdleAt(int64_t head) const;

 private:
  void OnSuccess(const DeliveryItem& item, base::Time now);
  void OnFailure(const DeliveryItem& item, const HttpResult& result, base::Time now,
                 uint32_t random);
  void AddException(const DeliveryItem& item, const HttpResult& result, base::Time now,
                    uint32_t random);
  void EndFlight(const DeliveryItem& item, base::Time now);
  // It is done with; if it is a retry, its exception is over.
  void Settle(const DeliveryItem& item);
  void EndTurn(const DeliveryItem& item);
  void AdvanceLane(OrderLanes::Step step);
  void Defer(const DeliveryItem& item);
  void EndOutpaced();

  storage::EndpointKey key_;
  int64_t fence_;
  int64_t scanned_;
  std::deque<DeliveryItem> ready_;
  size_t loaded_bytes_ = 0;
  std::deque<DeliveryItem> retries_;
  OrderLanes lanes_;
  std::set<int64_t> retries_in_flight_;
  // Those of them that may have begun anew meanwhile.
  std::set<int64_t> outdated_in_flight_;
  // What is being read is old.
  bool reading_outdated_ = false;
  // Read and not settled: ready, or in flight for the first time; and when they were recorded.
  std::map<int64_t, base::Time> unsettled_;
  std::optional<base::Time> next_due_;
  // The earliest of exceptions added since BeginRetries.
  std::optional<base::Time> due_since_begin_;
  int in_flight_ = 0;
  // Additive increase, multiplicative decrease, between 1 and max_in_flight_.
  double window_;
  int max_in_flight_;
  int since_retry_ = 0;
  DeliveryPace pace_;
  std::optional<base::Time> paced_until_;
  // Its rate has refused something, and not yet let through all that is read.
  bool outpaced_ = false;
  // Up to here events have waited for the rate, and may still be in flight.
  int64_t outpaced_through_ = 0;
  std::vector<base::Duration> retry_delays_;
  Breaker breaker_;
  bool stopped_ = false;
  std::string disable_reason_;

  bool dirty_ = false;
  std::vector<storage::AttemptRecord> attempts_;
  size_t unflushed_bytes_ = 0;
  std::map<int64_t, storage::ExceptionRecord> exceptions_;
  std::map<int64_t, storage::ExceptionRecord> settled_retries_;
  std::optional<base::Time> last_success_time_;
  std::optional<base::Time> last_failure_time_;
  std::optional<base::Time> failing_since_;
  int32_t exhausted_count_;
  // As of the last thing that happened.
  base::Time latest_;
  EndpointAlerts alerts_;
  base::Pause backlog_rest_;
  DeliveryStats stats_;
};

// The beginning of an answer's body as it is stored: at most kMaxResponseBytes
// of valid UTF-8 without U+0000.
std::string ResponseHead(const std::string& body);

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_QUEUE_ENDPOINT_QUEUE_H_
