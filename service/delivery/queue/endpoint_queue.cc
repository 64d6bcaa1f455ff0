#include "service/delivery/queue/endpoint_queue.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "base/text/encoding.h"
#include "base/uuid.h"
#include "service/delivery/queue/receiver_answer.h"
#include "service/delivery/queue/retry_schedule.h"

namespace gatehouse::service::delivery {
namespace {

using storage::DeliveryState;
using storage::ExceptionRecord;

// With a steady stream of new events, one request in so many is a retry: first
// attempts come first, but do not starve what failed.
constexpr int kRetryShare = 4;
// An endpoint without a success for this long, and with this many events that
// failed at every attempt since, is switched off.
constexpr base::Duration kFailingFor = std::chrono::days(5);
constexpr int kFailingExhausted = 2;
// A backlog is measured in hours.
constexpr base::Duration kBacklogCheck = std::chrono::seconds(1);

std::optional<base::Time> Earlier(std::optional<base::Time> a, std::optional<base::Time> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

}  // namespace

EndpointQueue::EndpointQueue(const storage::DeliveryLease& lease, int max_in_flight, base::Time now,
                             AlertBounds alert_bounds)
    : key_(lease.key),
      fence_(lease.fence),
      scanned_(lease.position),
      lanes_(lease.held_keys),
      next_due_(lease.next_due),
      window_(max_in_flight),
      max_in_flight_(max_in_flight),
      pace_(now),
      retry_delays_(DefaultRetryDelays().begin(), DefaultRetryDelays().end()),
      breaker_({.consecutive_failures = lease.consecutive_failures, .open = lease.breaker_open},
               now),
      failing_since_(lease.failing_since),
      exhausted_count_(lease.exhausted_count),
      latest_(now),
      alerts_(lease.key, lease.fence, lease.alerted, alert_bounds),
      stats_(DeliveryStats::Decode(lease.recent)) {}

int64_t EndpointQueue::position() const {
  return unsettled_.empty() ? scanned_ : unsettled_.begin()->first - 1;
}

void EndpointQueue::AddEvents(std::vector<DeliveryItem> items, int64_t through) {
  for (DeliveryItem& item : items) {
    unsettled_.emplace_hint(unsettled_.end(), item.index, item.event_id.v7_time());
    loaded_bytes_ += item.body->size();
    if (item.ordering_key.empty()) {
      ready_.push_back(std::move(item));
    } else {
      AdvanceLane(lanes_.Add(std::move(item)));
    }
  }
  scanned_ = std::max(scanned_, through);
}

void EndpointQueue::AdvanceLane(OrderLanes::Step step) {
  for (const DeliveryItem& item : step.deferred) Defer(item);
  if (step.look) next_due_ = Earlier(next_due_, latest_);
  if (lanes_.has_releases()) dirty_ = true;
  if (!step.next) return;
  (step.next->is_retry ? retries_ : ready_).push_back(*std::move(step.next));
}

// It waits in the database, and holds up neither the position nor other keys.
void EndpointQueue::Defer(const DeliveryItem& item) {
  exceptions_[item.index] = {.key = key_,
                             .event_index = item.index,
                             .event_id = item.event_id,
                             .event_type = item.type,
                             .ordering_key = item.ordering_key,
                             .attempts = item.attempts,
                             .due = base::Time::max()};
  unsettled_.erase(item.index);
  loaded_bytes_ -= item.body->size();
  dirty_ = true;
}

void EndpointQueue::OnReleased(const std::string& ordering_key, bool more) {
  AdvanceLane(lanes_.OnReleased(ordering_key, more));
}

std::vector<int64_t> EndpointQueue::retries_held() const {
  std::vector<int64_t> held(retries_in_flight_.begin(), retries_in_flight_.end());
  for (const DeliveryItem& item : retries_) held.push_back(item.index);
  for (const int64_t index : lanes_.followers()) held.push_back(index);
  return held;
}

void EndpointQueue::BeginRetries() {
  due_since_begin_.reset();
  reading_outdated_ = false;
}

void EndpointQueue::AddRetries(std::vector<DeliveryItem> items,
                               std::optional<base::Time> next_due) {
  // next_due() is past already: they are read once more.
  if (reading_outdated_) return;
  for (DeliveryItem& item : items) item.is_retry = true;
  std::ranges::move(lanes_.AddRetries(std::move(items)), std::back_inserter(retries_));
  next_due_ = Earlier(next_due, due_since_begin_);
}

void EndpointQueue::ReadRetriesAnew(base::Time now) {
  lanes_.ForgetRetries(retries_);
  retries_.clear();
  reading_outdated_ = true;
  outdated_in_flight_ = retries_in_flight_;
  next_due_ = Earlier(next_due_, now);
}

std::optional<DeliveryItem> EndpointQueue::Take(base::Time now, bool retries_allowed) {
  // Before all else: what holds it back now may be something that does not end at a time, and who
  // waited for that of before would come back at once, again and again.
  paced_until_.reset();
  if (stopped_ || in_flight_ >= static_cast<int>(window_) || !breaker_.MayStart(now)) {
    return std::nullopt;
  }
  const bool retry_ready = retries_allowed && !retries_.empty();
  // Canaries are by turns what is due anyway, whose attempt counts, and what waits for its
  // first: whether the receiver is there must not hang on one event.
  const bool retrys_turn = breaker_.open() ? since_retry_ > 0 : since_retry_ >= kRetryShare - 1;
  const bool take_retry = retry_ready && (ready_.empty() || retrys_turn);
  if (!take_retry && ready_.empty()) return std::nullopt;
  if (!pace_.Take(now)) {
    paced_until_ = pace_.NextAt(now);
    outpaced_ = true;
    return std::nullopt;
  }
  std::deque<DeliveryItem>& source = take_retry ? retries_ : ready_;
  DeliveryItem item = std::move(source.front());
  source.pop_front();
  if (take_retry) {
    retries_in_flight_.insert(item.index);
    since_retry_ = 0;
  } else {
    loaded_bytes_ -= item.body->size();
    ++since_retry_;
  }
  if (ready_.empty()) EndOutpaced();
  item.is_canary = breaker_.open();
  breaker_.OnStart();
  ++in_flight_;
  return item;
}

void EndpointQueue::EndOutpaced() {
  if (std::exchange(outpaced_, false)) outpaced_through_ = scanned_;
}

bool EndpointQueue::IsHealthy(base::Time now) const {
  return !stopped_ && !breaker_.open() && breaker_.MayStart(now) && !outpaced_;
}

std::optional<base::Time> EndpointQueue::oldest_unsettled() const {
  const auto oldest = unsettled_.upper_bound(outpaced_through_);
  if (oldest == unsettled_.end()) return std::nullopt;
  return oldest->second;
}

// Of a request, or of what would have been one.
void EndpointQueue::EndFlight(const DeliveryItem& item, base::Time now) {
  --in_flight_;
  dirty_ = true;
  latest_ = now;
  retries_in_flight_.erase(item.index);
  if (outdated_in_flight_.erase(item.index) > 0) next_due_ = Earlier(next_due_, now);
}

void EndpointQueue::Drop(const DeliveryItem& item, base::Time now) {
  EndFlight(item, now);
  breaker_.OnAbandoned();
  pace_.GiveBack();
  Settle(item);
}

void EndpointQueue::Settle(const DeliveryItem& item) {
  unsettled_.erase(item.index);
  if (item.is_retry) {
    settled_retries_[item.index] = {
        .key = key_, .event_index = item.index, .attempts = item.attempts};
  }
  EndTurn(item);
}

// The next of its key may go, here or by whoever comes after this process.
void EndpointQueue::EndTurn(const DeliveryItem& item) {
  if (item.ordering_key.empty()) return;
  AdvanceLane(lanes_.OnSettled(item));
  if (item.is_retry) next_due_ = Earlier(next_due_, latest_);
}

void EndpointQueue::OnResult(const DeliveryItem& item, const HttpResult& result, base::Time start,
                             base::Time now, uint32_t random) {
  EndFlight(item, now);
  stats_.Add(now, result.latency, result.ok());
  if (result.certificate_expires) alerts_.OnCertificate(now, *result.certificate_expires);
  std::string head = ResponseHead(result.body);
  unflushed_bytes_ += head.size();
  attempts_.push_back({.key = key_,
                       .event_index = item.index,
                       .attempt_id = base::Uuid::MakeV7(start),
                       .event_id = item.event_id,
                       .event_type = item.type,
                       .start_time = start,
                       .latency = result.latency,
                       .status_code = result.status_code,
                       .error_class = result.error_class,
                       .response_head = std::move(head)});
  if (result.ok()) {
    OnSuccess(item, now);
  } else {
    OnFailure(item, result, now, random);
  }
}

void EndpointQueue::OnSuccess(const DeliveryItem& item, base::Time now) {
  breaker_.OnSuccess();
  window_ = std::min<double>(max_in_flight_, window_ + 1 / window_);
  last_success_time_ = now;
  failing_since_.reset();
  exhausted_count_ = 0;
  alerts_.OnSuccess(now);
  Settle(item);
}

void EndpointQueue::OnFailure(const DeliveryItem& item, const HttpResult& result, base::Time now,
                              uint32_t random) {
  if (IsRefusal(result)) {
    breaker_.OnRefusal();
  } else {
    breaker_.OnFailure(now, HoldOf(result, now));
    window_ = std::max(1.0, window_ / 2);
  }
  last_failure_time_ = now;
  if (!failing_since_) failing_since_ = now;
  alerts_.OnFailure(now, 100 * (now - *failing_since_) / kFailingFor, result.status_code,
                    result.error_class);
  if (IsGone(result)) disable_reason_ = "gone";
  if (item.is_canary && !item.is_retry && !IsRefusal(result)) {
    // It keeps its attempts: the receiver is what was tried. The next canary is another event.
    loaded_bytes_ += item.body->size();
    ready_.push_back(item);
  } else {
    unsettled_.erase(item.index);
    AddException(item, result, now, random);
  }
  // Also by a canary: while the breaker is open there may be nothing else.
  if (exhausted_count_ >= kFailingExhausted && now - *failing_since_ >= kFailingFor &&
      disable_reason_.empty()) {
    disable_reason_ = "failing";
  }
}

void EndpointQueue::AddException(const DeliveryItem& item, const HttpResult& result, base::Time now,
                                 uint32_t random) {
  const int32_t attempts = item.attempts + 1;
  const std::optional<base::Duration> delay =
      RetryDelay(retry_delays_, attempts, RetryAfterOf(result, now), random);
  exceptions_[item.index] = {
      .key = key_,
      .event_index = item.index,
      .event_id = item.event_id,
      .event_type = item.type,
      .ordering_key = item.ordering_key,
      .attempts = attempts,
      .due = now + delay.value_or(base::Duration(0)),
      .state = delay ? DeliveryState::kRetrying : DeliveryState::kExhausted,
  };
  if (delay) {
    next_due_ = Earlier(next_due_, now + *delay);
    due_since_begin_ = Earlier(due_since_begin_, now + *delay);
    if (!item.ordering_key.empty()) AdvanceLane(lanes_.OnFailed(item));
    return;
  }
  EndTurn(item);
  ++exhausted_count_;
  alerts_.OnExhausted(now, item.event_id, item.type);
}

bool EndpointQueue::CheckBacklog(base::Time now, int64_t head) {
  if (stopped_ || !backlog_rest_.IsOver(now)) return false;
  backlog_rest_ = base::Pause(now, kBacklogCheck);
  if (!ready_.empty()) {
    // Not always the first of them: canaries that failed go to the end.
    const auto oldest = std::ranges::min_element(ready_, {}, &DeliveryItem::index);
    alerts_.OnPending(now, oldest->event_id.v7_time());
  } else if (scanned_ >= head && unsettled_.empty()) {
    alerts_.OnPending(now, std::nullopt);
  }
  if (!alerts_.due()) return false;
  dirty_ = true;
  return true;
}

void EndpointQueue::set_max_in_flight(int max_in_flight) {
  if (max_in_flight == max_in_flight_) return;
  max_in_flight_ = max_in_flight;
  window_ = max_in_flight;
}

void EndpointQueue::set_pace(const base::RateLimit& limit, base::Time now) {
  if (pace_.Set(limit, now)) EndOutpaced();
}

void EndpointQueue::Stop() { stopped_ = true; }

void EndpointQueue::CollectInto(storage::DeliveryFlush& flush) {
  // What a release makes due, somebody has to look for, also after a kill before its answer.
  const std::optional<base::Time> next_due =
      lanes_.has_releases() ? Earlier(next_due_, latest_) : next_due_;
  flush.progress.push_back({.key = key_,
                            .fence = fence_,
                            .position = position(),
                            .next_due = next_due,
                            .consecutive_failures = breaker_.state().consecutive_failures,
                            .breaker_open = breaker_.open(),
                            .last_success_time = last_success_time_,
                            .last_failure_time = last_failure_time_,
                            .failing_since = failing_since_,
                            .exhausted_count = exhausted_count_,
                            .paced_until = paced_until_,
                            .recent = stats_.Encode()});
  alerts_.CollectInto(flush);
  flush.progress.back().alerted = alerts_.alerted();
  std::ranges::move(attempts_, std::back_inserter(flush.attempts));
  attempts_.clear();
  unflushed_bytes_ = 0;
  for (auto& [index, exception] : exceptions_) flush.exceptions.push_back(std::move(exception));
  exceptions_.clear();
  for (auto& [index, settled] : settled_retries_) flush.settled.push_back(std::move(settled));
  settled_retries_.clear();
  for (std::string& ordering_key : lanes_.TakeReleases()) {
    flush.releases.push_back(
        {.key = key_, .fence = fence_, .ordering_key = std::move(ordering_key), .due = latest_});
  }
  dirty_ = false;
}

bool EndpointQueue::IdleAt(int64_t head) const {
  return scanned_ >= head && ready_.empty() && retries_.empty() && lanes_.idle() &&
         in_flight_ == 0 && !dirty_;
}

std::string ResponseHead(const std::string& body) {
  std::string head = body.substr(0, kMaxResponseBytes);
  if (base::IsValidUtf8(head)) return head;
  // A body of full length was probably cut, perhaps through a character of up to
  // four bytes.
  for (size_t cut = 1; cut < 4 && head.size() == kMaxResponseBytes; ++cut) {
    std::string whole = head.substr(0, head.size() - cut);
    if (base::IsValidUtf8(whole)) return whole;
  }
  std::ranges::replace_if(head, [](char c) { return c == 0 || (c & 0x80) != 0; }, '?');
  return head;
}

}  // namespace gatehouse::service::delivery
