#include "service/delivery/engine/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/uuid.h"
#include "service/delivery/engine/queue_fixture.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using storage::DeliveryFlush;
using storage::EndpointKey;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using tests::IsOk;

// Sends into a queue, from which the test answers.
class DispatcherTest : public QueueFixture {
 protected:
  // The queue of an endpoint whose URL is `url`, with so many events that wait.
  QueuePtr AddQueue(const std::string& url, int events, const base::Uuid& tenant_id = kTenant) {
    const QueuePtr queue = MakeQueue(NewKey(tenant_id));
    queue->delivery.AddEvents(MakeItems(1, events), events);
    endpoints_.push_back({.tenant_id = tenant_id,
                          .id = queue->delivery.key().endpoint_id,
                          .url = url,
                          .event_types = {"order.*"},
                          .secrets = {{.key = "signing-secret-of-24-byte"}}});
    OnLoop([&] { queues_.Add(queue); });
    ReadSettings();
    return queue;
  }
  void AddRetries(const QueuePtr& queue, int64_t from, int64_t to) {
    queue->delivery.BeginRetries();
    queue->delivery.AddRetries(MakeItems(from, to), std::nullopt);
  }
  void ReadSettings() {
    EXPECT_THAT(runner_.Run<absl::Status>([this] { return cache_.LoadAll(runner_.Context()); }),
                IsOk());
  }
  storage::Endpoint& SettingsOf(const QueuePtr& queue) {
    return *std::ranges::find(endpoints_, queue->delivery.key().endpoint_id,
                              &storage::Endpoint::id);
  }

  Dispatcher& Make(Dispatcher::Limits limits) {
    dispatcher_.emplace(
        Dispatcher::Deps{.tasks = tasks_,
                         .presence = presence_,
                         .queues = queues_,
                         .cache = cache_,
                         .flusher = flusher_,
                         .clock = clock_,
                         .send =
                             [this](HttpRequest request, Dispatcher::DoneFn done) {
                               sent_.push_back(request.url);
                               unanswered_.emplace_back(request.url, std::move(done));
                             },
                         .refill = [this](const QueuePtr& queue) { ++refilled_[queue]; },
                         .disable = [this](const QueuePtr& queue) { disabled_.push_back(queue); }},
        limits);
    return *dispatcher_;
  }
  void RequestTurn(const std::vector<QueuePtr>& queues) {
    OnLoop([&] {
      for (const QueuePtr& queue : queues) dispatcher_->RequestTurn(queue);
    });
  }
  // The oldest request, or the oldest one to `url`.
  void Answer(const HttpResult& result = {.status_code = 200}, const std::string& url = "") {
    OnLoop([&] {
      const auto request = std::ranges::find_if(
          unanswered_, [&](const auto& sent) { return url.empty() || sent.first == url; });
      ASSERT_NE(request, unanswered_.end());
      const Dispatcher::DoneFn done = std::move(request->second);
      unanswered_.erase(request);
      done(result);
    });
  }
  // What was sent since the last call, by URL.
  std::vector<std::string> Sent() { return std::exchange(sent_, {}); }

  base::Task<absl::StatusOr<std::vector<storage::Endpoint>>> ReadEndpoints() {
    co_return endpoints_;
  }
  static base::Task<absl::StatusOr<storage::FlushOutcome>> Confirm(DeliveryFlush flush) {
    storage::FlushOutcome outcome;
    for (const auto& progress : flush.progress) outcome.live.push_back(progress.key);
    co_return outcome;
  }
  static base::Task<absl::Status> Nothing() { co_return absl::OkStatus(); }

  static constexpr base::Uuid kTenant = base::kDefaultTenantId;

  std::vector<storage::Endpoint> endpoints_;
  EndpointCache cache_{[this](auto, auto) { return ReadEndpoints(); }};
  Flusher flusher_{{.tasks = tasks_,
                    .queues = queues_,
                    .write = [](DeliveryFlush flush) { return Confirm(std::move(flush)); },
                    .mark = [] { return Nothing(); },
                    .on_written = [this] { dispatcher_->Resume(); }},
                   {.lease = hours(1), .interval = milliseconds(50)}};
  std::vector<std::string> sent_;
  std::deque<std::pair<std::string, Dispatcher::DoneFn>> unanswered_;
  std::map<QueuePtr, int> refilled_;
  std::vector<QueuePtr> disabled_;
  std::optional<Dispatcher> dispatcher_;
};

TEST_F(DispatcherTest, SendsWhenTheLoopComesRoundOnceForAll) {
  Make({.in_flight = 10, .in_flight_per_tenant = 10});
  const QueuePtr a = AddQueue("a", 1);
  const QueuePtr b = AddQueue("b", 2);
  runner_.RunPlain([&] {
    dispatcher_->RequestTurn(a);
    // Again: it has one place.
    dispatcher_->RequestTurn(a);
    dispatcher_->RequestTurn(b);
    EXPECT_THAT(Sent(), IsEmpty());
  });
  AwaitPosted();
  EXPECT_THAT(Sent(), ElementsAre("a", "b", "b"));
  EXPECT_EQ(dispatcher_->in_flight(), 3);
  EXPECT_EQ(refilled_[b], 2);
}

TEST_F(DispatcherTest, TenantsTakeTurnsHoweverLongTheirBacklogs) {
  Make({.in_flight = 4, .in_flight_per_tenant = 100});
  const QueuePtr a1 = AddQueue("a1", 50);
  const QueuePtr a2 = AddQueue("a2", 50);
  const QueuePtr b = AddQueue("b", 50, NewId());
  RequestTurn({a1, a2, b});
  EXPECT_THAT(Sent(), ElementsAre("a1", "b", "a2", "b"));
  // With everything in flight each answer makes room for one: that goes round as well.
  for (int i = 0; i < 4; ++i) Answer();
  EXPECT_THAT(Sent(), ElementsAre("a1", "b", "a2", "b"));
}

TEST_F(DispatcherTest, ATenantAtItsLimitHoldsUpNobody) {
  Make({.in_flight = 10, .in_flight_per_tenant = 2});
  const QueuePtr a = AddQueue("a", 50);
  const QueuePtr b = AddQueue("b", 1, NewId());
  RequestTurn({a});
  EXPECT_THAT(Sent(), ElementsAre("a", "a"));
  RequestTurn({b});
  EXPECT_THAT(Sent(), ElementsAre("b"));
  Answer({.status_code = 200}, "b");
  EXPECT_THAT(Sent(), IsEmpty());
  Answer({.status_code = 200}, "a");
  EXPECT_THAT(Sent(), ElementsAre("a"));
}

TEST_F(DispatcherTest, RetriesGetHalf) {
  Make({.in_flight = 6, .in_flight_per_tenant = 100});
  const QueuePtr failed = AddQueue("retry", 0);
  AddRetries(failed, 1, 10);
  RequestTurn({failed});
  EXPECT_THAT(Sent(), ElementsAre("retry", "retry", "retry"));
  const QueuePtr fresh = AddQueue("first", 10);
  RequestTurn({fresh});
  EXPECT_THAT(Sent(), ElementsAre("first", "first", "first"));
  Answer({.status_code = 200}, "retry");
  EXPECT_EQ(Sent().size(), 1u);
}

TEST_F(DispatcherTest, NothingIsSentWhileResultsPileUp) {
  Make({.in_flight = 1, .in_flight_per_tenant = 1});
  const std::string body(kMaxResponseBytes, 'x');
  const int full = static_cast<int>(Flusher::kMaxUnflushedBytes / kMaxResponseBytes);
  const QueuePtr queue = AddQueue("a", full + 1);
  RequestTurn({queue});
  for (int i = 0; i < full; ++i) Answer({.status_code = 200, .body = body});
  EXPECT_EQ(Sent().size(), static_cast<size_t>(full));
  EXPECT_THAT(runner_.Run<absl::Status>([this] { return flusher_.Flush(); }), IsOk());
  AwaitPosted();
  EXPECT_THAT(Sent(), ElementsAre("a"));
}

TEST_F(DispatcherTest, WaitingQueuesSendNothingOnceTheStopBegins) {
  Make({.in_flight = 2, .in_flight_per_tenant = 2});
  const QueuePtr a = AddQueue("a", 1);
  const QueuePtr b = AddQueue("b", 1);
  RequestTurn({a});
  EXPECT_THAT(Sent(), ElementsAre("a"));
  OnLoop([&] {
    dispatcher_->RequestTurn(b);
    tasks_.BeginStop();
  });
  EXPECT_THAT(Sent(), IsEmpty());
  // The one in flight is taken, to be written; nothing comes after it.
  Answer();
  RequestTurn({b});
  EXPECT_THAT(Sent(), IsEmpty());
  EXPECT_EQ(dispatcher_->in_flight(), 0);
  EXPECT_EQ(flusher_.unflushed(), 1u);
  EXPECT_EQ(a->delivery.position(), 1);
  EXPECT_EQ(b->delivery.position(), 0);
}

TEST_F(DispatcherTest, NothingIsSentWithSettingsThatAreKnownToBeOld) {
  Make({.in_flight = 10, .in_flight_per_tenant = 10});
  const QueuePtr queue = AddQueue("old", 1);
  OnLoop([&] { cache_.MarkStale(kTenant); });
  RequestTurn({queue});
  EXPECT_THAT(Sent(), IsEmpty());
  SettingsOf(queue).url = "new";
  EXPECT_THAT(
      runner_.Run<absl::Status>([this] { return cache_.Reload(runner_.Context(), kTenant); }),
      IsOk());
  RequestTurn({queue});
  EXPECT_THAT(Sent(), ElementsAre("new"));
}

TEST_F(DispatcherTest, WhatChangesOfAnotherEndpointHoldsUpNothing) {
  Make({.in_flight = 10, .in_flight_per_tenant = 10});
  const QueuePtr queue = AddQueue("a", 1);
  OnLoop([&] { cache_.MarkStale(kTenant, base::Uuid()); });
  RequestTurn({queue});
  EXPECT_THAT(Sent(), ElementsAre("a"));
}

TEST_F(DispatcherTest, APausedEndpointsQueueIsStopped) {
  Make({.in_flight = 10, .in_flight_per_tenant = 10});
  const QueuePtr queue = AddQueue("a", 1);
  SettingsOf(queue).state = storage::EndpointState::kPaused;
  ReadSettings();
  RequestTurn({queue});
  EXPECT_THAT(Sent(), IsEmpty());
  EXPECT_TRUE(queue->delivery.stopped());
}

TEST_F(DispatcherTest, NothingIsSentUnderALeaseThatEndsOrIsLost) {
  Make({.in_flight = 10, .in_flight_per_tenant = 10});
  const QueuePtr ending = AddQueue("a", 1);
  ending->lease_until = steady_clock::now() + milliseconds(500);
  const QueuePtr lost = AddQueue("b", 1);
  runner_.RunPlain([&] {
    dispatcher_->RequestTurn(ending);
    dispatcher_->RequestTurn(lost);
    queues_.Remove(lost->delivery.key());
  });
  AwaitPosted();
  EXPECT_THAT(Sent(), IsEmpty());
  // Renewed in time.
  ending->lease_until = steady_clock::now() + hours(1);
  RequestTurn({ending});
  EXPECT_THAT(Sent(), ElementsAre("a"));
}

TEST_F(DispatcherTest, NothingIsSentWhileOthersMayTakeTheInstanceForDead) {
  Make({.in_flight = 10, .in_flight_per_tenant = 10});
  const QueuePtr queue = AddQueue("a", 1);
  OnLoop([this] { presence_.OnUnseen(1); });
  RequestTurn({queue});
  EXPECT_THAT(Sent(), IsEmpty());
  OnLoop([this] { presence_.OnSeen(); });
  RequestTurn({queue});
  EXPECT_THAT(Sent(), IsEmpty()) << "somebody may have leased it meanwhile";
  OnLoop([&] { flusher_.MarkDirty(queue); });
  EXPECT_THAT(runner_.Run<absl::Status>([this] { return flusher_.Flush(); }), IsOk());
  RequestTurn({queue});
  EXPECT_THAT(Sent(), ElementsAre("a"));
}

TEST_F(DispatcherTest, AnAnswerAfterTheLeaseIsLostIsNotWritten) {
  Make({.in_flight = 10, .in_flight_per_tenant = 10});
  const QueuePtr queue = AddQueue("a", 1);
  RequestTurn({queue});
  OnLoop([&] { queues_.Remove(queue->delivery.key()); });
  Answer();
  EXPECT_EQ(flusher_.unflushed(), 0u);
  EXPECT_EQ(dispatcher_->succeeded(), 1u);
  EXPECT_EQ(dispatcher_->in_flight(), 0);
}

TEST_F(DispatcherTest, WhatTheEndpointNoLongerWantsIsSettledUnsent) {
  Make({.in_flight = 1, .in_flight_per_tenant = 1});
  const QueuePtr queue = AddQueue("a", 5);
  SettingsOf(queue).event_types = {"invoice.*"};
  ReadSettings();
  RequestTurn({queue});
  EXPECT_THAT(Sent(), IsEmpty());
  EXPECT_EQ(queue->delivery.position(), 5);
  EXPECT_TRUE(queue->delivery.dirty());
}

TEST_F(DispatcherTest, AGoneReceiverIsSwitchedOffOnce) {
  Make({.in_flight = 10, .in_flight_per_tenant = 10});
  const QueuePtr queue = AddQueue("a", 2);
  RequestTurn({queue});
  Answer({.status_code = 410, .error_class = "status"});
  Answer({.status_code = 410, .error_class = "status"});
  EXPECT_THAT(disabled_, ElementsAre(queue));
  EXPECT_TRUE(queue->delivery.stopped());
  EXPECT_EQ(dispatcher_->failed(), 2u);
}

}  // namespace
}  // namespace gatehouse::service::delivery
