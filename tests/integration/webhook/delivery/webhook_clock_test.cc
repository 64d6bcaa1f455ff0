#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "service/delivery/webhook_engine.h"
#include "tests/integration/webhook/engine_fixture.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::UnorderedElementsAreArray;
using tests::HttpReceiver;

// Somebody sets the clock, ahead or back, by more than any wait of the engine's.
class WebhookClockTest : public EngineFixture {
 protected:
  std::vector<std::string> PublishSome(int count = 5) {
    std::vector<std::string> ids;
    for (int i = 0; i < count; ++i) ids.push_back(Publish().ToString());
    return ids;
  }
  std::string Ask(const std::string& sql) { return tests::AskSql(dsn_, sql); }
};

TEST_F(WebhookClockTest, WhatIsNewArrivesOnceWhereverTheClockIsSet) {
  const auto engine = MakeEngine();
  CreateEndpoint(receiver_.Url(), {"order.*"});
  std::vector<std::string> ids;
  for (const base::Duration jump :
       {base::Duration(0), base::Duration(-hours(5)), base::Duration(hours(11)),
        base::Duration(-minutes(1)), base::Duration(hours(30))}) {
    clock_.Advance(jump);
    for (const std::string& id : PublishSome()) ids.push_back(id);
    Step(engine);
    EXPECT_THAT(ReceivedIds(receiver_), UnorderedElementsAreArray(ids));
  }
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.webhook_exception"), "0");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.webhook_attempt"), std::to_string(ids.size()));
}

TEST_F(WebhookClockTest, RequestsThatAreUnderWayEndAsIfNothingHadHappened) {
  const auto engine = MakeEngine();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  std::atomic<int> jumps = 0;
  receiver_.SetHandler([&](const HttpReceiver::Request&) {
    // Back and ahead by turns.
    clock_.Advance(++jumps % 2 == 1 ? -hours(3) : hours(7));
    return HttpReceiver::Answer{.status = 204};
  });
  const std::vector<std::string> ids = PublishSome(20);
  Step(engine);
  EXPECT_THAT(ReceivedIds(receiver_), UnorderedElementsAreArray(ids));
  // How long an answer took is not a question of the time of day.
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.webhook_attempt WHERE error_class = '' "
                "AND latency_us BETWEEN 0 AND 60000000"),
            "20");
  EXPECT_EQ(Get(endpoint).health.retrying_count, 0);
}

TEST_F(WebhookClockTest, ARetryComesWhenItsTimeIsThereAgain) {
  const auto engine = MakeEngine();
  CreateEndpoint(receiver_.Url(), {"order.*"});
  AnswerWith(500);
  const std::vector<std::string> ids = PublishSome(1);
  Step(engine);
  AnswerWith(204);
  clock_.Advance(-hours(2));
  Step(engine);
  EXPECT_EQ(receiver_.count(), 1u);
  // It holds up nothing that is new.
  PublishSome(1);
  Step(engine);
  EXPECT_EQ(receiver_.count(), 2u);
  clock_.Advance(hours(2) + seconds(10));
  Step(engine);
  EXPECT_EQ(receiver_.count(), 3u);
  EXPECT_EQ(ReceivedIds(receiver_).back(), ids[0]);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.webhook_exception"), "0");
}

TEST_F(WebhookClockTest, ALeaseLastsAsLongAsItDoes) {
  CreateEndpoint(receiver_.Url(), {"order.*"});
  const auto owner = MakeEngine({.idle_time = hours(1000)});
  PublishSome(1);
  Step(owner);
  const std::string fence = Ask("SELECT fence FROM gatehouse.endpoint_delivery");
  clock_.Advance(hours(50));
  const auto other = MakeEngine();
  PublishSome(3);
  Step(other);
  EXPECT_EQ(receiver_.count(), 1u);
  EXPECT_EQ(Ask("SELECT fence FROM gatehouse.endpoint_delivery"), fence);
  Step(owner);
  EXPECT_EQ(receiver_.count(), 4u);
}

}  // namespace
}  // namespace gatehouse::service::delivery
