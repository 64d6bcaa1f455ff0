#include "service/delivery/engine/local_backlogs.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/async/loop.h"
#include "base/async/mutex.h"
#include "base/manual_clock.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/delivery/engine/queue_fixture.h"
#include "service/delivery/tenant_log.h"
#include "storage/log_feed.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Tells how often the loop has looked at it.
class WatchedClock final : public base::ManualClock {
 public:
  WatchedClock(base::Time start, base::Loop& loop) : ManualClock(start), loop_(loop) {}

  base::Time Now() const override {
    if (!loop_.IsCurrent()) return ManualClock::Now();
    const base::MutexLock lock(mutex_);
    ++looks_;
    looked_.NotifyAll();
    return ManualClock::Now();
  }
  // The number of looks that saw the time before.
  int AdvanceBetweenLooks(base::Duration by) {
    const base::MutexLock lock(mutex_);
    Advance(by);
    return looks_;
  }
  void AwaitLooks(int number) const {
    const base::MutexLock lock(mutex_);
    while (looks_ < number) looked_.Wait(mutex_);
  }

 private:
  base::Loop& loop_;
  mutable base::Mutex mutex_;
  mutable base::CondVar looked_;
  mutable int looks_ GH_GUARDED_BY(mutex_) = 0;
};

class LocalBacklogsTest : public QueueFixture {
 protected:
  ~LocalBacklogsTest() override {
    // What a question has posted.
    AwaitPosted();
    StopTasks();
  }

  // Of a tenant that is followed from here on.
  QueuePtr AddQueue(const base::Uuid& tenant_id = base::kDefaultTenantId) {
    const QueuePtr queue = MakeQueue(NewKey(tenant_id));
    OnLoop([&] {
      logs_.try_emplace(tenant_id, FollowedLog{.log = TenantLog(tenant_id, 0)});
      queues_.Add(queue);
    });
    return queue;
  }
  // Read, and ready to be sent.
  void AddEvent(const QueuePtr& queue, base::Time recorded) {
    OnLoop([&] {
      const int64_t index = queue->delivery.scanned() + 1;
      queue->delivery.AddEvents({{.index = index,
                                  .event_id = base::Uuid::MakeV7(recorded),
                                  .type = "order.paid",
                                  .body = std::make_shared<const std::string>("body")}},
                                index);
    });
  }
  bool Note() {
    bool asked = false;
    OnLoop([&] { asked = backlogs_.Note(); });
    return asked;
  }
  std::optional<base::Time> Oldest(const base::Uuid& tenant_id = base::kDefaultTenantId) {
    return backlogs_.Oldest(tenant_id);
  }
  // As noted just now.
  std::optional<base::Time> NotedOldest() {
    Oldest();
    Note();
    return Oldest();
  }

  const base::Time now_ = clock_.Now();
  WatchedClock watched_{now_, runner_.loop()};
  TenantLogs logs_;
  LocalBacklogs backlogs_{{.tasks = tasks_, .queues = queues_, .logs = logs_, .clock = watched_}};
};

TEST_F(LocalBacklogsTest, IsKnownOnceItWasAskedForAndNoted) {
  AddEvent(AddQueue(), now_);
  EXPECT_FALSE(Note());
  EXPECT_EQ(Oldest(), std::nullopt);
  EXPECT_TRUE(Note());
  EXPECT_EQ(Oldest(), now_);
  // Of somebody whose log nobody follows.
  EXPECT_EQ(Oldest(NewId()), std::nullopt);
  EXPECT_TRUE(Note());
}

TEST_F(LocalBacklogsTest, TheOldestEventOfTheTenantsHealthyQueuesCounts) {
  const QueuePtr stopped = AddQueue();
  AddEvent(stopped, now_ - seconds(9));
  OnLoop([&] { stopped->delivery.Stop(); });
  AddEvent(AddQueue(NewId()), now_ - seconds(8));
  AddQueue();
  EXPECT_EQ(NotedOldest(), std::nullopt);
  AddEvent(AddQueue(), now_ - milliseconds(20));
  const QueuePtr late = AddQueue();
  AddEvent(late, now_ - milliseconds(30));
  EXPECT_EQ(NotedOldest(), now_ - milliseconds(30));
  OnLoop([&] {
    const DeliveryItem item = *late->delivery.Take(now_, true);
    late->delivery.OnResult(item, {.status_code = 200}, now_, now_, 0);
  });
  EXPECT_EQ(NotedOldest(), now_ - milliseconds(20));
}

TEST_F(LocalBacklogsTest, WhatIsNotReadYetCounts) {
  const QueuePtr queue = AddQueue();
  OnLoop([&] {
    logs_.at(base::kDefaultTenantId)
        .log.MatchEntries({{{.index = 1,
                             .event_id = base::Uuid::MakeV7(now_ - milliseconds(40)),
                             .type = "order.paid"}}},
                          {});
  });
  EXPECT_EQ(NotedOldest(), now_ - milliseconds(40));
  // And is no more once it was read, and was not wanted.
  OnLoop([&] { queue->delivery.AddEvents({}, 1); });
  EXPECT_EQ(NotedOldest(), std::nullopt);
}

TEST_F(LocalBacklogsTest, IsForgottenAMinuteAfterTheLastQuestion) {
  AddEvent(AddQueue(), now_);
  Oldest();
  watched_.Advance(seconds(50));
  Oldest();
  watched_.Advance(seconds(50));
  EXPECT_TRUE(Note());
  EXPECT_EQ(Oldest(), now_);
  watched_.Advance(seconds(61));
  EXPECT_FALSE(Note());
  EXPECT_EQ(Oldest(), std::nullopt);
}

TEST_F(LocalBacklogsTest, RunsWhileSomebodyAsks) {
  AddEvent(AddQueue(), now_);
  runner_.RunPlain([this] { tasks_.SpawnForLife(backlogs_.Run()); });
  EXPECT_EQ(Oldest(), std::nullopt);
  // Once one has begun, the one before it has ended.
  watched_.AwaitLooks(2);
  EXPECT_EQ(Oldest(), now_);
  // The next one finds that nobody asks any more, and is the last.
  const int looks = watched_.AdvanceBetweenLooks(seconds(61));
  watched_.AwaitLooks(looks + 1);
  AwaitPosted();
  EXPECT_EQ(Oldest(), std::nullopt);
  watched_.AwaitLooks(looks + 3);
  EXPECT_EQ(Oldest(), now_);
}

TEST_F(LocalBacklogsTest, NothingCountsOnceTheEngineStops) {
  AddEvent(AddQueue(), now_);
  runner_.RunPlain([this] { tasks_.SpawnForLife(backlogs_.Run()); });
  Oldest();
  watched_.AwaitLooks(2);
  EXPECT_EQ(Oldest(), now_);
  OnLoop([this] { tasks_.BeginStop(); });
  StopTasks();
  EXPECT_EQ(Oldest(), std::nullopt);
}

}  // namespace
}  // namespace gatehouse::service::delivery
