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
#include "service/delivery/engine/lane_fixture.h"
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
class DispatcherTest : public LaneFixture {
 protected:
  // The lane of an endpoint whose URL is `url`, with so many events that wait.
  LanePtr AddLane(const std::string& url, int events, const base::Uuid& tenant_id = kTenant) {
    const LanePtr lane = MakeLane(NewKey(tenant_id));
    lane->delivery.AddEvents(MakeItems(1, events), events);
    endpoints_.push_back({.tenant_id = tenant_id,
                          .id = lane->delivery.key().endpoint_id,
                          .url = url,
                          .event_types = {"order.*"},
                          .keys = {"signing-secret-of-24-byte"}});
    OnLoop([&] { lanes_.Add(lane); });
    ReadSettings();
    return lane;
  }
  void AddRetries(const LanePtr& lane, int64_t from, int64_t to) {
    lane->delivery.BeginRetries();
    lane->delivery.AddRetries(MakeItems(from, to), std::nullopt);
  }
  void ReadSettings() {
    EXPECT_THAT(runner_.Run<absl::Status>([this] { return cache_.LoadAll(runner_.Context()); }),
                IsOk());
  }
  storage::Endpoint& SettingsOf(const LanePtr& lane) {
    return *std::ranges::find(endpoints_, lane->delivery.key().endpoint_id, &storage::Endpoint::id);
  }

  Dispatcher& Make(Dispatcher::Limits limits) {
    dispatcher_.emplace(
        Dispatcher::Deps{.tasks = tasks_,
                         .lanes = lanes_,
                         .cache = cache_,
                         .flusher = flusher_,
                         .clock = clock_,
                         .send =
                             [this](HttpRequest request, Dispatcher::DoneFn done) {
                               sent_.push_back(request.url);
                               unanswered_.emplace_back(request.url, std::move(done));
                             },
                         .refill = [this](const LanePtr& lane) { ++refilled_[lane]; },
                         .disable = [this](const LanePtr& lane) { disabled_.push_back(lane); }},
        limits);
    return *dispatcher_;
  }
  void Enqueue(const std::vector<LanePtr>& lanes) {
    OnLoop([&] {
      for (const LanePtr& lane : lanes) dispatcher_->Enqueue(lane);
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
  static base::Task<absl::StatusOr<std::vector<EndpointKey>>> Confirm(DeliveryFlush flush) {
    std::vector<EndpointKey> keys;
    for (const storage::DeliveryProgress& progress : flush.progress) keys.push_back(progress.key);
    co_return keys;
  }
  static base::Task<absl::Status> Nothing() { co_return absl::OkStatus(); }

  static constexpr base::Uuid kTenant = base::kDefaultTenantId;

  std::vector<storage::Endpoint> endpoints_;
  EndpointCache cache_{[this](auto, auto) { return ReadEndpoints(); }};
  Flusher flusher_{{.tasks = tasks_,
                    .lanes = lanes_,
                    .write = [](DeliveryFlush flush) { return Confirm(std::move(flush)); },
                    .mark = [] { return Nothing(); },
                    .on_written = [this] { dispatcher_->Resume(); }},
                   {.lease = hours(1), .interval = milliseconds(50)}};
  std::vector<std::string> sent_;
  std::deque<std::pair<std::string, Dispatcher::DoneFn>> unanswered_;
  std::map<LanePtr, int> refilled_;
  std::vector<LanePtr> disabled_;
  std::optional<Dispatcher> dispatcher_;
};

TEST_F(DispatcherTest, SendsInTheLoopsNextTurnOnceForAll) {
  Make({.in_flight = 10, .in_flight_per_tenant = 10});
  const LanePtr a = AddLane("a", 1);
  const LanePtr b = AddLane("b", 2);
  runner_.RunPlain([&] {
    dispatcher_->Enqueue(a);
    // Again: it has one place.
    dispatcher_->Enqueue(a);
    dispatcher_->Enqueue(b);
    EXPECT_THAT(Sent(), IsEmpty());
  });
  AwaitPosted();
  EXPECT_THAT(Sent(), ElementsAre("a", "b", "b"));
  EXPECT_EQ(dispatcher_->in_flight(), 3);
  EXPECT_EQ(refilled_[b], 2);
}

TEST_F(DispatcherTest, TenantsTakeTurnsHoweverLongTheirBacklogs) {
  Make({.in_flight = 4, .in_flight_per_tenant = 100});
  const LanePtr a1 = AddLane("a1", 50);
  const LanePtr a2 = AddLane("a2", 50);
  const LanePtr b = AddLane("b", 50, NewId());
  Enqueue({a1, a2, b});
  EXPECT_THAT(Sent(), ElementsAre("a1", "b", "a2", "b"));
  // With everything in flight each answer makes room for one: that goes round as well.
  for (int i = 0; i < 4; ++i) Answer();
  EXPECT_THAT(Sent(), ElementsAre("a1", "b", "a2", "b"));
}

TEST_F(DispatcherTest, ATenantAtItsLimitHoldsUpNobody) {
  Make({.in_flight = 10, .in_flight_per_tenant = 2});
  const LanePtr a = AddLane("a", 50);
  const LanePtr b = AddLane("b", 1, NewId());
  Enqueue({a});
  EXPECT_THAT(Sent(), ElementsAre("a", "a"));
  Enqueue({b});
  EXPECT_THAT(Sent(), ElementsAre("b"));
  Answer({.status_code = 200}, "b");
  EXPECT_THAT(Sent(), IsEmpty());
  Answer({.status_code = 200}, "a");
  EXPECT_THAT(Sent(), ElementsAre("a"));
}

TEST_F(DispatcherTest, RetriesGetHalf) {
  Make({.in_flight = 6, .in_flight_per_tenant = 100});
  const LanePtr failed = AddLane("retry", 0);
  AddRetries(failed, 1, 10);
  Enqueue({failed});
  EXPECT_THAT(Sent(), ElementsAre("retry", "retry", "retry"));
  const LanePtr fresh = AddLane("first", 10);
  Enqueue({fresh});
  EXPECT_THAT(Sent(), ElementsAre("first", "first", "first"));
  Answer({.status_code = 200}, "retry");
  EXPECT_EQ(Sent().size(), 1u);
}

TEST_F(DispatcherTest, NothingIsSentWhileResultsPileUp) {
  Make({.in_flight = 1, .in_flight_per_tenant = 1});
  const std::string body(kMaxResponseBytes, 'x');
  const int full = static_cast<int>(Flusher::kMaxUnflushedBytes / kMaxResponseBytes);
  const LanePtr lane = AddLane("a", full + 1);
  Enqueue({lane});
  for (int i = 0; i < full; ++i) Answer({.status_code = 200, .body = body});
  EXPECT_EQ(Sent().size(), static_cast<size_t>(full));
  EXPECT_THAT(runner_.Run<absl::Status>([this] { return flusher_.Flush(); }), IsOk());
  AwaitPosted();
  EXPECT_THAT(Sent(), ElementsAre("a"));
}

TEST_F(DispatcherTest, QueuedLanesSendNothingOnceTheStopBegins) {
  Make({.in_flight = 2, .in_flight_per_tenant = 2});
  const LanePtr a = AddLane("a", 1);
  const LanePtr b = AddLane("b", 1);
  Enqueue({a});
  EXPECT_THAT(Sent(), ElementsAre("a"));
  OnLoop([&] {
    dispatcher_->Enqueue(b);
    tasks_.BeginStop();
  });
  EXPECT_THAT(Sent(), IsEmpty());
  // The one in flight is taken, to be written; nothing comes after it.
  Answer();
  Enqueue({b});
  EXPECT_THAT(Sent(), IsEmpty());
  EXPECT_EQ(dispatcher_->in_flight(), 0);
  EXPECT_EQ(flusher_.unflushed(), 1u);
  EXPECT_EQ(a->delivery.position(), 1);
  EXPECT_EQ(b->delivery.position(), 0);
}

TEST_F(DispatcherTest, NothingIsSentWithSettingsThatAreKnownToBeOld) {
  Make({.in_flight = 10, .in_flight_per_tenant = 10});
  const LanePtr lane = AddLane("old", 1);
  OnLoop([&] { cache_.MarkStale(kTenant); });
  Enqueue({lane});
  EXPECT_THAT(Sent(), IsEmpty());
  SettingsOf(lane).url = "new";
  EXPECT_THAT(
      runner_.Run<absl::Status>([this] { return cache_.Reload(runner_.Context(), kTenant); }),
      IsOk());
  Enqueue({lane});
  EXPECT_THAT(Sent(), ElementsAre("new"));
}

TEST_F(DispatcherTest, APausedEndpointsLaneIsStopped) {
  Make({.in_flight = 10, .in_flight_per_tenant = 10});
  const LanePtr lane = AddLane("a", 1);
  SettingsOf(lane).state = storage::EndpointState::kPaused;
  ReadSettings();
  Enqueue({lane});
  EXPECT_THAT(Sent(), IsEmpty());
  EXPECT_TRUE(lane->delivery.stopped());
}

TEST_F(DispatcherTest, NothingIsSentUnderALeaseThatEndsOrIsLost) {
  Make({.in_flight = 10, .in_flight_per_tenant = 10});
  const LanePtr ending = AddLane("a", 1);
  ending->lease_until = steady_clock::now() + milliseconds(500);
  const LanePtr lost = AddLane("b", 1);
  runner_.RunPlain([&] {
    dispatcher_->Enqueue(ending);
    dispatcher_->Enqueue(lost);
    lanes_.Remove(lost->delivery.key());
  });
  AwaitPosted();
  EXPECT_THAT(Sent(), IsEmpty());
  // Renewed in time.
  ending->lease_until = steady_clock::now() + hours(1);
  Enqueue({ending});
  EXPECT_THAT(Sent(), ElementsAre("a"));
}

TEST_F(DispatcherTest, AnAnswerAfterTheLeaseIsLostIsNotWritten) {
  Make({.in_flight = 10, .in_flight_per_tenant = 10});
  const LanePtr lane = AddLane("a", 1);
  Enqueue({lane});
  OnLoop([&] { lanes_.Remove(lane->delivery.key()); });
  Answer();
  EXPECT_EQ(flusher_.unflushed(), 0u);
  EXPECT_EQ(dispatcher_->succeeded(), 1u);
  EXPECT_EQ(dispatcher_->in_flight(), 0);
}

TEST_F(DispatcherTest, WhatTheEndpointNoLongerWantsIsSettledUnsent) {
  Make({.in_flight = 1, .in_flight_per_tenant = 1});
  const LanePtr lane = AddLane("a", 5);
  SettingsOf(lane).event_types = {"invoice.*"};
  ReadSettings();
  Enqueue({lane});
  EXPECT_THAT(Sent(), IsEmpty());
  EXPECT_EQ(lane->delivery.position(), 5);
  EXPECT_TRUE(lane->delivery.dirty());
}

TEST_F(DispatcherTest, AGoneReceiverIsSwitchedOffOnce) {
  Make({.in_flight = 10, .in_flight_per_tenant = 10});
  const LanePtr lane = AddLane("a", 2);
  Enqueue({lane});
  Answer({.status_code = 410, .error_class = "status"});
  Answer({.status_code = 410, .error_class = "status"});
  EXPECT_THAT(disabled_, ElementsAre(lane));
  EXPECT_TRUE(lane->delivery.stopped());
  EXPECT_EQ(dispatcher_->failed(), 2u);
}

}  // namespace
}  // namespace gatehouse::service::delivery
