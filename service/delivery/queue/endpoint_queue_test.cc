#include "service/delivery/queue/endpoint_queue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gatehouse::service::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const base::Time kNow = base::TimeFromMicros(1'800'000'000'000'000);

HttpResult Answer(int status) {
  return {.status_code = status, .error_class = status < 300 ? "" : "status"};
}

std::vector<DeliveryItem> Items(int64_t from, int64_t to) {
  std::vector<DeliveryItem> items;
  for (int64_t index = from; index <= to; ++index) {
    items.push_back({.index = index,
                     .event_id = base::Uuid::MakeV7(kNow),
                     .type = "order.paid",
                     .body = std::make_shared<const std::string>("body")});
  }
  return items;
}

EndpointQueue MakeQueue(int max_in_flight = 4) {
  return EndpointQueue({.fence = 3, .position = 10}, max_in_flight, kNow);
}

storage::DeliveryFlush Collect(EndpointQueue& queue) {
  storage::DeliveryFlush flush;
  queue.CollectInto(flush);
  return flush;
}

TEST(EndpointQueueTest, ThePositionMovesOverTheSettledPrefixOnly) {
  EndpointQueue queue = MakeQueue();
  queue.AddEvents(Items(11, 14), 20);
  std::vector<DeliveryItem> taken;
  while (auto item = queue.Take(kNow, true)) taken.push_back(*item);
  ASSERT_EQ(taken.size(), 4u);
  EXPECT_EQ(queue.position(), 10);
  queue.OnResult(taken[2], Answer(200), kNow, kNow, 0);
  queue.OnResult(taken[1], Answer(200), kNow, kNow, 0);
  EXPECT_EQ(queue.position(), 10);
  queue.OnResult(taken[0], Answer(200), kNow, kNow, 0);
  EXPECT_EQ(queue.position(), 13);
  // The last one settled: everything that was read is, wanted or not.
  queue.OnResult(taken[3], Answer(200), kNow, kNow, 0);
  EXPECT_EQ(queue.position(), 20);
  EXPECT_TRUE(queue.dirty());
  EXPECT_EQ(Collect(queue).attempts.size(), 4u);
  EXPECT_TRUE(queue.IdleAt(20));
}

TEST(EndpointQueueTest, AFailureBecomesAnExceptionAndThePositionMovesOn) {
  EndpointQueue queue = MakeQueue();
  queue.AddEvents(Items(11, 11), 11);
  const DeliveryItem item = *queue.Take(kNow, true);
  queue.OnResult(item, Answer(500), kNow, kNow, 0);
  EXPECT_EQ(queue.position(), 11);
  EXPECT_EQ(queue.next_due(), kNow + seconds(5));
  const storage::DeliveryFlush flush = Collect(queue);
  ASSERT_EQ(flush.exceptions.size(), 1u);
  EXPECT_EQ(flush.exceptions[0].attempts, 1);
  EXPECT_EQ(flush.progress[0].failing_since, kNow);
}

TEST(EndpointQueueTest, ARetryThatSucceedsRemovesItsException) {
  EndpointQueue queue({.fence = 3, .position = 10, .next_due = kNow}, 4, kNow);
  std::vector<DeliveryItem> items = Items(5, 5);
  items[0].attempts = 2;
  queue.BeginRetries();
  queue.AddRetries(items, std::nullopt);
  const DeliveryItem item = *queue.Take(kNow, true);
  EXPECT_TRUE(item.is_retry);
  queue.OnResult(item, Answer(200), kNow, kNow, 0);
  const storage::DeliveryFlush flush = Collect(queue);
  ASSERT_EQ(flush.settled.size(), 1u);
  EXPECT_EQ(flush.settled[0].event_index, 5);
  EXPECT_EQ(flush.settled[0].attempts, 2);
  EXPECT_EQ(flush.progress[0].position, 10);
}

TEST(EndpointQueueTest, ExceptionsThatComeUpWhileReadingOnesAreNotForgotten) {
  EndpointQueue queue = MakeQueue();
  queue.AddEvents(Items(11, 11), 11);
  const DeliveryItem item = *queue.Take(kNow, true);
  queue.BeginRetries();
  queue.OnResult(item, Answer(500), kNow, kNow, 0);
  queue.AddRetries({}, kNow + seconds(900));
  EXPECT_EQ(queue.next_due(), kNow + seconds(5));
}

TEST(EndpointQueueTest, WhatBeganAnewIsReadAgainAndNotSentAsItWas) {
  EndpointQueue queue = MakeQueue();
  queue.BeginRetries();
  queue.AddRetries(Items(5, 6), kNow + seconds(900));
  const DeliveryItem in_flight = *queue.Take(kNow, true);
  queue.ReadRetriesAnew(kNow);
  EXPECT_EQ(queue.retries_ready(), 0u);
  EXPECT_EQ(queue.next_due(), kNow);
  // Whoever reads now does not see what is in flight, and looks once more after that.
  queue.BeginRetries();
  queue.AddRetries({}, kNow + seconds(900));
  EXPECT_EQ(queue.next_due(), kNow + seconds(900));
  queue.OnResult(in_flight, Answer(500), kNow, kNow + seconds(1), 0);
  EXPECT_EQ(queue.next_due(), kNow + seconds(1));
}

TEST(EndpointQueueTest, WhatIsBeingReadWhenSomethingBeginsAnewIsReadOnceMore) {
  EndpointQueue queue = MakeQueue();
  queue.BeginRetries();
  queue.ReadRetriesAnew(kNow);
  queue.AddRetries(Items(5, 5), kNow + seconds(900));
  EXPECT_EQ(queue.retries_ready(), 0u);
  EXPECT_EQ(queue.next_due(), kNow);
  queue.BeginRetries();
  queue.AddRetries(Items(5, 5), std::nullopt);
  EXPECT_EQ(queue.retries_ready(), 1u);
}

TEST(EndpointQueueTest, FirstAttemptsComeFirstButDoNotStarveRetries) {
  EndpointQueue queue = MakeQueue(32);
  queue.AddEvents(Items(11, 22), 22);
  queue.BeginRetries();
  queue.AddRetries(Items(1, 3), std::nullopt);
  std::string order;
  for (int i = 0; i < 12; ++i) order += queue.Take(kNow, true)->is_retry ? 'r' : 'f';
  EXPECT_EQ(order, "fffrfffrfffr");
  queue.BeginRetries();
  queue.AddRetries(Items(4, 4), std::nullopt);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(queue.Take(kNow, false)->is_retry);
  EXPECT_FALSE(queue.Take(kNow, false).has_value());
  EXPECT_TRUE(queue.Take(kNow, true)->is_retry);
}

TEST(EndpointQueueTest, SlowsDownOnOverloadAndRecovers) {
  EndpointQueue queue = MakeQueue(4);
  queue.AddEvents(Items(11, 60), 60);
  const DeliveryItem first = *queue.Take(kNow, true);
  queue.OnResult(first, Answer(429), kNow, kNow, 0);
  EXPECT_TRUE(queue.Take(kNow, true));
  EXPECT_TRUE(queue.Take(kNow, true));
  EXPECT_FALSE(queue.Take(kNow, true));
  // A refusal of one event is no overload.
  EndpointQueue other = MakeQueue(2);
  other.AddEvents(Items(11, 20), 20);
  other.OnResult(*other.Take(kNow, true), Answer(400), kNow, kNow, 0);
  EXPECT_TRUE(other.Take(kNow, true));
  EXPECT_TRUE(other.Take(kNow, true));
}

TEST(EndpointQueueTest, AFailedCanaryKeepsItsAttemptsAndAnotherEventIsNext) {
  EndpointQueue queue({.fence = 1, .position = 10, .consecutive_failures = 5, .breaker_open = true},
                      4, kNow);
  queue.AddEvents(Items(11, 13), 13);
  const DeliveryItem canary = *queue.Take(kNow, true);
  EXPECT_TRUE(canary.is_canary);
  EXPECT_FALSE(queue.Take(kNow, true));
  queue.OnResult(canary, Answer(503), kNow, kNow, 0);
  EXPECT_EQ(queue.position(), 10);
  EXPECT_EQ(queue.ready(), 3u);
  const storage::DeliveryFlush flush = Collect(queue);
  EXPECT_EQ(flush.attempts.size(), 1u);
  EXPECT_TRUE(flush.exceptions.empty());
  EXPECT_FALSE(queue.Take(kNow + seconds(29), true));
  const DeliveryItem again = *queue.Take(kNow + seconds(30), true);
  EXPECT_EQ(again.index, 12);
  queue.OnResult(again, Answer(200), kNow, kNow, 0);
  EXPECT_EQ(queue.position(), 10);
  EXPECT_TRUE(queue.Take(kNow + seconds(30), true));
}

TEST(EndpointQueueTest, RefusalsOpenNoBreaker) {
  EndpointQueue queue = MakeQueue(1);
  queue.AddEvents(Items(11, 40), 40);
  for (const int status : {400, 401, 403, 404, 405, 406, 409, 413, 415, 418, 422, 451, 499}) {
    const auto item = queue.Take(kNow, true);
    ASSERT_TRUE(item) << status;
    queue.OnResult(*item, Answer(status), kNow, kNow, 0);
  }
  EXPECT_FALSE(queue.breaker().open());
  const storage::DeliveryFlush flush = Collect(queue);
  EXPECT_EQ(flush.exceptions.size(), 13u);
  EXPECT_EQ(flush.progress[0].consecutive_failures, 13);
}

TEST(EndpointQueueTest, OnlyAReceiverThatIsDownOpensIt) {
  for (const HttpResult& down :
       {Answer(500), Answer(503), Answer(408), Answer(425), Answer(429), Answer(302),
        HttpResult{.error_class = "refused"}, HttpResult{.error_class = "timeout"},
        HttpResult{.error_class = "dns"}, HttpResult{.error_class = "tls"},
        HttpResult{.error_class = "blocked"}, HttpResult{.error_class = "transport"},
        HttpResult{.error_class = "too_large"}}) {
    EndpointQueue queue = MakeQueue(1);
    queue.AddEvents(Items(11, 20), 20);
    for (int i = 0; i < 5; ++i) {
      ASSERT_FALSE(queue.breaker().open());
      queue.OnResult(*queue.Take(kNow, true), down, kNow, kNow, 0);
    }
    EXPECT_TRUE(queue.breaker().open()) << down.error_class << down.status_code;
    // One refusal: it is back.
    queue.OnResult(*queue.Take(kNow + seconds(30), true), Answer(422), kNow, kNow, 0);
    EXPECT_FALSE(queue.breaker().open());
  }
}

TEST(EndpointQueueTest, RetryAfterHoldsTheWholeEndpoint) {
  for (const int status : {429, 503}) {
    EndpointQueue queue = MakeQueue(4);
    queue.AddEvents(Items(11, 25), 25);
    HttpResult answer = Answer(status);
    answer.retry_after = "100";
    queue.OnResult(*queue.Take(kNow, true), answer, kNow, kNow, 0);
    EXPECT_FALSE(queue.Take(kNow + seconds(99), true)) << status;
    EXPECT_TRUE(queue.Take(kNow + seconds(100), true)) << status;
  }
  // Also the canaries, and never longer than an hour.
  EndpointQueue queue = MakeQueue(1);
  queue.AddEvents(Items(11, 25), 25);
  HttpResult answer = Answer(429);
  for (int i = 0; i < 5; ++i) {
    if (i == 4) answer.retry_after = "100000";
    queue.OnResult(*queue.Take(kNow, true), answer, kNow, kNow, 0);
  }
  EXPECT_FALSE(queue.Take(kNow + seconds(3599), true));
  EXPECT_TRUE(queue.Take(kNow + seconds(3600), true));
  // Of another status it is the event's alone.
  EndpointQueue other = MakeQueue(1);
  other.AddEvents(Items(11, 25), 25);
  answer = Answer(422);
  answer.retry_after = "100";
  other.OnResult(*other.Take(kNow, true), answer, kNow, kNow, 0);
  EXPECT_TRUE(other.Take(kNow, true));
}

TEST(EndpointQueueTest, CanariesAreByTurnsRetriesAndFirstAttempts) {
  EndpointQueue queue({.fence = 1, .position = 10, .consecutive_failures = 5, .breaker_open = true},
                      4, kNow);
  queue.AddEvents(Items(11, 14), 14);
  queue.AddRetries(Items(1, 4), std::nullopt);
  base::Time now = kNow;
  std::vector<bool> retries;
  for (int i = 0; i < 4; ++i) {
    const DeliveryItem canary = *queue.Take(now, true);
    retries.push_back(canary.is_retry);
    queue.OnResult(canary, Answer(503), now, now, 0);
    now = queue.breaker().next_canary();
  }
  EXPECT_NE(retries[0], retries[1]);
  EXPECT_EQ(retries[0], retries[2]);
  EXPECT_EQ(retries[1], retries[3]);
}

TEST(EndpointQueueTest, GoneAsksForDisabling) {
  EndpointQueue queue = MakeQueue();
  queue.AddEvents(Items(11, 11), 11);
  queue.OnResult(*queue.Take(kNow, true), Answer(410), kNow, kNow, 0);
  EXPECT_EQ(queue.disable_reason(), "gone");
  // It was not delivered: whoever enables the endpoint again gets it.
  EXPECT_EQ(Collect(queue).exceptions.size(), 1u);
}

TEST(EndpointQueueTest, AnAnswerThatBrokeOffAsksForNothing) {
  for (const char* broken : {"transport", "timeout", "too_large"}) {
    EndpointQueue gone = MakeQueue(1);
    gone.AddEvents(Items(11, 20), 20);
    for (int i = 0; i < 5; ++i) {
      ASSERT_FALSE(gone.breaker().open()) << broken;
      gone.OnResult(*gone.Take(kNow, true), {.status_code = 410, .error_class = broken}, kNow, kNow,
                    0);
      EXPECT_EQ(gone.disable_reason(), "") << broken;
    }
    EXPECT_TRUE(gone.breaker().open()) << broken;

    EndpointQueue held = MakeQueue(1);
    held.AddEvents(Items(11, 20), 20);
    held.OnResult(*held.Take(kNow, true),
                  {.status_code = 503, .error_class = broken, .retry_after = "100"}, kNow, kNow, 0);
    EXPECT_TRUE(held.Take(kNow, true)) << broken;
    // Nor is its next attempt any later.
    EXPECT_EQ(Collect(held).exceptions.at(0).due, kNow + seconds(5)) << broken;
  }
}

TEST(EndpointQueueTest, FiveDaysOfFailuresAndTwoExhaustedEventsAskForDisabling) {
  constexpr base::Duration kFiveDays = std::chrono::days(5);
  const auto reason = [](base::Duration failing_for, int32_t exhausted, int status) {
    EndpointQueue queue({.fence = 3,
                         .position = 10,
                         .failing_since = kNow - failing_for,
                         .exhausted_count = exhausted},
                        4, kNow);
    queue.AddEvents(Items(11, 11), 11);
    queue.OnResult(*queue.Take(kNow, true), Answer(status), kNow, kNow, 0);
    return queue.disable_reason();
  };
  EXPECT_EQ(reason(kFiveDays, 2, 500), "failing");
  EXPECT_EQ(reason(kFiveDays - base::Duration(1), 2, 500), "");
  EXPECT_EQ(reason(kFiveDays, 1, 500), "");
  EXPECT_EQ(reason(kFiveDays, 2, 410), "gone");
  EXPECT_EQ(reason(kFiveDays, 2, 200), "");
}

TEST(EndpointQueueTest, ASuccessBeginsThoseFiveDaysAnew) {
  EndpointQueue queue({.fence = 3,
                       .position = 10,
                       .failing_since = kNow - std::chrono::days(5),
                       .exhausted_count = 2},
                      4, kNow);
  queue.AddEvents(Items(11, 12), 12);
  queue.OnResult(*queue.Take(kNow, true), Answer(200), kNow, kNow, 0);
  queue.OnResult(*queue.Take(kNow, true), Answer(500), kNow, kNow, 0);
  EXPECT_EQ(queue.disable_reason(), "");
  const storage::DeliveryFlush flush = Collect(queue);
  EXPECT_EQ(flush.progress[0].failing_since, kNow);
  EXPECT_EQ(flush.progress[0].exhausted_count, 0);
}

TEST(EndpointQueueTest, IsIdleWhenNothingIsLeftToDoOrToTell) {
  EndpointQueue queue = MakeQueue();
  EXPECT_TRUE(queue.IdleAt(10));
  EXPECT_FALSE(queue.IdleAt(11)) << "there is more in the log";
  queue.AddEvents(Items(11, 11), 11);
  EXPECT_FALSE(queue.IdleAt(11)) << "an event waits";
  const DeliveryItem item = *queue.Take(kNow, true);
  EXPECT_FALSE(queue.IdleAt(11)) << "a request is in flight";
  queue.OnResult(item, Answer(200), kNow, kNow, 0);
  EXPECT_FALSE(queue.IdleAt(11)) << "its end is not written";
  Collect(queue);
  EXPECT_TRUE(queue.IdleAt(11));
  queue.BeginRetries();
  queue.AddRetries(Items(5, 5), std::nullopt);
  EXPECT_FALSE(queue.IdleAt(11)) << "a retry waits";
}

TEST(EndpointQueueTest, AnotherLimitCountsAtOnce) {
  EndpointQueue queue = MakeQueue(1);
  queue.AddEvents(Items(11, 20), 20);
  EXPECT_TRUE(queue.Take(kNow, true));
  EXPECT_FALSE(queue.Take(kNow, true));
  queue.set_max_in_flight(2);
  const DeliveryItem item = *queue.Take(kNow, true);
  EXPECT_FALSE(queue.Take(kNow, true));
  // The same again changes nothing of what was learned.
  queue.OnResult(item, Answer(500), kNow, kNow, 0);
  queue.set_max_in_flight(2);
  EXPECT_FALSE(queue.Take(kNow, true));
}

// Else all of a backlog would be read for a key that waits, however long nothing can be written.
TEST(EndpointQueueTest, WhatIsToWaitAsARowCountsAsReadUntilItIsWritten) {
  EndpointQueue queue({.fence = 3, .position = 10, .held_keys = {"a"}}, 4, kNow);
  std::vector<DeliveryItem> items = Items(11, 310);
  for (DeliveryItem& item : items) item.ordering_key = "a";
  queue.AddEvents(std::move(items), 310);
  EXPECT_EQ(queue.ready(), 0u);
  EXPECT_EQ(queue.loaded(), 300u);
  EXPECT_EQ(Collect(queue).exceptions.size(), 300u);
  EXPECT_EQ(queue.loaded(), 0u);
}

// Who comes after a kill learns of what was made due by the position's row alone.
TEST(EndpointQueueTest, WhatAFlushMayMakeDueIsSaidByThatFlush) {
  std::vector<std::string> held;
  for (int64_t i = 0; i <= storage::kMaxHeldKeys; ++i) held.push_back("k" + std::to_string(i));
  EndpointQueue queue(
      {.fence = 3, .position = 10, .next_due = kNow + seconds(900), .held_keys = held}, 4, kNow);
  std::vector<DeliveryItem> items = Items(11, 11);
  items[0].ordering_key = "unknown";
  queue.AddEvents(std::move(items), 11);
  const storage::DeliveryFlush flush = Collect(queue);
  ASSERT_EQ(flush.releases.size(), 1u);
  EXPECT_EQ(flush.progress[0].next_due, kNow);
}

// Who waits for the rate comes back when that is over: not for what goes on without an end.
TEST(EndpointQueueTest, ItsRateIsNotWhatHoldsItBackOnceSomethingElseDoes) {
  EndpointQueue queue = MakeQueue(2);
  queue.set_pace({.rate = 1, .burst = 1}, kNow);
  queue.AddEvents(Items(11, 13), 13);
  ASSERT_TRUE(queue.Take(kNow, true).has_value());
  EXPECT_FALSE(queue.Take(kNow, true).has_value());
  EXPECT_GT(queue.paced_until(), kNow);
  queue.set_max_in_flight(1);
  EXPECT_FALSE(queue.Take(kNow + seconds(2), true).has_value());
  EXPECT_FALSE(queue.paced_until().has_value());
}

TEST(EndpointQueueTest, AStoppedQueueTakesNothing) {
  EndpointQueue queue = MakeQueue();
  queue.AddEvents(Items(11, 11), 11);
  queue.Stop();
  EXPECT_FALSE(queue.Take(kNow, true));
  EXPECT_EQ(queue.position(), 10);
}

// One after the other, a second apart, from kNow on.
std::vector<DeliveryItem> SecondsApart(int64_t from, int64_t to) {
  std::vector<DeliveryItem> items = Items(from, to);
  for (DeliveryItem& item : items) {
    item.event_id = base::Uuid::MakeV7(kNow + seconds(item.index - from));
  }
  return items;
}

TEST(EndpointQueueTest, TheOldestUnsettledIsTheFirstThatWaitsOrIsInFlight) {
  EndpointQueue queue = MakeQueue();
  EXPECT_EQ(queue.oldest_unsettled(), std::nullopt);
  queue.AddEvents(SecondsApart(11, 14), 14);
  EXPECT_EQ(queue.oldest_unsettled(), kNow);
  const DeliveryItem first = *queue.Take(kNow, true);
  const DeliveryItem second = *queue.Take(kNow, true);
  EXPECT_EQ(queue.oldest_unsettled(), kNow);
  queue.OnResult(first, Answer(200), kNow, kNow, 0);
  EXPECT_EQ(queue.oldest_unsettled(), kNow + seconds(1));
  // What has failed goes by its schedule.
  queue.OnResult(second, Answer(422), kNow, kNow, 0);
  EXPECT_EQ(queue.oldest_unsettled(), kNow + seconds(2));
  while (const auto item = queue.Take(kNow, true)) {
    queue.OnResult(*item, Answer(200), kNow, kNow, 0);
  }
  EXPECT_EQ(queue.oldest_unsettled(), std::nullopt);
  EXPECT_TRUE(queue.IsHealthy(kNow));
}

TEST(EndpointQueueTest, IsNotHealthyWhileItIsStoppedOrItsReceiverIsDownOrAsksToBeLeftAlone) {
  EndpointQueue stopped = MakeQueue();
  stopped.Stop();
  EXPECT_FALSE(stopped.IsHealthy(kNow));

  EndpointQueue down = MakeQueue(1);
  down.AddEvents(Items(11, 16), 16);
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(down.IsHealthy(kNow));
    down.OnResult(*down.Take(kNow, true), Answer(500), kNow, kNow, 0);
  }
  EXPECT_FALSE(down.IsHealthy(kNow));
  // Nor when a canary may be sent.
  EXPECT_FALSE(down.IsHealthy(kNow + seconds(60)));

  EndpointQueue held = MakeQueue();
  held.AddEvents(Items(11, 12), 12);
  HttpResult answer = Answer(429);
  answer.retry_after = "100";
  held.OnResult(*held.Take(kNow, true), answer, kNow, kNow, 0);
  EXPECT_FALSE(held.IsHealthy(kNow + seconds(99)));
  EXPECT_TRUE(held.IsHealthy(kNow + seconds(100)));
}

TEST(EndpointQueueTest, IsNotHealthyWhileItsRateHoldsBackWhatIsThere) {
  EndpointQueue queue = MakeQueue();
  queue.set_pace({.rate = 1, .burst = 1}, kNow);
  queue.AddEvents(SecondsApart(11, 13), 13);
  queue.OnResult(*queue.Take(kNow, true), Answer(200), kNow, kNow, 0);
  EXPECT_TRUE(queue.IsHealthy(kNow));
  EXPECT_FALSE(queue.Take(kNow, true));
  EXPECT_FALSE(queue.IsHealthy(kNow));
  // Also between one that may go and the next one that may not.
  queue.OnResult(*queue.Take(kNow + seconds(2), true), Answer(200), kNow, kNow + seconds(2), 0);
  EXPECT_FALSE(queue.IsHealthy(kNow + seconds(2)));
  const base::Time later = kNow + seconds(4);
  const DeliveryItem last = *queue.Take(later, true);
  // All that is there may go. That the last one comes late is not the receiver's doing.
  EXPECT_TRUE(queue.IsHealthy(later));
  EXPECT_EQ(queue.oldest_unsettled(), std::nullopt);
  // What comes from now on counts.
  queue.AddEvents(SecondsApart(14, 14), 14);
  EXPECT_EQ(queue.oldest_unsettled(), kNow);
  queue.OnResult(last, Answer(200), later, later, 0);
  EXPECT_EQ(queue.oldest_unsettled(), kNow);
}

TEST(EndpointQueueTest, IsHealthyAgainWithAnotherRate) {
  EndpointQueue queue = MakeQueue();
  queue.set_pace({.rate = 1, .burst = 1}, kNow);
  queue.AddEvents(Items(11, 13), 13);
  queue.Take(kNow, true);
  EXPECT_FALSE(queue.Take(kNow, true));
  queue.set_pace({.rate = 1, .burst = 1}, kNow);
  EXPECT_FALSE(queue.IsHealthy(kNow));
  queue.set_pace({}, kNow);
  EXPECT_TRUE(queue.IsHealthy(kNow));
}

TEST(EndpointQueueTest, KeepsTheHeadOfAnAnswerAsValidText) {
  EXPECT_EQ(ResponseHead("plain"), "plain");
  ASSERT_EQ(kMaxResponseBytes, 16u * 1024);
  const std::string full(kMaxResponseBytes, 'x');
  EXPECT_EQ(ResponseHead(full), full);
  EXPECT_EQ(ResponseHead(full + "x"), full);
  // The sender hands over no more than it keeps, so the cut through a character may
  // be there already.
  for (const std::string character : {"\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
    for (size_t kept = 1; kept <= character.size(); ++kept) {
      const std::string before(kMaxResponseBytes - kept, 'x');
      const bool whole = kept == character.size();
      EXPECT_EQ(ResponseHead(before + character), whole ? before + character : before) << kept;
      EXPECT_EQ(ResponseHead(before + character.substr(0, kept)),
                whole ? before + character : before)
          << kept;
    }
  }
  EXPECT_EQ(ResponseHead("a\xff\xfe"), "a??");
  EXPECT_EQ(ResponseHead(std::string("a\0b", 3)), "a?b");
}

}  // namespace
}  // namespace gatehouse::service::delivery
