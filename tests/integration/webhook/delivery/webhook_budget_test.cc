#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "service/delivery/webhook_engine.h"
#include "storage/event_log/sequencer.h"
#include "storage/log_feed.h"
#include "tests/integration/webhook/engine_fixture.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::Each;
using tests::IsOk;

// What deliveries cost in statements, see docs/webhooks.md. The worst case are events that
// come one by one.
class WebhookBudgetTest : public EngineFixture {
 protected:
  // Never so slow that a lease has to be renewed.
  EnginePtr MakeBudgetEngine(milliseconds idle_time) {
    return MakeEngine({.lease = hours(1), .idle_time = idle_time});
  }

  // What is committed, ordered, as the feed brings it.
  std::vector<storage::LogBatch> Order() {
    std::vector<storage::LogBatch> ordered;
    for (;;) {
      absl::StatusOr<storage::SequencerPass> pass =
          Run([&](auto ctx) { return storage_->sequencer.RunPass(ctx, 1000); });
      EXPECT_THAT(pass, IsOk());
      if (!pass.ok() || (!pass->more && pass->batches.empty())) return ordered;
      for (storage::LogBatch& batch : pass->batches) ordered.push_back(std::move(batch));
    }
  }

  // Publishes `events` for each of `passes`, delivers each as news, and writes the results
  // of all; the statements of the engine.
  uint64_t Cost(const EnginePtr& engine, int events = 1, int passes = 1) {
    uint64_t cost = 0;
    for (int pass = 0; pass < passes; ++pass) {
      for (int i = 0; i < events; ++i) Publish();
      std::vector<storage::LogBatch> news = Order();
      cost += Counted([&] {
        for (storage::LogBatch& batch : news) {
          const auto shared = std::make_shared<const storage::LogBatch>(std::move(batch));
          EXPECT_THAT(Run([&](auto) { return engine->Hear(shared); }), IsOk());
        }
      });
    }
    return cost + Counted([&] { Flush(engine); });
  }
  template <typename Fn>
  uint64_t Counted(Fn work) {
    const uint64_t before = storage_->database->statements_sent();
    work();
    return storage_->database->statements_sent() - before;
  }

  // A pause in which nothing comes; the statements of the upkeep.
  uint64_t Pause(const EnginePtr& engine) {
    return Counted([&] { runner_.Run<bool>([&] { return Tend(engine.get()); }); });
  }
  static base::Task<bool> Tend(WebhookEngine* engine) {
    co_await engine->Tend();
    co_return true;
  }

  std::vector<uint64_t> CostOfEach(const EnginePtr& engine, bool pause) {
    std::vector<uint64_t> costs;
    for (int i = 0; i < 10; ++i) {
      costs.push_back(Cost(engine));
      if (pause) costs.back() += Pause(engine);
    }
    return costs;
  }
};

TEST_F(WebhookBudgetTest, AnEventByItselfWhileItsEndpointIsLeased) {
  const auto engine = MakeBudgetEngine(hours(1));
  CreateEndpoint(receiver_.Url("/a"), {"order.*"});
  Step(engine);
  Cost(engine);
  // The event, its result, and the tenant's cursor with its marks: two in one batch.
  EXPECT_THAT(CostOfEach(engine, /*pause=*/true), Each(4u));
  EXPECT_EQ(receiver_.count(), 11u);
}

TEST_F(WebhookBudgetTest, AnEventByItselfAfterAPause) {
  const auto engine = MakeBudgetEngine(milliseconds(0));
  CreateEndpoint(receiver_.Url("/a"), {"order.*"});
  Step(engine);
  Cost(engine);
  Pause(engine);
  // The endpoint is leased besides, and given back in the pause.
  EXPECT_THAT(CostOfEach(engine, /*pause=*/true), Each(6u));
  EXPECT_EQ(receiver_.count(), 11u);
}

TEST_F(WebhookBudgetTest, ManyEndpointsCostNoMoreThanOne) {
  const auto engine = MakeBudgetEngine(milliseconds(0));
  for (const char* path : {"/a", "/b", "/c", "/d", "/e"}) {
    CreateEndpoint(receiver_.Url(path), {"order.*"});
  }
  Step(engine);
  Cost(engine);
  Pause(engine);
  EXPECT_THAT(CostOfEach(engine, /*pause=*/true), Each(6u));
  EXPECT_EQ(receiver_.count(), 55u);
}

TEST_F(WebhookBudgetTest, APauseCostsNothingOnceTheEndpointIsGivenBack) {
  const auto engine = MakeBudgetEngine(milliseconds(0));
  CreateEndpoint(receiver_.Url("/a"), {"order.*"});
  Step(engine);
  Cost(engine);
  Pause(engine);
  EXPECT_EQ(Pause(engine), 0u);
}

TEST_F(WebhookBudgetTest, APassIsReadOnceAndAFlushWritesAll) {
  const auto engine = MakeBudgetEngine(hours(1));
  CreateEndpoint(receiver_.Url("/a"), {"order.*"}, /*max_in_flight=*/32);
  Step(engine);
  Cost(engine);
  EXPECT_EQ(Cost(engine, /*events=*/100), 1u + 3u);
  EXPECT_EQ(Cost(engine, /*events=*/1, /*passes=*/10), 10u + 3u);
  EXPECT_EQ(receiver_.count(), 111u);
}

}  // namespace
}  // namespace gatehouse::service::delivery
