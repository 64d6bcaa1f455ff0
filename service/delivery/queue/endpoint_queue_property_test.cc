// Receivers drawn at random, over days of a clock that is moved: whatever they do, every event is
// delivered or exhausted by its schedule, and none waits for another's retries.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "service/delivery/http/http_sender.h"
#include "service/delivery/queue/breaker.h"
#include "service/delivery/queue/delivery_item.h"
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
// What the events before it in the queue take, and the engine's ticks.
constexpr Duration kSlack = minutes(2);
constexpr Duration kTick = seconds(1);
constexpr int64_t kEvents = 60;
constexpr const char* kTypes[] = {"order.paid", "order.sent", "invoice.due", "user.named",
                                  "cart.left"};

using Random = std::minstd_rand;

// An answer that says that the receiver is there and does not want this.
HttpResult Refusal(int status) { return {.status_code = status, .error_class = "status"}; }

// What a receiver does is a function of the event and the time.
struct Receiver {
  // Events it refuses, for good.
  std::set<std::string> refused_types;
  size_t refuses_above_bytes = 100'000;
  HttpResult refusal = Refusal(422);
  // It is away for `away` out of every `period`, and answers so, if at all.
  Duration period{0};
  Duration away{0};
  HttpResult when_away;
  // That is a refusal: it is there, and wants nothing for the time being.
  bool refuses_when_away = false;
  // For how long it then asks to be left alone.
  Duration hold{0};
  Duration latency = milliseconds(20);

  bool IsAway(Time at) const { return period > Duration(0) && (at - kStart) % period < away; }
  bool Wants(const DeliveryItem& item) const {
    return item.body->size() <= refuses_above_bytes && !refused_types.contains(item.type);
  }
  HttpResult Answer(const DeliveryItem& item, Time at) const {
    if (IsAway(at)) return when_away;
    if (!Wants(item)) return refusal;
    return {.status_code = 204};
  }
  // It gets no answer that says that it is down.
  bool IsNeverDown() const { return period == Duration(0) || refuses_when_away; }
  // So much later one that is back is noticed: the longest distance of canaries, or as it asked.
  Duration NoticedAfter() const { return std::max(kMaxTrialDistance, hold); }
  // What all events take that go one after the other, with a retry for every three of them.
  Duration AllInTurn() const { return latency * kEvents * 4 / 3 + kSlack; }
  // Once it is back it stays for as long as it takes to notice, and for all events.
  bool Stays() const { return period - away >= NoticedAfter() + AllInTurn(); }
};

// What a receiver may be away in.
std::vector<HttpResult> WaysToBeAway() {
  std::vector<HttpResult> ways;
  for (const char* error_class : {"refused", "timeout", "tls", "dns", "transport", "too_large"}) {
    ways.push_back({.error_class = error_class});
  }
  for (const int status : {500, 503, 408, 425, 429}) {
    ways.push_back({.status_code = status, .error_class = "status"});
  }
  ways.push_back({.status_code = 429, .error_class = "status", .retry_after = "30"});
  ways.push_back({.status_code = 503, .error_class = "status", .retry_after = "900"});
  // One that broke off says nothing.
  ways.push_back({.status_code = 410, .error_class = "transport"});
  return ways;
}

Receiver Draw(Random& random) {
  const auto upto = [&](int most) { return std::uniform_int_distribution<int>(0, most)(random); };
  const auto one_of = [&](const auto& all) {
    return all[static_cast<size_t>(upto(static_cast<int>(std::size(all)) - 1))];
  };
  Receiver receiver;
  if (upto(1) == 0) {
    std::vector<std::string> types(std::begin(kTypes), std::end(kTypes));
    std::ranges::shuffle(types, random);
    types.resize(static_cast<size_t>(1 + upto(4)));
    receiver.refused_types = {types.begin(), types.end()};
  }
  if (upto(2) == 0) receiver.refuses_above_bytes = 500;
  receiver.refusal = Refusal(one_of(std::vector{400, 401, 403, 404, 409, 413, 422}));
  if (upto(2) > 0) {
    // Flapping, or away for long.
    receiver.period =
        upto(1) == 0 ? Duration(minutes(1 + upto(30))) : Duration(hours(2 + upto(40)));
    receiver.away = receiver.period * (10 + upto(80)) / 100;
    receiver.refuses_when_away = upto(3) == 0;
    receiver.when_away = receiver.refuses_when_away ? Refusal(one_of(std::vector{401, 404}))
                                                    : one_of(WaysToBeAway());
    receiver.hold = ParseRetryAfter(receiver.when_away.retry_after, kStart).value_or(Duration(0));
  }
  if (upto(3) == 0) receiver.latency = seconds(15);
  return receiver;
}

// The engine and its database, as far as the queue sees them.
class Simulation {
 public:
  Simulation(const Receiver& receiver, Random& random)
      : receiver_(receiver), random_(random), queue_({.fence = 1, .position = 0}, 4, kStart) {
    std::vector<DeliveryItem> items;
    for (int64_t index = 1; index <= kEvents; ++index) {
      const size_t bytes = std::uniform_int_distribution<size_t>(1, 1000)(random);
      items.push_back({.index = index,
                       .event_id = base::Uuid::MakeV7(kStart),
                       .type = kTypes[random() % std::size(kTypes)],
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

  // Nothing happens between two ticks but answers, and nothing before the next canary.
  Time Next(Time end) const {
    Time next = now_ + kTick;
    if (in_flight_.empty() && queue_.ready() == 0 && queue_.retries_ready() == 0) {
      next = std::max(next, queue_.next_due().value_or(end));
    }
    if (in_flight_.empty() && queue_.breaker().open()) {
      next = std::max(next, queue_.breaker().next_canary());
    }
    for (const Flight& flight : in_flight_) next = std::min(next, flight.done);
    return next;
  }

  const Receiver& receiver_;
  Random& random_;
  EndpointQueue queue_;
  Time now_ = kStart;
  std::map<int64_t, DeliveryItem> all_;
  std::vector<Flight> in_flight_;
  std::map<int64_t, storage::ExceptionRecord> exceptions_;
  std::map<int64_t, Time> first_try_;
  std::map<int64_t, Time> delivered_;
  std::map<int64_t, int> exhausted_;
};

// Each event has had its first attempt in time, whatever became of the others, and however the
// receiver fares.
void ExpectFirstAttempts(const Receiver& receiver, const Simulation& run) {
  ASSERT_EQ(run.first_try().size(), static_cast<size_t>(kEvents));
  for (const auto& [index, first] : run.first_try()) {
    const Duration waited = first - kStart;
    // One request is made after the other, also of a receiver that is never there: before this
    // event's at most those of the events before it, and a retry for each.
    EXPECT_LE(waited, 2 * index * (receiver.NoticedAfter() + receiver.latency + kTick)) << index;
    if (receiver.IsNeverDown()) {
      EXPECT_LE(waited, receiver.AllInTurn()) << index;
    } else if (receiver.Stays()) {
      EXPECT_LE(waited, receiver.away + receiver.NoticedAfter() + receiver.AllInTurn()) << index;
    }
  }
}

TEST(EndpointQueuePropertyTest, EveryEventIsDeliveredOrExhaustedAndWaitsForNoOther) {
  constexpr int kRuns = 150;
  int disabled = 0;
  for (unsigned seed = 1; seed <= kRuns; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    // The first number after a small seed is a small one.
    random.discard(1);
    const Receiver receiver = Draw(random);
    Simulation run(receiver, random);
    run.Run();
    ExpectFirstAttempts(receiver, run);
    if (run.disabled()) {
      ++disabled;
      continue;
    }
    ASSERT_TRUE(run.Done()) << run.delivered().size() << " + " << run.exhausted().size();
    for (const auto& [index, attempts] : run.exhausted()) EXPECT_EQ(attempts, kMaxAttempts);
    if (receiver.period > Duration(0)) continue;
    // Never away: what it wants arrives at once, however much it refuses.
    for (int64_t index = 1; index <= kEvents; ++index) {
      EXPECT_EQ(run.delivered().contains(index), receiver.Wants(run.item(index))) << index;
      if (!receiver.Wants(run.item(index))) continue;
      EXPECT_LE(run.delivered().at(index) - kStart, receiver.AllInTurn()) << index;
    }
  }
  EXPECT_LT(disabled, kRuns / 5);
}

}  // namespace
}  // namespace gatehouse::service::delivery
