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

namespace gatehouse::service::delivery {
namespace {

using base::Uuid;
using std::chrono::hours;
using std::chrono::seconds;
using storage::DeliveryState;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAreArray;

class WebhookPayloadFilterTest : public EngineFixture {
 protected:
  void SetFilter(const storage::Endpoint& endpoint, const std::string& filter) {
    Update(endpoint, [&](storage::Endpoint& changed) { changed.payload_filter = filter; });
  }
  Uuid PublishAmount(int amount) {
    return Publish("order.paid", "{\"amount\": " + std::to_string(amount) + "}");
  }
  std::vector<std::string> Received() { return ReceivedIds(receiver_); }
  // Everything is settled, as far as the log goes.
  void ExpectSettled(const storage::Endpoint& endpoint) {
    EXPECT_EQ(std::to_string(Get(endpoint).health.position),
              tests::AskSql(dsn_, "SELECT size FROM gatehouse.event_log_head"));
  }
};

TEST_F(WebhookPayloadFilterTest, OnlyWhatMatchesIsSentAndAllIsSettled) {
  const auto engine = MakeEngine();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  SetFilter(endpoint, "data.amount >= 100");
  Step(engine);
  PublishAmount(99);
  const Uuid wanted = PublishAmount(100);
  PublishAmount(1);
  Publish("order.sent", "{}");
  Step(engine);
  EXPECT_THAT(Received(), ElementsAre(wanted.ToString()));
  EXPECT_THAT(List(endpoint), SizeIs(1));
  ExpectSettled(endpoint);
}

// What is read by an endpoint of its own, in pages, and what all share.
TEST_F(WebhookPayloadFilterTest, ABacklogIsFilteredWithoutLossOrRepetition) {
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"}, 32);
  SetFilter(endpoint, "data.amount >= 100 AND data.amount < 120");
  std::vector<std::string> wanted;
  for (int i = 0; i < 600; ++i) {
    const Uuid id = PublishAmount(i);
    if (i >= 100 && i < 120) wanted.push_back(id.ToString());
  }
  const auto engine = MakeEngine();
  Step(engine);
  EXPECT_THAT(Received(), UnorderedElementsAreArray(wanted));
  ExpectSettled(endpoint);
  Step(engine);
  EXPECT_EQ(receiver_.count(), wanted.size());
}

TEST_F(WebhookPayloadFilterTest, AnotherEndpointOfTheSameTypesGetsAll) {
  const auto engine = MakeEngine();
  const storage::Endpoint filtered = CreateEndpoint(receiver_.Url("/few"), {"order.*"});
  const storage::Endpoint all = CreateEndpoint(receiver_.Url("/all"), {"order.*"});
  SetFilter(filtered, "data.amount = 1");
  Step(engine);
  PublishAmount(1);
  PublishAmount(2);
  Step(engine);
  EXPECT_THAT(List(filtered), SizeIs(1));
  EXPECT_THAT(List(all), SizeIs(2));
}

TEST_F(WebhookPayloadFilterTest, AChangeHoldsForWhatWaits) {
  const auto engine = MakeEngine();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  Step(engine);
  Update(endpoint,
         [](storage::Endpoint& changed) { changed.state = storage::EndpointState::kPaused; });
  PublishAmount(1);
  const Uuid wanted = PublishAmount(2);
  Step(engine);
  EXPECT_THAT(Received(), IsEmpty());
  SetFilter(endpoint, "data.amount = 2");
  Update(endpoint,
         [](storage::Endpoint& changed) { changed.state = storage::EndpointState::kEnabled; });
  Step(engine);
  EXPECT_THAT(Received(), ElementsAre(wanted.ToString()));
  ExpectSettled(endpoint);
}

TEST_F(WebhookPayloadFilterTest, ARetryThatMatchesNoMoreIsDropped) {
  const auto engine = MakeEngine();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  AnswerWith(422);
  PublishAmount(1);
  Step(engine);
  ASSERT_THAT(List(endpoint, DeliveryState::kRetrying), SizeIs(1));
  SetFilter(endpoint, "data.amount = 2");
  Step(engine);
  clock_.Advance(seconds(8));
  Step(engine);
  EXPECT_EQ(receiver_.count(), 1u);
  EXPECT_EQ(List(endpoint).at(0).state, DeliveryState::kDropped);
  EXPECT_EQ(Get(endpoint).health.retrying_count, 0);
}

// What its filter passes over keeps no breaker open and burns no trial.
TEST_F(WebhookPayloadFilterTest, WhatDoesNotMatchIsNoTrialOfABreaker) {
  const auto engine = MakeEngine({.idle_time = hours(1000)});
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"}, 1);
  AnswerWith(500);
  for (int i = 0; i < 5; ++i) PublishAmount(1);
  Step(engine);
  ASSERT_TRUE(Get(endpoint).health.breaker_open);
  SetFilter(endpoint, "data.amount = 1");
  for (int i = 0; i < 5; ++i) PublishAmount(2);
  const Uuid last = PublishAmount(1);
  AnswerWith(204);
  clock_.Advance(hours(1));
  Step(engine);
  EXPECT_FALSE(Get(endpoint).health.breaker_open);
  Step(engine);
  EXPECT_THAT(Received(), Contains(last.ToString()));
  ExpectSettled(endpoint);
}

// The `data` of a body that says who did what to whom.
TEST_F(WebhookPayloadFilterTest, AServersOwnEventIsFilteredByItsEnvelope) {
  const auto engine = MakeEngine();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"user.*"});
  SetFilter(endpoint, "data.details.fields:\"email\" AND data.actor.type = user");
  Step(engine);
  Publish("user.updated", R"({"fields": ["bio"]})");
  const Uuid wanted = Publish("user.updated", R"({"fields": ["bio", "email"]})");
  Step(engine);
  EXPECT_THAT(Received(), ElementsAre(wanted.ToString()));
}

}  // namespace
}  // namespace gatehouse::service::delivery
