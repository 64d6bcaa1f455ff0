#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "service/delivery/webhook_engine.h"
#include "storage/delivery/delivery_store.h"
#include "storage/endpoint/endpoint.h"
#include "tests/integration/webhook/engine_fixture.h"
#include "tests/support/postgres/postgres_cluster.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::service::delivery {
namespace {

using base::Uuid;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using storage::DeliveryState;
using storage::EndpointState;
using ::testing::Each;
using ::testing::SizeIs;
using tests::IsOk;

// What RedeliverEvent begins, up to the receiver.
class WebhookRedeliveryTest : public EngineFixture {
 protected:
  // As RedeliverEvent writes it.
  void Redeliver(const storage::Endpoint& endpoint, const Uuid& event_id) {
    const absl::StatusOr<std::optional<int64_t>> index =
        Run([&](auto ctx) { return storage_->log.IndexOf(ctx, base::kDefaultTenantId, event_id); });
    ASSERT_THAT(index, IsOk());
    storage::Event event = MakeEvent("webhook.redelivered");
    event.targets = {{.type = "endpoint", .id = endpoint.id.ToString(), .label = ""},
                     {.type = "event", .id = event_id.ToString(), .label = ""}};
    ASSERT_THAT(Run([&](auto ctx) {
                  return storage_->deliveries.Redeliver(
                      ctx,
                      {.key = {base::kDefaultTenantId, endpoint.id},
                       .event_index = index->value(),
                       .event_id = event_id,
                       .event_type = "order.paid",
                       .due = clock_.Now()},
                      {.events = {event}});
                }),
                IsOk());
  }
  // An endpoint stays with its engine however little there is to do.
  EnginePtr MakeOwner() { return MakeEngine({.idle_time = hours(1000)}); }
  storage::Endpoint CreateOrders() { return CreateEndpoint(receiver_.Url(), {"order.*"}); }
};

TEST_F(WebhookRedeliveryTest, AnExhaustedEventGetsAWholeScheduleMoreUnderItsId) {
  const auto engine = MakeOwner();
  const storage::Endpoint endpoint = CreateOrders();
  // A refusal, which opens no breaker.
  AnswerWith(422);
  const Uuid id = Publish();
  for (int i = 0; i < 12; ++i) {
    Step(engine);
    clock_.Advance(hours(25));
  }
  ASSERT_EQ(receiver_.count(), 10u);
  ASSERT_THAT(List(endpoint, DeliveryState::kExhausted), SizeIs(1));

  Redeliver(endpoint, id);
  EXPECT_EQ(Get(endpoint).health.retrying_count, 1);
  EXPECT_THAT(List(endpoint, DeliveryState::kRetrying), SizeIs(1));
  // The schedule from its beginning: 0, 5 s, 5 min.
  Step(engine);
  EXPECT_EQ(receiver_.count(), 11u);
  clock_.Advance(seconds(8));
  Step(engine);
  EXPECT_EQ(receiver_.count(), 12u);
  clock_.Advance(minutes(4));
  Step(engine);
  EXPECT_EQ(receiver_.count(), 12u);
  AnswerWith(204);
  clock_.Advance(minutes(2));
  Step(engine);
  EXPECT_EQ(receiver_.count(), 13u);
  EXPECT_THAT(ReceivedIds(receiver_), Each(id.ToString()));
  const std::vector<storage::Delivery> deliveries = List(endpoint);
  ASSERT_THAT(deliveries, SizeIs(1));
  EXPECT_EQ(deliveries[0].state, DeliveryState::kSucceeded);
  EXPECT_THAT(deliveries[0].attempts, SizeIs(13));
  EXPECT_EQ(Get(endpoint).health.retrying_count, 0);
}

TEST_F(WebhookRedeliveryTest, WhoHoldsTheEndpointLearnsOfItByTheLog) {
  const auto owner = MakeOwner();
  const auto other = MakeOwner();
  const storage::Endpoint endpoint = CreateOrders();
  const Uuid id = Publish();
  Step(owner);
  ASSERT_EQ(receiver_.count(), 1u);
  Redeliver(endpoint, id);
  EXPECT_EQ(List(endpoint).at(0).state, DeliveryState::kRetrying);
  EXPECT_THAT(List(endpoint, DeliveryState::kSucceeded), SizeIs(0));
  Step(other);
  EXPECT_EQ(receiver_.count(), 1u);
  Step(owner);
  EXPECT_EQ(receiver_.count(), 2u);
  EXPECT_THAT(ReceivedIds(receiver_), Each(id.ToString()));
  EXPECT_THAT(List(endpoint, DeliveryState::kSucceeded), SizeIs(1));
  EXPECT_EQ(Get(endpoint).health.retrying_count, 0);
}

TEST_F(WebhookRedeliveryTest, AnEndpointThatNobodyHoldsIsTaken) {
  const auto engine = MakeEngine({.idle_time = seconds(0)});
  const storage::Endpoint endpoint = CreateOrders();
  const Uuid id = Publish();
  Step(engine);
  ASSERT_EQ(tests::AskSql(dsn_, "SELECT owner IS NULL FROM gatehouse.endpoint_delivery"), "t");
  Redeliver(endpoint, id);
  Sequence();
  Step(engine);
  EXPECT_EQ(receiver_.count(), 2u);
}

TEST_F(WebhookRedeliveryTest, ARetryIsSentAtOnceAndBeginsAnew) {
  const auto engine = MakeOwner();
  const storage::Endpoint endpoint = CreateOrders();
  AnswerWith(500);
  const Uuid id = Publish();
  Step(engine);
  clock_.Advance(seconds(8));
  Step(engine);
  ASSERT_EQ(receiver_.count(), 2u);
  Redeliver(endpoint, id);
  EXPECT_EQ(Get(endpoint).health.retrying_count, 1);
  Step(engine);
  EXPECT_EQ(receiver_.count(), 3u);
  // After 5 s, not the 30 min that come after a third attempt.
  clock_.Advance(seconds(8));
  AnswerWith(200);
  Step(engine);
  EXPECT_EQ(receiver_.count(), 4u);
  EXPECT_EQ(Get(endpoint).health.retrying_count, 0);
}

TEST_F(WebhookRedeliveryTest, APausedEndpointGetsItOnceItIsEnabled) {
  const auto engine = MakeOwner();
  const storage::Endpoint endpoint = CreateOrders();
  const Uuid id = Publish();
  Step(engine);
  Update(endpoint, [](storage::Endpoint& e) { e.state = EndpointState::kPaused; });
  Redeliver(endpoint, id);
  Step(engine);
  EXPECT_EQ(receiver_.count(), 1u);
  Update(endpoint, [](storage::Endpoint& e) { e.state = EndpointState::kEnabled; });
  Step(engine);
  EXPECT_EQ(receiver_.count(), 2u);
}

TEST_F(WebhookRedeliveryTest, WhatCameBeforeTheEndpointCanBeSentToIt) {
  const auto engine = MakeOwner();
  CreateEndpoint(receiver_.Url("/first"), {"nothing.*"});
  const Uuid id = Publish();
  const storage::Endpoint endpoint = CreateOrders();
  Step(engine);
  ASSERT_EQ(receiver_.count(), 0u);
  Redeliver(endpoint, id);
  Step(engine);
  EXPECT_THAT(ReceivedIds(receiver_), ::testing::ElementsAre(id.ToString()));
  EXPECT_THAT(List(endpoint, DeliveryState::kSucceeded), SizeIs(1));
}

// The attempts of a deleted endpoint are what is left of it.
TEST_F(WebhookRedeliveryTest, WhatADeletedEndpointGotStaysReadable) {
  const auto engine = MakeOwner();
  const storage::Endpoint endpoint = CreateOrders();
  const Uuid arrived = Publish();
  Step(engine);
  AnswerWith(500);
  const Uuid failed = Publish();
  Step(engine);
  const storage::Event event = MakeEvent("endpoint.deleted");
  ASSERT_THAT(Run([&](auto ctx) {
                return storage_->endpoints.Delete(ctx, base::kDefaultTenantId, endpoint.id, {},
                                                  {.events = {event}});
              }),
              IsOk());
  const std::vector<storage::Delivery> deliveries = List(endpoint);
  ASSERT_THAT(deliveries, SizeIs(2));
  EXPECT_EQ(deliveries[0].event_id, failed);
  EXPECT_EQ(deliveries[0].state, DeliveryState::kDropped);
  EXPECT_EQ(deliveries[1].event_id, arrived);
  EXPECT_EQ(deliveries[1].state, DeliveryState::kSucceeded);
  const auto got = Run([&](auto ctx) {
    return storage_->deliveries.GetDelivery(ctx, {base::kDefaultTenantId, endpoint.id}, failed);
  });
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ(got->value().state, DeliveryState::kDropped);
  EXPECT_THAT(List(endpoint, DeliveryState::kRetrying), SizeIs(0));
}

TEST_F(WebhookRedeliveryTest, WhatTheEndpointNoLongerWantsIsDropped) {
  const auto engine = MakeOwner();
  const storage::Endpoint endpoint = CreateOrders();
  AnswerWith(500);
  Publish();
  Step(engine);
  EXPECT_EQ(List(endpoint).at(0).state, DeliveryState::kRetrying);
  Update(endpoint, [](storage::Endpoint& e) { e.event_types = {"invoice.*"}; });
  clock_.Advance(seconds(8));
  Step(engine);
  EXPECT_EQ(receiver_.count(), 1u);
  EXPECT_EQ(List(endpoint).at(0).state, DeliveryState::kDropped);
  EXPECT_EQ(Get(endpoint).health.retrying_count, 0);
}

}  // namespace
}  // namespace gatehouse::service::delivery
