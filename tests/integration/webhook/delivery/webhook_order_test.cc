#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "service/delivery/webhook_engine.h"
#include "storage/delivery/delivery_store.h"
#include "storage/endpoint/endpoint.h"
#include "storage/ordering_key.h"
#include "tests/integration/webhook/engine_fixture.h"
#include "tests/support/postgres/postgres_cluster.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::service::delivery {
namespace {

using base::Uuid;
using std::chrono::hours;
using std::chrono::seconds;
using storage::DeliveryState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using tests::HttpReceiver;
using tests::IsOk;

// Events of one ordering key, up to the receiver.
class WebhookOrderTest : public EngineFixture {
 protected:
  Uuid PublishKeyed(const std::string& key, int n) {
    storage::Event event = MakeEvent("order.paid", nlohmann::json{{"key", key}, {"n", n}}.dump());
    if (!key.empty()) storage::SetOrderingKey(key, event);
    EXPECT_THAT(Run([&](auto ctx) { return storage_->events.Append(ctx, event); }), IsOk());
    // Those that are published together are sequenced as they like.
    Sequence();
    return event.id;
  }
  static std::string DataOf(const HttpReceiver::Request& request) {
    const nlohmann::json data = nlohmann::json::parse(request.body)["data"];
    return data["key"].get<std::string>() + std::to_string(data["n"].get<int>());
  }
  // What came of a key, in the order in which it came, repetitions included.
  std::vector<std::string> Received(const std::string& key) {
    std::vector<std::string> received;
    for (const HttpReceiver::Request& request : receiver_.requests()) {
      const std::string data = DataOf(request);
      if (data.starts_with(key)) received.push_back(data);
    }
    return received;
  }
  // A refusal of everything that `refused` says, which opens no breaker.
  void Refuse(std::vector<std::string> refused) {
    receiver_.SetHandler([refused = std::move(refused)](const HttpReceiver::Request& request) {
      const bool no = std::ranges::find(refused, DataOf(request)) != refused.end();
      return HttpReceiver::Answer{.status = no ? 422 : 204};
    });
  }
  // A further life of the same instance, which takes its old leases over.
  EnginePtr MakeOwner() { return MakeEngine({.instance_id = instance_, .idle_time = hours(1000)}); }
  storage::Endpoint CreateOrders() { return CreateEndpoint(receiver_.Url(), {"order.*"}, 8); }

  int64_t Held() {
    return std::stoll(tests::AskSql(
        dsn_, "SELECT count(*) FROM gatehouse.webhook_exception WHERE due = 'infinity'"));
  }
  const Uuid instance_ = Uuid::MakeV7(clock_.Now());

  // Until nothing comes any more.
  void Drain(const EnginePtr& engine) {
    size_t before;
    do {
      before = receiver_.count();
      Step(engine);
    } while (receiver_.count() != before);
  }
};

TEST_F(WebhookOrderTest, EventsOfAKeyComeOneAfterTheOther) {
  const auto engine = MakeOwner();
  CreateOrders();
  for (int n = 1; n <= 20; ++n) {
    PublishKeyed("a", n);
    PublishKeyed("b", n);
  }
  Drain(engine);
  const std::vector<std::string> a = Received("a");
  ASSERT_THAT(a, SizeIs(20));
  for (int n = 1; n <= 20; ++n) EXPECT_EQ(a[n - 1], "a" + std::to_string(n));
  EXPECT_THAT(Received("b"), SizeIs(20));
  EXPECT_EQ(Held(), 0);
}

TEST_F(WebhookOrderTest, OnlyTheKeyThatFailsWaits) {
  const auto engine = MakeOwner();
  const storage::Endpoint endpoint = CreateOrders();
  Refuse({"a1"});
  for (int n = 1; n <= 5; ++n) {
    PublishKeyed("a", n);
    PublishKeyed("b", n);
    PublishKeyed("", n);
  }
  Drain(engine);
  EXPECT_THAT(Received("a"), ElementsAre("a1"));
  EXPECT_THAT(Received("b"), ElementsAre("b1", "b2", "b3", "b4", "b5"));
  EXPECT_EQ(Held(), 4);
  // Nothing waits in the way of the others: the position is past all of it.
  EXPECT_EQ(Get(endpoint).health.position, 16);
  EXPECT_EQ(Get(endpoint).health.retrying_count, 5);
  // What comes later waits as well.
  PublishKeyed("a", 6);
  Drain(engine);
  EXPECT_THAT(Received("a"), ElementsAre("a1"));
  EXPECT_EQ(Held(), 5);

  Refuse({});
  clock_.Advance(seconds(10));
  Drain(engine);
  EXPECT_THAT(Received("a"), ElementsAre("a1", "a1", "a2", "a3", "a4", "a5", "a6"));
  EXPECT_EQ(Held(), 0);
  EXPECT_EQ(Get(endpoint).health.retrying_count, 0);
  // And the key is as it was before.
  PublishKeyed("a", 7);
  Step(engine);
  EXPECT_EQ(Received("a").back(), "a7");
  EXPECT_EQ(Held(), 0);
}

TEST_F(WebhookOrderTest, AnExhaustedEventLetsTheOthersPass) {
  const auto engine = MakeOwner();
  const storage::Endpoint endpoint = CreateOrders();
  Update(endpoint, [](storage::Endpoint& e) {
    e.retry_delays = std::vector<std::chrono::milliseconds>{seconds(1)};
  });
  Refuse({"a1"});
  for (int n = 1; n <= 3; ++n) PublishKeyed("a", n);
  Drain(engine);
  clock_.Advance(seconds(4));
  Drain(engine);
  EXPECT_THAT(Received("a"), ElementsAre("a1", "a1", "a2", "a3"));
  EXPECT_THAT(List(endpoint, DeliveryState::kExhausted), SizeIs(1));
  EXPECT_THAT(List(endpoint, DeliveryState::kRetrying), IsEmpty());
}

TEST_F(WebhookOrderTest, TheOrderSurvivesKillsAndTakeovers) {
  auto engine = MakeOwner();
  const storage::Endpoint endpoint = CreateOrders();
  Refuse({"a1", "a3"});
  for (int n = 1; n <= 4; ++n) PublishKeyed("a", n);
  Drain(engine);
  // Others must know of the key before they read what is new.
  const auto take_over = [&] {
    engine.reset();
    engine = MakeOwner();
  };
  take_over();
  PublishKeyed("a", 5);
  PublishKeyed("b", 1);
  Drain(engine);
  EXPECT_THAT(Received("a"), ElementsAre("a1"));
  EXPECT_THAT(Received("b"), ElementsAre("b1"));

  Refuse({"a3"});
  clock_.Advance(seconds(10));
  Drain(engine);
  EXPECT_THAT(Received("a"), ElementsAre("a1", "a1", "a2", "a3"));
  take_over();
  PublishKeyed("a", 6);
  Drain(engine);
  EXPECT_THAT(Received("a"), SizeIs(4));
  Refuse({});
  clock_.Advance(seconds(10));
  Drain(engine);
  EXPECT_THAT(Received("a"), ElementsAre("a1", "a1", "a2", "a3", "a3", "a4", "a5", "a6"));
  EXPECT_EQ(Held(), 0);
  EXPECT_THAT(List(endpoint, DeliveryState::kSucceeded), SizeIs(7));
}

TEST_F(WebhookOrderTest, AKillAfterAnAnswerRepeatsThatOneAndOvertakesNone) {
  auto engine = MakeOwner();
  CreateOrders();
  Refuse({"a1"});
  for (int n = 1; n <= 3; ++n) PublishKeyed("a", n);
  Drain(engine);
  Refuse({});
  clock_.Advance(seconds(10));
  // Sent, and not written.
  Deliver(engine);
  const std::vector<std::string> before = Received("a");
  engine.reset();
  engine = MakeOwner();
  Drain(engine);
  std::vector<std::string> after = Received("a");
  after.erase(after.begin(), after.begin() + static_cast<int64_t>(before.size()));
  EXPECT_THAT(after, ElementsAre("a1", "a2", "a3"));
}

TEST_F(WebhookOrderTest, WhatIsSentAgainTakesItsPlaceInTheOrder) {
  const auto engine = MakeOwner();
  const storage::Endpoint endpoint = CreateOrders();
  const Uuid first = PublishKeyed("a", 1);
  Drain(engine);
  Refuse({"a2"});
  PublishKeyed("a", 2);
  Drain(engine);
  storage::Event told = MakeEvent("webhook.redelivered");
  told.targets = {{.type = "endpoint", .id = endpoint.id.ToString(), .label = ""}};
  const int64_t index =
      **Run([&](auto ctx) { return storage_->log.IndexOf(ctx, base::kDefaultTenantId, first); });
  ASSERT_THAT(Run([&](auto ctx) {
                return storage_->deliveries.Redeliver(ctx,
                                                      {.key = {base::kDefaultTenantId, endpoint.id},
                                                       .event_index = index,
                                                       .event_id = first,
                                                       .event_type = "order.paid",
                                                       .ordering_key = "a",
                                                       .due = clock_.Now()},
                                                      {.events = {told}});
              }),
              IsOk());
  // While the first one fails, neither the second nor what is new goes.
  Refuse({"a1"});
  PublishKeyed("a", 3);
  Drain(engine);
  clock_.Advance(seconds(10));
  Drain(engine);
  EXPECT_THAT(Received("a"), ElementsAre("a1", "a2", "a1", "a1"));
  Refuse({});
  clock_.Advance(hours(1));
  Drain(engine);
  EXPECT_THAT(Received("a"), ElementsAre("a1", "a2", "a1", "a1", "a1", "a2", "a3"));
}

TEST_F(WebhookOrderTest, ACanaryHoldsUpItsKeyAndNoOther) {
  const auto engine = MakeOwner();
  const storage::Endpoint endpoint = CreateOrders();
  AnswerWith(500);
  // Enough to open the breaker.
  for (int n = 1; n <= 8; ++n) PublishKeyed("", n);
  Drain(engine);
  ASSERT_TRUE(Get(endpoint).health.breaker_open);
  for (int n = 1; n <= 3; ++n) PublishKeyed("a", n);
  for (int i = 0; i < 4; ++i) {
    clock_.Advance(std::chrono::minutes(11));
    Step(engine);
  }
  Refuse({});
  clock_.Advance(std::chrono::minutes(11));
  Drain(engine);
  std::vector<std::string> a = Received("a");
  // Repetitions aside, as published.
  a.erase(std::unique(a.begin(), a.end()), a.end());
  EXPECT_THAT(a, ElementsAre("a1", "a2", "a3"));
}

TEST_F(WebhookOrderTest, ManyThatWaitAreFewInMemoryAndComeInOrder) {
  const auto engine = MakeOwner();
  CreateOrders();
  Refuse({"a1"});
  constexpr int kEvents = 150;
  for (int n = 1; n <= kEvents; ++n) PublishKeyed("a", n);
  Drain(engine);
  EXPECT_EQ(Held(), kEvents - 1);
  Refuse({});
  clock_.Advance(seconds(10));
  Drain(engine);
  std::vector<std::string> a = Received("a");
  ASSERT_THAT(a, SizeIs(kEvents + 1));
  for (int n = 1; n <= kEvents; ++n) EXPECT_EQ(a[n], "a" + std::to_string(n));
}

}  // namespace
}  // namespace gatehouse::service::delivery
