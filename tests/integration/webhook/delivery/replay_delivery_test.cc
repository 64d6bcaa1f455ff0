#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "service/delivery/webhook_engine.h"
#include "service/webhook/replay/replay_worker.h"
#include "storage/delivery/delivery_store.h"
#include "storage/endpoint/endpoint.h"
#include "storage/replay/replay.h"
#include "tests/integration/webhook/engine_fixture.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::service::delivery {
namespace {

using base::Uuid;
using std::chrono::hours;
using std::chrono::seconds;
using storage::DeliveryState;
using ::testing::Each;
using ::testing::Pair;
using ::testing::SizeIs;
using tests::IsOk;

// What a replay schedules, up to the receiver.
class ReplayDeliveryTest : public EngineFixture {
 protected:
  ReplayDeliveryTest()
      : worker_(runner_.loop(), {.replays = storage_->replays,
                                 .endpoints = storage_->endpoints,
                                 .log = storage_->log,
                                 .feed = storage_->feed,
                                 .clock = clock_}) {}

  EnginePtr MakeOwner() { return MakeEngine({.idle_time = hours(1000)}); }

  // As ReplayEvents writes it.
  Uuid Start(const storage::Endpoint& endpoint, std::vector<int32_t> outcomes) {
    const int64_t head =
        *Run([&](auto ctx) { return storage_->log.HeadIndex(ctx, base::kDefaultTenantId); });
    const storage::Replay replay{.tenant_id = base::kDefaultTenantId,
                                 .id = Uuid::MakeV7(clock_.Now()),
                                 .endpoint_id = endpoint.id,
                                 .first_index = 1,
                                 .last_index = head,
                                 .outcomes = std::move(outcomes),
                                 .max_per_second = 1000,
                                 .paced_until = clock_.Now() - seconds(1),
                                 .create_time = clock_.Now()};
    const storage::Event event = MakeEvent("webhook.replay_started");
    EXPECT_THAT(
        Run([&](auto ctx) { return storage_->replays.Create(ctx, replay, {.events = {event}}); }),
        IsOk());
    return replay.id;
  }
  void Turn() {
    ASSERT_THAT(Run([&](auto ctx) { return worker_.RunOnce(ctx); }), IsOk());
  }
  std::map<std::string, int> TimesReceived() {
    std::map<std::string, int> times;
    for (const std::string& id : ReceivedIds(receiver_)) ++times[id];
    return times;
  }

  ReplayWorker worker_;
};

TEST_F(ReplayDeliveryTest, EventsArriveOnceMoreUnderTheirIds) {
  // It holds the endpoint all the time: it learns of the replay by the log.
  const auto owner = MakeOwner();
  const auto other = MakeOwner();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  for (int i = 0; i < 5; ++i) Publish();
  Step(owner);
  ASSERT_EQ(receiver_.count(), 5u);
  Start(endpoint, {static_cast<int32_t>(DeliveryState::kSucceeded)});
  Turn();
  EXPECT_EQ(Get(endpoint).health.retrying_count, 5);
  Step(other);
  EXPECT_EQ(receiver_.count(), 5u);
  Step(owner);
  EXPECT_THAT(TimesReceived(), SizeIs(5));
  EXPECT_THAT(TimesReceived(), Each(Pair(::testing::_, 2)));
  EXPECT_EQ(Get(endpoint).health.retrying_count, 0);
  EXPECT_THAT(List(endpoint, DeliveryState::kSucceeded), SizeIs(5));
}

TEST_F(ReplayDeliveryTest, AnEndpointThatNobodyHoldsGetsWhatCameBeforeIt) {
  const auto engine = MakeEngine({.idle_time = seconds(0)});
  CreateEndpoint(receiver_.Url("/first"), {"nothing.*"});
  const Uuid id = Publish();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  Step(engine);
  ASSERT_EQ(receiver_.count(), 0u);
  // gatehouse.v1.DELIVERY_OUTCOME_NEVER_SENT.
  Start(endpoint, {5});
  Turn();
  Step(engine);
  EXPECT_THAT(ReceivedIds(receiver_), ::testing::ElementsAre(id.ToString()));
}

TEST_F(ReplayDeliveryTest, WhatFailsAgainHasAWholeSchedule) {
  const auto engine = MakeOwner();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  AnswerWith(422);
  Publish();
  for (int i = 0; i < 12; ++i) {
    Step(engine);
    clock_.Advance(hours(25));
  }
  ASSERT_EQ(receiver_.count(), 10u);
  ASSERT_THAT(List(endpoint, DeliveryState::kExhausted), SizeIs(1));
  Start(endpoint, {static_cast<int32_t>(DeliveryState::kExhausted)});
  Turn();
  Step(engine);
  EXPECT_EQ(receiver_.count(), 11u);
  AnswerWith(200);
  clock_.Advance(seconds(8));
  Step(engine);
  EXPECT_EQ(receiver_.count(), 12u);
  EXPECT_THAT(List(endpoint, DeliveryState::kSucceeded), SizeIs(1));
}

}  // namespace
}  // namespace gatehouse::service::delivery
