#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/reason.h"
#include "base/status.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/delivery/backlog_watch.h"
#include "service/delivery/http/address_guard.h"
#include "service/delivery/signature.h"
#include "service/delivery/webhook_engine.h"
#include "storage/delivery/delivery_store.h"
#include "storage/endpoint/endpoint.h"
#include "tests/integration/webhook/engine_fixture.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using storage::DeliveryState;
using ::testing::SizeIs;
using tests::HasCode;
using tests::IsOk;

class WebhookPaceTest : public EngineFixture {
 protected:
  EnginePtr MakeOwner() { return MakeEngine({.idle_time = hours(1000)}); }
  storage::Endpoint CreatePaced(double per_second, int burst) {
    const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
    Update(endpoint, [&](storage::Endpoint& e) {
      e.max_per_second = per_second;
      e.max_burst = burst;
    });
    return endpoint;
  }
};

TEST_F(WebhookPaceTest, ABurstGoesAtOnceAndTheRestAtItsRate) {
  const auto engine = MakeOwner();
  const storage::Endpoint endpoint = CreatePaced(2, 3);
  for (int i = 0; i < 8; ++i) Publish();
  Step(engine);
  EXPECT_EQ(receiver_.count(), 3u);
  // What holds the others back is written, for ExplainDelivery.
  EXPECT_EQ(Get(endpoint).health.paced_until, clock_.Now() + milliseconds(500) + base::Duration(1));
  Step(engine);
  EXPECT_EQ(receiver_.count(), 3u);
  clock_.Advance(milliseconds(501));
  Step(engine);
  EXPECT_EQ(receiver_.count(), 4u);
  clock_.Advance(seconds(1));
  Step(engine);
  EXPECT_EQ(receiver_.count(), 6u);
  clock_.Advance(hours(1));
  Step(engine);
  EXPECT_EQ(receiver_.count(), 8u);
  EXPECT_EQ(Get(endpoint).health.paced_until, std::nullopt);
}

TEST_F(WebhookPaceTest, RetriesCountAndUseUpNoAttemptByWaiting) {
  const auto engine = MakeOwner();
  const storage::Endpoint endpoint = CreatePaced(1, 1);
  AnswerWith(422);
  Publish();
  Publish();
  Step(engine);
  clock_.Advance(seconds(1) + milliseconds(1));
  Step(engine);
  ASSERT_EQ(receiver_.count(), 2u);
  // Both are due, and one may go.
  clock_.Advance(seconds(10));
  Step(engine);
  EXPECT_EQ(receiver_.count(), 3u);
  clock_.Advance(seconds(1) + milliseconds(1));
  Step(engine);
  EXPECT_EQ(receiver_.count(), 4u);
  for (const storage::Delivery& delivery : List(endpoint))
    EXPECT_THAT(delivery.attempts, SizeIs(2));
}

TEST_F(WebhookPaceTest, AnotherEndpointAndANewLimitAreNotHeldUp) {
  const auto engine = MakeOwner();
  const storage::Endpoint slow = CreatePaced(0.01, 1);
  tests::HttpReceiver other;
  CreateEndpoint(other.Url(), {"order.*"});
  for (int i = 0; i < 5; ++i) Publish();
  Step(engine);
  EXPECT_EQ(receiver_.count(), 1u);
  EXPECT_EQ(other.count(), 5u);
  Update(slow, [](storage::Endpoint& e) { e.max_per_second = e.max_burst = 0; });
  Step(engine);
  EXPECT_EQ(receiver_.count(), 5u);
}

TEST_F(WebhookPaceTest, AnEngineThatRunsWakesByItself) {
  const storage::Endpoint endpoint = CreatePaced(20, 1);
  // Its time is real: nobody steps anything.
  const base::SystemClock clock;
  EngineOptions options{.instance_id = base::Uuid::MakeV7(clock.Now()), .lease = kPatience};
  options.http.guard = *AddressGuard::Make({"127.0.0.0/8"});
  WebhookEngine engine(runner_.loop(),
                       {.endpoints = storage_->endpoints,
                        .deliveries = storage_->deliveries,
                        .log = storage_->log,
                        .feed = storage_->feed,
                        .clock = clock},
                       options);
  for (int i = 0; i < 12; ++i) Publish();
  Sequence();
  const auto begun = std::chrono::steady_clock::now();
  engine.Start();
  EXPECT_TRUE(receiver_.WaitForCount(12));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds(500));
  engine.Stop(seconds(5));
  EXPECT_EQ(receiver_.count(), 12u);
}

TEST_F(WebhookPaceTest, AnEndpointsOwnScheduleIsFollowedToItsEnd) {
  const auto engine = MakeOwner();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  Update(endpoint, [](storage::Endpoint& e) {
    e.retry_delays = std::vector<milliseconds>{seconds(30), minutes(2)};
  });
  AnswerWith(422);
  Publish();
  Step(engine);
  clock_.Advance(seconds(29));
  Step(engine);
  EXPECT_EQ(receiver_.count(), 1u);
  clock_.Advance(seconds(5));
  Step(engine);
  EXPECT_EQ(receiver_.count(), 2u);
  clock_.Advance(minutes(3));
  Step(engine);
  EXPECT_EQ(receiver_.count(), 3u);
  EXPECT_THAT(List(endpoint, DeliveryState::kExhausted), SizeIs(1));
  // None at all: the first failure is the last.
  Update(endpoint, [](storage::Endpoint& e) { e.retry_delays.emplace(); });
  Publish();
  Step(engine);
  EXPECT_THAT(List(endpoint, DeliveryState::kExhausted), SizeIs(2));
  // And what it was is read back as it was.
  EXPECT_EQ(Get(endpoint).endpoint.retry_delays, std::vector<milliseconds>());
}

TEST_F(WebhookPaceTest, TheEngineKnowsThePublicKeysOfEndpoints) {
  const auto engine = MakeOwner();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  const std::string id = endpoint.id.ToString();
  Step(engine);
  EXPECT_EQ(engine->PublicKeysJson(id), "");
  Update(endpoint, [this](storage::Endpoint& e) {
    e.signature_scheme = storage::SignatureScheme::kV1a;
    e.key_pairs = {{.id = base::Uuid::MakeV7(clock_.Now()),
                    .key = MakeKeyPair(),
                    .create_time = clock_.Now()}};
  });
  Step(engine);
  EXPECT_THAT(engine->PublicKeysJson(id), testing::HasSubstr("whpk_"));
}

class WebhookBacklogTest : public WebhookPaceTest {
 protected:
  // Of the instance that has `engine`; null: of one that delivers nothing.
  std::unique_ptr<BacklogWatch> MakeWatch(const EnginePtr& engine,
                                          base::Duration default_max_age = base::Duration(0)) {
    return std::make_unique<BacklogWatch>(
        BacklogWatch::Deps{.deliveries = storage_->deliveries,
                           .clock = clock_,
                           .instance_id = engine ? instance_ : base::Uuid::MakeV7(clock_.Now()),
                           .oldest_here =
                               [engine = engine.get()](const base::Uuid& tenant_id) {
                                 return engine ? engine->OldestUndelivered(tenant_id)
                                               : std::nullopt;
                               }},
        default_max_age);
  }
  EnginePtr MakeInstance() {
    return MakeEngine({.instance_id = instance_, .idle_time = hours(1000)});
  }
  void Look(BacklogWatch& watch) {
    ASSERT_THAT(Run([&](auto ctx) { return watch.RunOnce(ctx); }), IsOk());
  }
  void Note(const EnginePtr& engine) {
    runner_.RunPlain([&] { engine->NoteBacklogs(); });
  }
  static absl::Status Check(BacklogWatch& watch, std::optional<base::Duration> max_age) {
    return watch.Check(base::kDefaultTenantId, max_age);
  }
  static std::optional<milliseconds> RetryAfter(const absl::Status& refused) {
    EXPECT_THAT(refused, HasCode(absl::StatusCode::kResourceExhausted));
    EXPECT_TRUE(base::HasReason(refused, base::Reason::kDeliveriesBehind));
    const std::optional<base::ErrorDetails> details = base::GetErrorDetails(refused);
    return details ? details->retry_after : std::nullopt;
  }

  const base::Uuid instance_ = base::Uuid::MakeV7(clock_.Now());
  const EnginePtr nobody_;
};

TEST_F(WebhookBacklogTest, WhatOthersDeliverRefusesThoseWhoAsk) {
  const auto watch = MakeWatch(nobody_);
  const auto engine = MakeInstance();
  const storage::Endpoint endpoint = CreatePaced(0.01, 1);
  for (int i = 0; i < 3; ++i) Publish();
  Step(engine);
  clock_.Advance(seconds(30));
  EXPECT_THAT(Check(*watch, seconds(20)), IsOk());
  // What its own rate holds back is no reason.
  Look(*watch);
  EXPECT_THAT(Check(*watch, seconds(20)), IsOk());
  Update(endpoint, [](storage::Endpoint& e) { e.max_per_second = e.max_burst = 0; });
  // Nobody has looked since.
  EXPECT_THAT(Check(*watch, seconds(20)), IsOk());
  Look(*watch);
  EXPECT_EQ(RetryAfter(Check(*watch, seconds(20))), seconds(5));
  EXPECT_THAT(Check(*watch, seconds(40)), IsOk());
  // Whoever does not ask publishes on.
  EXPECT_THAT(Check(*watch, std::nullopt), IsOk());
  EXPECT_THAT(Check(*watch, seconds(0)), IsOk());
  EXPECT_THAT(watch->Check(base::Uuid::MakeV7(clock_.Now()), seconds(10)), IsOk());
  EXPECT_EQ(watch->refused(), 1u);
  // One that is paused does not count.
  Update(endpoint, [](storage::Endpoint& e) { e.state = storage::EndpointState::kPaused; });
  Look(*watch);
  EXPECT_THAT(Check(*watch, seconds(20)), IsOk());
  Update(endpoint, [](storage::Endpoint& e) { e.state = storage::EndpointState::kEnabled; });
  Look(*watch);
  EXPECT_EQ(RetryAfter(Check(*watch, seconds(20))), seconds(5));
  Step(engine);
  Look(*watch);
  EXPECT_THAT(Check(*watch, seconds(20)), IsOk());
}

TEST_F(WebhookBacklogTest, OfWhatOthersDeliverNoShorterBoundIsKept) {
  const auto watch = MakeWatch(nobody_);
  // It leases, and sends nothing.
  const auto engine =
      MakeEngine({.instance_id = instance_, .idle_time = hours(1000), .max_in_flight = 0});
  CreateEndpoint(receiver_.Url(), {"order.*"});
  Publish();
  Step(engine);
  EXPECT_THAT(Check(*watch, milliseconds(50)), IsOk());
  clock_.Advance(seconds(10));
  Look(*watch);
  EXPECT_THAT(Check(*watch, milliseconds(50)), IsOk());
  clock_.Advance(milliseconds(1));
  EXPECT_EQ(RetryAfter(Check(*watch, milliseconds(50))), milliseconds(2500));
  // Of what it delivers itself an instance knows better than the database.
  const auto owner = MakeWatch(engine);
  EXPECT_THAT(Check(*owner, seconds(10)), IsOk());
  Look(*owner);
  EXPECT_THAT(Check(*owner, seconds(10)), IsOk());
  Note(engine);
  EXPECT_EQ(RetryAfter(Check(*owner, seconds(10))), milliseconds(2500));
}

TEST_F(WebhookBacklogTest, ABoundOfMillisecondsIsKeptWhereThisInstanceDelivers) {
  std::promise<void> answer;
  receiver_.SetHandler([answered = answer.get_future().share()](const auto&) {
    answered.wait();
    return HttpReceiver::Answer{};
  });
  const auto engine = MakeInstance();
  const auto watch = MakeWatch(engine, seconds(1));
  CreateEndpoint(receiver_.Url(), {"order.*"}, /*max_in_flight=*/1);
  Publish();
  clock_.Advance(milliseconds(20));
  Publish();
  Sequence();
  std::future<absl::Status> delivered =
      runner_.Start<absl::Status>([&] { return engine->Deliver(); });
  EXPECT_TRUE(receiver_.WaitForCount(1));
  // The first question has it looked for.
  EXPECT_THAT(Check(*watch, milliseconds(50)), IsOk());
  Note(engine);
  clock_.Advance(milliseconds(30));
  EXPECT_THAT(Check(*watch, milliseconds(50)), IsOk());
  // What was noted last ages by itself.
  clock_.Advance(milliseconds(1));
  EXPECT_EQ(RetryAfter(Check(*watch, milliseconds(50))), milliseconds(12));
  EXPECT_THAT(Check(*watch, milliseconds(51)), IsOk());
  // By the setting, for who says nothing.
  EXPECT_THAT(Check(*watch, std::nullopt), IsOk());
  clock_.Advance(seconds(1));
  EXPECT_EQ(RetryAfter(Check(*watch, std::nullopt)), milliseconds(250));
  EXPECT_THAT(Check(*watch, base::Duration(0)), IsOk());
  EXPECT_EQ(watch->refused(), 2u);
  answer.set_value();
  EXPECT_THAT(delivered.get(), IsOk());
  EXPECT_EQ(receiver_.count(), 2u);
  Note(engine);
  EXPECT_THAT(Check(*watch, milliseconds(50)), IsOk());
}

TEST_F(WebhookBacklogTest, NobodyLooksWhileNobodyAsks) {
  const auto watch = MakeWatch(nobody_, seconds(20));
  const auto statements = [&] {
    const uint64_t before = storage_->database->statements_sent();
    Look(*watch);
    return storage_->database->statements_sent() - before;
  };
  EXPECT_EQ(statements(), 0u);
  EXPECT_THAT(Check(*watch, std::nullopt), IsOk());
  EXPECT_EQ(statements(), 1u);
  clock_.Advance(minutes(2));
  EXPECT_EQ(statements(), 0u);
}

}  // namespace
}  // namespace gatehouse::service::delivery
