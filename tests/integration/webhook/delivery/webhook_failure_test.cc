#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "service/delivery/webhook_engine.h"
#include "tests/integration/webhook/engine_fixture.h"
#include "tests/integration/webhook/expected_signature.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using storage::DeliveryState;
using storage::EndpointState;
using tests::HttpReceiver;
using tests::IsOk;

// What happens when receivers fail: retries, the breaker, and the end of it.
using WebhookFailureTest = EngineFixture;

TEST_F(WebhookFailureTest, RetriesByTheScheduleWithTheSameIdAndBody) {
  const auto engine = MakeEngine();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url());
  AnswerWith(500);
  Publish();
  Step(engine);
  EXPECT_EQ(receiver_.count(), 1u);
  EXPECT_EQ(Get(endpoint).health.retrying_count, 1);
  EXPECT_EQ(Get(endpoint).health.position, 2);
  clock_.Advance(seconds(4));
  Step(engine);
  EXPECT_EQ(receiver_.count(), 1u);
  clock_.Advance(seconds(4));
  AnswerWith(204);
  Step(engine);
  ASSERT_EQ(receiver_.count(), 2u);
  const auto requests = receiver_.requests();
  EXPECT_EQ(requests[0].headers.at("webhook-id"), requests[1].headers.at("webhook-id"));
  EXPECT_EQ(requests[0].body, requests[1].body);
  EXPECT_NE(requests[0].headers.at("webhook-timestamp"),
            requests[1].headers.at("webhook-timestamp"));
  EXPECT_EQ(requests[1].headers.at("webhook-signature"),
            ExpectedSignature(requests[1], endpoint.secrets[0].key));
  EXPECT_EQ(Get(endpoint).health.retrying_count, 0);
  EXPECT_EQ(Get(endpoint).health.consecutive_failures, 0);
  const std::vector<storage::Delivery> deliveries = List(endpoint);
  ASSERT_EQ(deliveries.size(), 1u);
  EXPECT_EQ(deliveries[0].state, DeliveryState::kSucceeded);
  EXPECT_EQ(deliveries[0].attempts.size(), 2u);
}

TEST_F(WebhookFailureTest, HonoursRetryAfter) {
  const auto engine = MakeEngine();
  CreateEndpoint(receiver_.Url());
  receiver_.SetHandler([](const auto&) {
    return HttpReceiver::Answer{.status = 429, .headers = {"Retry-After: 600"}};
  });
  Publish();
  Step(engine);
  clock_.Advance(seconds(599));
  Step(engine);
  EXPECT_EQ(receiver_.count(), 1u);
  clock_.Advance(seconds(10));
  Step(engine);
  EXPECT_EQ(receiver_.count(), 2u);
}

TEST_F(WebhookFailureTest, AnEventThatFailsAtEveryAttemptIsExhausted) {
  const auto engine = MakeEngine();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  AnswerWith(500);
  Publish();
  for (int i = 0; i < 12; ++i) {
    Step(engine);
    clock_.Advance(hours(25));
  }
  EXPECT_EQ(receiver_.count(), 10u);
  const std::vector<storage::Delivery> deliveries = List(endpoint, DeliveryState::kExhausted);
  ASSERT_EQ(deliveries.size(), 1u);
  EXPECT_EQ(deliveries[0].attempts.size(), 10u);
  EXPECT_EQ(Get(endpoint).health.retrying_count, 0);
}

TEST_F(WebhookFailureTest, AnOpenBreakerSparesTheReceiverAndTheEventsAttempts) {
  const auto engine = MakeEngine();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"}, 1);
  AnswerWith(503);
  std::set<std::string> ids;
  for (int i = 0; i < 50; ++i) ids.insert(Publish().ToString());
  Step(engine);
  EXPECT_EQ(receiver_.count(), 5u);
  EXPECT_TRUE(Get(endpoint).health.breaker_open);
  EXPECT_EQ(Get(endpoint).health.retrying_count, 5);
  const int64_t position = Get(endpoint).health.position;
  // One canary after 30 s, one a minute later: of what was due anyway.
  clock_.Advance(seconds(31));
  Step(engine);
  EXPECT_EQ(receiver_.count(), 6u);
  Step(engine);
  EXPECT_EQ(receiver_.count(), 6u);
  EXPECT_EQ(Get(endpoint).health.position, position);
  EXPECT_EQ(Get(endpoint).health.retrying_count, 5);
  AnswerWith(200);
  clock_.Advance(hours(1));
  Step(engine);
  EXPECT_FALSE(Get(endpoint).health.breaker_open);
  clock_.Advance(hours(1));
  Step(engine);
  const std::vector<std::string> received = ReceivedIds(receiver_);
  EXPECT_EQ(std::set<std::string>(received.begin(), received.end()), ids);
  EXPECT_EQ(Get(endpoint).health.retrying_count, 0);
  EXPECT_EQ(List(endpoint, DeliveryState::kSucceeded).size(), 50u);
}

TEST_F(WebhookFailureTest, AGoneReceiverIsDisabledAndResumesWhereItStopped) {
  const auto engine = MakeEngine();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  AnswerWith(410);
  std::set<std::string> ids;
  ids.insert(Publish().ToString());
  Step(engine);
  EXPECT_EQ(Get(endpoint).endpoint.state, EndpointState::kDisabled);
  EXPECT_EQ(Get(endpoint).endpoint.disabled_reason, "gone");
  EXPECT_EQ(tests::AskSql(dsn_,
                          "SELECT concat_ws(' ', actor_type, actor_label, details->>'reason') "
                          "FROM gatehouse.event WHERE type = 'endpoint.disabled'"),
            "system webhooks gone");
  for (int i = 0; i < 3; ++i) ids.insert(Publish().ToString());
  Step(engine);
  EXPECT_EQ(receiver_.count(), 1u);
  AnswerWith(200);
  Update(endpoint, [](storage::Endpoint& e) { e.state = EndpointState::kEnabled; });
  Step(engine);
  const std::vector<std::string> received = ReceivedIds(receiver_);
  EXPECT_EQ(std::set<std::string>(received.begin(), received.end()), ids);
  EXPECT_EQ(received.size(), 5u);
}

TEST_F(WebhookFailureTest, AnEndpointThatFailsForDaysIsDisabled) {
  const auto engine = MakeEngine();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  AnswerWith(500);
  Publish();
  Publish();
  // Through the open breaker goes one attempt at a time.
  for (int day = 0; day < 20; ++day) {
    Step(engine);
    clock_.Advance(hours(25));
  }
  EXPECT_EQ(Get(endpoint).endpoint.state, EndpointState::kDisabled);
  EXPECT_EQ(Get(endpoint).endpoint.disabled_reason, "failing");
}

TEST_F(WebhookFailureTest, AHangingReceiverDelaysNobodyElse) {
  const auto engine = MakeEngine();
  std::optional<HttpReceiver> hanging;
  hanging.emplace([](const auto&) { return HttpReceiver::Answer{.hang = true}; });
  CreateEndpoint(hanging->Url());
  CreateEndpoint(receiver_.Url(), {"order.*"});
  for (int i = 0; i < 100; ++i) Publish();
  Sequence();
  auto delivered = runner_.Start<absl::Status>([&] { return engine->Deliver(); });
  // All of it arrives while the hanging ones are still waiting.
  ASSERT_TRUE(receiver_.WaitForCount(100));
  EXPECT_EQ(delivered.wait_for(milliseconds(0)), std::future_status::timeout);
  EXPECT_LE(hanging->count(), 4u);
  hanging.reset();
  EXPECT_THAT(delivered.get(), IsOk());
}

}  // namespace
}  // namespace gatehouse::service::delivery
