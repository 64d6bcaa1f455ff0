#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "service/delivery/queue/delivery_stats.h"
#include "service/delivery/webhook_engine.h"
#include "storage/endpoint/endpoint.h"
#include "tests/integration/webhook/engine_fixture.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class EndpointHealthTest : public EngineFixture {
 protected:
  DeliveryStats::Summary Recent(const storage::Endpoint& endpoint) {
    return DeliveryStats::Decode(Get(endpoint).health.recent).Summarize(clock_.Now());
  }
};

TEST_F(EndpointHealthTest, TellsHowAttemptsWentOfLateAlsoAcrossDeliverers) {
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  {
    const auto engine = MakeEngine();
    for (int i = 0; i < 3; ++i) Publish();
    Step(engine);
  }
  tests::AskSql(
      dsn_, "UPDATE gatehouse.endpoint_delivery SET owner = NULL, lease_until = NULL RETURNING 1");
  EXPECT_EQ(Recent(endpoint).attempts, 3);
  EXPECT_EQ(Recent(endpoint).succeeded, 3);
  EXPECT_GT(Recent(endpoint).p50.count(), 0);
  const auto engine = MakeEngine();
  AnswerWith(400);
  Publish();
  Step(engine);
  EXPECT_EQ(Recent(endpoint).attempts, 4);
  EXPECT_EQ(Recent(endpoint).succeeded, 3);
  clock_.Advance(minutes(61));
  EXPECT_EQ(Recent(endpoint).attempts, 0);
}

TEST_F(EndpointHealthTest, TellsWhatMayBePendingAndSinceWhen) {
  const auto engine = MakeEngine();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  Publish();
  Step(engine);
  EXPECT_EQ(Get(endpoint).health.max_pending_count, 0);
  EXPECT_EQ(Get(endpoint).health.oldest_pending_time, std::nullopt);
  const base::Time paused = clock_.Now();
  Update(endpoint, [](storage::Endpoint& e) { e.state = storage::EndpointState::kPaused; });
  Step(engine);
  clock_.Advance(seconds(10));
  Publish();
  clock_.Advance(seconds(10));
  Publish("other.event");
  Publish();
  Step(engine);
  // Bounds: what it does not want counts as well, its own pausing among it.
  EXPECT_EQ(Get(endpoint).health.max_pending_count, 4);
  EXPECT_EQ(Get(endpoint).health.oldest_pending_time, paused);
  Update(endpoint, [](storage::Endpoint& e) { e.state = storage::EndpointState::kEnabled; });
  Step(engine);
  EXPECT_EQ(receiver_.count(), 3u);
  EXPECT_EQ(Get(endpoint).health.max_pending_count, 0);
  EXPECT_EQ(Get(endpoint).health.oldest_pending_time, std::nullopt);
}

}  // namespace
}  // namespace gatehouse::service::delivery
