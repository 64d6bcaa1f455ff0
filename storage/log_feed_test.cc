#include "storage/log_feed.h"

#include <chrono>
#include <future>
#include <memory>
#include <utility>
#include <vector>

#include "base/async/cancel.h"
#include "base/async/task.h"
#include "base/time.h"
#include "base/uuid.h"
#include "gtest/gtest.h"
#include "tests/support/coroutine/loop_runner.h"

namespace gatehouse::storage {
namespace {

constexpr base::SteadyTime kForever = base::SteadyTime::max();

LogBatch Batch(base::Uuid tenant_id, int64_t first, int64_t last) {
  LogBatch batch{.tenant_id = tenant_id};
  for (int64_t i = first; i <= last; ++i) batch.entries.push_back({i, {}, "a.b"});
  return batch;
}

class LogFeedTest : public testing::Test {
 protected:
  std::future<LogFeed::News> Next(LogFeed::Subscription& subscription,
                                  base::SteadyTime until = kForever,
                                  base::CancelToken cancel = {}) {
    return runner_.Start<LogFeed::News>(
        [&subscription, until, cancel] { return subscription.Next(until, cancel); });
  }
  // Until the loop has run what was posted before.
  void Settle() {
    runner_.RunPlain([] {});
  }

  tests::LoopRunner runner_;
  LogFeed feed_;
  const base::Uuid tenant_ = base::kDefaultTenantId;
  const base::Uuid other_ = base::Uuid::MinV7(base::TimeFromMicros(5'000'000));
};

TEST_F(LogFeedTest, WaitingSubscriberWakesWithTheBatch) {
  auto subscription = feed_.Subscribe(runner_.loop());
  auto news = Next(*subscription);
  Settle();
  EXPECT_EQ(news.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  feed_.Publish({Batch(tenant_, 1, 3)});
  const LogFeed::News got = news.get();
  ASSERT_EQ(got.batches.size(), 1u);
  EXPECT_EQ(got.batches[0]->first_index(), 1);
  EXPECT_EQ(got.batches[0]->last_index(), 3);
  EXPECT_FALSE(got.incomplete);
}

TEST_F(LogFeedTest, WhatCameMeanwhileIsKeptInOrder) {
  auto subscription = feed_.Subscribe(runner_.loop());
  feed_.Publish({Batch(tenant_, 1, 1), Batch(other_, 1, 2)});
  feed_.Publish({Batch(tenant_, 2, 2)});
  const LogFeed::News got = Next(*subscription).get();
  ASSERT_EQ(got.batches.size(), 3u);
  EXPECT_EQ(got.batches[2]->first_index(), 2);
  EXPECT_TRUE(Next(*subscription, base::SteadyTime::min()).get().empty());
}

TEST_F(LogFeedTest, OtherTenantsDoNotWake) {
  auto subscription = feed_.Subscribe(runner_.loop(), tenant_);
  auto news = Next(*subscription);
  feed_.Publish({Batch(other_, 1, 1)});
  Settle();
  EXPECT_EQ(news.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  feed_.Publish({Batch(tenant_, 7, 7)});
  EXPECT_EQ(news.get().batches[0]->first_index(), 7);
}

TEST_F(LogFeedTest, PokeSaysIncomplete) {
  auto subscription = feed_.Subscribe(runner_.loop(), tenant_);
  auto news = Next(*subscription);
  feed_.Poke();
  const LogFeed::News got = news.get();
  EXPECT_TRUE(got.incomplete);
  EXPECT_TRUE(got.batches.empty());
}

TEST_F(LogFeedTest, SlowSubscriberLosesBatchesAndIsTold) {
  auto subscription = feed_.Subscribe(runner_.loop());
  for (int64_t i = 0; i < 21; ++i) feed_.Publish({Batch(tenant_, i * 1000 + 1, i * 1000 + 1000)});
  const LogFeed::News got = Next(*subscription).get();
  EXPECT_TRUE(got.incomplete);
  size_t kept = 0;
  for (const auto& batch : got.batches) kept += batch->entries.size();
  EXPECT_LE(kept, LogFeed::kMaxWaitingEntries);
}

TEST_F(LogFeedTest, TimeAndCancellationEndTheWait) {
  auto subscription = feed_.Subscribe(runner_.loop());
  EXPECT_TRUE(Next(*subscription, base::SteadyTime::min()).get().empty());
  base::CancelToken cancel;
  auto news = Next(*subscription, kForever, cancel);
  Settle();
  runner_.RunPlain([&] { cancel.Cancel(); });
  EXPECT_TRUE(news.get().empty());
}

TEST_F(LogFeedTest, EndedSubscriptionIsForgotten) {
  auto subscription = feed_.Subscribe(runner_.loop());
  subscription.reset();
  feed_.Publish({Batch(tenant_, 1, 1)});
  Settle();
}

}  // namespace
}  // namespace gatehouse::storage
