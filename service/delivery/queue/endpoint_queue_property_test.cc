// Receivers drawn at random, over days of a clock that is moved: whatever they do, every event is
// delivered or exhausted by its schedule, and none waits for another's retries.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "service/delivery/http/http_sender.h"
#include "service/delivery/queue/endpoint_queue.h"
#include "service/delivery/queue/retry_schedule.h"
#include "storage/delivery/delivery.h"

namespace gatehouse::service::delivery {
namespace {

using base::Duration;
using base::Time;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const Time kStart = base::TimeFromMicros(1'800'000'000'000'000);
// The longest distance of canaries: so much later a receiver that is back is noticed.
constexpr Duration kNoticed = minutes(10);
// What the events before it in the queue take, and the engine's ticks.
constexpr Duration kSlack = minutes(2);
constexpr int64_t kEvents = 60;

// What a receiver does is a function of the event and the time.
struct Receiver {
  // Events it refuses, for good.
  int refuses_one_in = 0;
  size_t refuses_above_bytes = 100'000;
  // It is down for `down` out of every `period`.
  Duration period{0};
  Duration down{0};
  HttpResult when_down;
  Duration latency = milliseconds(20);

  bool IsDown(Time at) const { return period > Duration(0) && (at - kStart) % period < down; }
  bool Wants(const DeliveryItem& item) const {
    return item.body->size() <= refuses_above_bytes &&
           (refuses_one_in == 0 || item.index % refuses_one_in != 0);
  }
  HttpResult Answer(const DeliveryItem& item, Time at) const {
    if (IsDown(at)) return when_down;
    if (!Wants(item)) return {.status_code = 422, .error_class = "status"};
    return {.status_code = 204};
  }
};

Receiver Draw(std::minstd_rand& random) {
  const auto upto = [&](int most) { return std::uniform_int_distribution<int>(0, most)(random); };
  Receiver receiver;
  if (upto(1) == 0) receiver.refuses_one_in = 1 + upto(4);
  if (upto(2) == 0) receiver.refuses_above_bytes = 500;
  if (upto(2) > 0) {
    // Flapping, or away for long.
    receiver.period =
        upto(1) == 0 ? Duration(minutes(1 + upto(30))) : Duration(hours(2 + upto(40)));
    receiver.down = receiver.period * (10 + upto(80)) / 100;
    const std::vector<HttpResult> kinds = {
        {.error_class = "refused"},
        {.error_class = "timeout"},
        {.status_code = 503, .error_class = "status"},
        {.status_code = 429, .error_class = "status", .retry_after = "30"},
        {.status_code = 408, .error_class = "status"}};
    receiver.when_down = kinds[static_cast<size_t>(upto(static_cast<int>(kinds.size()) - 1))];
  }
  if (upto(3) == 0) receiver.latency = seconds(15);
  return receiver;
}

// The engine and its database, as far as the queue sees them.
class Simulation {
 public:
  Simulation(const Receiver& receiver, std::minstd_rand& random)
      : receiver_(receiver), random_(random), queue_({.fence = 1, .position = 0}, 4, kStart) {
    std::vector<DeliveryItem> items;
    for (int64_t index = 1; index <= kEvents; ++index) {
      const size_t bytes = std::uniform_int_distribution<size_t>(1, 1000)(random);
      items.push_back({.index = index,
                       .event_id = base::Uuid::MakeV7(kStart),
                       .type = "order.paid",
                       .body = std::make_shared<const std::string>(bytes, 'x')});
      all_[index] = items.back();
    }
    queue_.AddEvents(std::move(items), kEvents);
  }

  void Run() {
    // Every retry of the schedule, with its jitter and what a receiver that is away adds.
    const Time end = kStart + hours(24) * 21;
    while (now_ < end && !Done() && !disabled()) {
      Finish();
      Flush();
      Load();
      while (auto item = queue_.Take(now_, true)) {
        if (!first_try_.contains(item->index)) first_try_[item->index] = now_;
        in_flight_.push_back({now_ + receiver_.latency, now_, *std::move(item)});
      }
      now_ = Next(end);
    }
  }

  // Five days without a success: nothing is lost, but nobody is there.
  bool disabled() const { return !queue_.disable_reason().empty(); }
  bool Done() const { return delivered_.size() + exhausted_.size() == all_.size(); }
  const std::map<int64_t, Time>& delivered() const { return delivered_; }
  const std::map<int64_t, int>& exhausted() const { return exhausted_; }
  const std::map<int64_t, Time>& first_try() const { return first_try_; }
  const DeliveryItem& item(int64_t index) const { return all_.at(index); }

 private:
  struct Flight {
    Time done;
    Time begun;
    DeliveryItem item;
  };

  void Finish() {
    for (auto next = in_flight_.begin(); next != in_flight_.end();) {
      if (next->done > now_) {
        ++next;
        continue;
      }
      // It is there or not at the end of the request.
      const HttpResult result = receiver_.Answer(next->item, now_);
      if (result.ok()) delivered_.emplace(next->item.index, now_);
      queue_.OnResult(next->item, result, next->begun, now_, random_());
      next = in_flight_.erase(next);
    }
  }

  void Flush() {
    storage::DeliveryFlush flush;
    queue_.CollectInto(flush);
    for (const auto& settled : flush.settled) exceptions_.erase(settled.event_index);
    for (const auto& exception : flush.exceptions) {
      exceptions_[exception.event_index] = exception;
      if (exception.state == storage::DeliveryState::kExhausted) {
        exhausted_[exception.event_index] = exception.attempts;
        exceptions_.erase(exception.event_index);
      }
    }
  }

  // As the engine reads exceptions that are due.
  void Load() {
    if (!queue_.next_due() || *queue_.next_due() > now_ || queue_.retries_ready() > 0) return;
    const std::vector<int64_t> held = queue_.retries_held();
    queue_.BeginRetries();
    std::vector<DeliveryItem> due;
    std::optional<Time> next;
    for (const auto& [index, exception] : exceptions_) {
      if (std::ranges::find(held, index) != held.end()) continue;
      if (exception.due <= now_) {
        due.push_back(all_.at(index));
        due.back().attempts = exception.attempts;
      } else if (!next || exception.due < *next) {
        next = exception.due;
      }
    }
    queue_.AddRetries(std::move(due), next);
  }

  // Nothing happens between two ticks of a second but answers.
  Time Next(Time end) const {
    Time next = now_ + seconds(1);
    if (queue_.ready() == 0 && queue_.retries_ready() == 0 && in_flight_.empty()) {
      next = std::max(next, queue_.next_due().value_or(end));
    }
    for (const Flight& flight : in_flight_) next = std::min(next, flight.done);
    return next;
  }

  const Receiver& receiver_;
  std::minstd_rand& random_;
  EndpointQueue queue_;
  Time now_ = kStart;
  std::map<int64_t, DeliveryItem> all_;
  std::vector<Flight> in_flight_;
  std::map<int64_t, storage::ExceptionRecord> exceptions_;
  std::map<int64_t, Time> first_try_;
  std::map<int64_t, Time> delivered_;
  std::map<int64_t, int> exhausted_;
};

TEST(EndpointQueuePropertyTest, EveryEventIsDeliveredOrExhaustedAndWaitsForNoOther) {
  int disabled = 0;
  for (unsigned seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE(seed);
    std::minstd_rand random(seed);
    const Receiver receiver = Draw(random);
    Simulation run(receiver, random);
    run.Run();
    if (run.disabled()) {
      ++disabled;
      continue;
    }
    ASSERT_TRUE(run.Done()) << run.delivered().size() << " + " << run.exhausted().size();
    for (const auto& [index, attempts] : run.exhausted()) EXPECT_EQ(attempts, kMaxAttempts);
    if (receiver.period == Duration(0)) {
      // Never away: what it wants arrives at once, however much it refuses.
      for (int64_t index = 1; index <= kEvents; ++index) {
        EXPECT_EQ(run.delivered().contains(index), receiver.Wants(run.item(index))) << index;
        if (!receiver.Wants(run.item(index))) continue;
        EXPECT_LE(run.delivered().at(index) - kStart, receiver.latency * kEvents + kSlack) << index;
      }
    }
    // Every event has had its first attempt soon after the receiver was there, whatever became of
    // the others. One that is never there for as long as it may take to notice is beyond promises.
    if (receiver.period - receiver.down < kNoticed + receiver.latency * kEvents + kSlack) continue;
    for (const auto& [index, first] : run.first_try()) {
      EXPECT_LE(first - kStart, receiver.down + kNoticed + receiver.latency * kEvents + kSlack)
          << index;
    }
  }
  EXPECT_LT(disabled, 15);
}

}  // namespace
}  // namespace gatehouse::service::delivery
