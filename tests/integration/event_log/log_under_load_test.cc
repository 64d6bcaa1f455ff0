#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/async/mutex.h"
#include "base/uuid.h"
#include "gtest/gtest.h"
#include "service/event_log/sequencer_worker.h"
#include "storage/event_log/event_log.h"
#include "storage/event_log/log_listener.h"
#include "storage/log_feed.h"
#include "tests/integration/event_log/event_log_fixture.h"
#include "tests/support/postgres/postgres_cluster.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

class LogUnderLoadTest : public EventLogFixture {
 protected:
  // Until `done`; fails the test instead of hanging.
  template <typename Fn>
  void PassUntil(Fn done) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!done()) {
      ASSERT_LT(std::chrono::steady_clock::now(), give_up);
      (void)Pass(50);
    }
  }
};

// Eight writers over two tenants: transactions of several events, savepoints,
// rollbacks, and commits that others overtake.
TEST_F(LogUnderLoadTest, IndexesAreDenseUnderConcurrentWriters) {
  constexpr int kWriters = 8;
  constexpr int kTransactions = 60;
  const base::Uuid other = base::Uuid::MakeV7(clock_.Now());
  std::atomic<int> running = kWriters;
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      Writer writer(dsn_);
      Writer late(dsn_);
      const std::string type = "w" + std::to_string(w);
      for (int t = 0; t < kTransactions; ++t) {
        const base::Uuid& tenant = (w + t) % 3 == 0 ? other : base::kDefaultTenantId;
        if (t % 20 == 0) {
          late.Begin();
          late.Insert(type + "_late", 2);
        }
        writer.Begin();
        writer.Insert(type, 1 + t % 4, tenant);
        writer.Execute("SAVEPOINT s");
        writer.Insert("gone", 1, tenant);
        writer.Execute(t % 2 == 0 ? "ROLLBACK TO s" : "RELEASE s");
        t % 10 == 9 ? writer.Rollback() : writer.Commit();
        if (t % 20 == 15) late.Commit();
      }
      --running;
    });
  }
  PassUntil([&] { return running == 0; });
  for (std::thread& writer : writers) writer.join();
  PassAll(50);
  EXPECT_GT(std::stoi(Ask("SELECT count(*) FROM gatehouse.event_order")), 900);
  ExpectDense();
  // What one writer commits one after the other keeps its order.
  EXPECT_EQ(Ask("SELECT count(*) FROM (SELECT o.tenant_id, o.type, o.index, e.xid, "
                "lag(e.xid) OVER (PARTITION BY o.tenant_id, o.type ORDER BY o.index) AS before "
                "FROM gatehouse.event_order o JOIN gatehouse.event e USING (tenant_id, event_id) "
                "WHERE o.type ~ '^w[0-9]$') s WHERE before > xid"),
            "0");
}

// The worker by itself: nothing is polled by hand, nothing is missed.
TEST_F(LogUnderLoadTest, WorkerOrdersWhatNobodyToldItOf) {
  service::SequencerWorker worker(runner_.loop(), storage_->sequencer, *storage_->signal,
                                  storage_->feed, {.poll = std::chrono::milliseconds(20)});
  const auto subscription = storage_->feed.Subscribe(runner_.loop());
  worker.Start();
  Writer(dsn_).Insert("untold");
  const auto news = runner_.Run<storage::LogFeed::News>([&] {
    return subscription->Next(std::chrono::steady_clock::now() + std::chrono::seconds(60), {});
  });
  worker.Stop(std::chrono::milliseconds(0));
  ASSERT_EQ(news.batches.size(), 1u);
  EXPECT_EQ(news.batches[0]->entries[0].type, "untold");
}

TEST_F(LogUnderLoadTest, OtherInstancesHearOfAPassAndOfCommits) {
  std::promise<void> connected, ordered, committed;
  std::atomic<int> orders = 0, commits = 0;
  storage::LogListener listener({.dsn = dsn_,
                                 .instance = "listening",
                                 .on_ordered =
                                     [&] {
                                       if (++orders == 2) ordered.set_value();
                                     },
                                 .on_committed =
                                     [&] {
                                       // Both are told at once on connecting.
                                       ++commits;
                                       if (commits == 1) connected.set_value();
                                       if (commits == 2) committed.set_value();
                                     }});
  listener.Start();
  connected.get_future().wait();
  // Its own messages are none of its business.
  storage::Sequencer own(*storage_->sequencer_database, "listening");
  Writer writer(dsn_);
  writer.Insert("a");
  ASSERT_THAT(Pass(own, 10), IsOk());
  writer.Insert("b");
  ASSERT_THAT(Pass(), IsOk());
  ordered.get_future().wait();
  ASSERT_THAT(
      runner_.Run<absl::Status>([&] { return storage_->sequencer.WakeLeader(runner_.Context()); }),
      IsOk());
  committed.get_future().wait();
  listener.Stop(std::chrono::milliseconds(0));
  EXPECT_EQ(orders, 2);
  EXPECT_EQ(commits, 2);
}

// Postgres dies under load, twice: what was acknowledged is there, and the
// indexes are dense.
TEST_F(LogUnderLoadTest, NothingAcknowledgedIsLostWhenPostgresIsKilled) {
  service::SequencerWorker worker(runner_.loop(), storage_->sequencer, *storage_->signal,
                                  storage_->feed, {.retry = std::chrono::milliseconds(20)});
  worker.Start();
  base::Mutex mutex;
  std::set<std::string> acknowledged;
  std::atomic<bool> stop = false;
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      while (!stop) {
        storage::Event event = MakeEvent("load.test");
        const std::string id = event.id.ToString();
        if (!Append(std::move(event)).ok()) continue;
        base::MutexLock lock(mutex);
        acknowledged.insert(id);
      }
    });
  }
  const auto count = [&] {
    base::MutexLock lock(mutex);
    return acknowledged.size();
  };
  for (int kill = 0; kill < 2; ++kill) {
    const size_t target = count() + 200;
    while (count() < target) std::this_thread::yield();
    PostgresCluster::Shared().Kill9();
    PostgresCluster::Shared().Start();
  }
  const size_t target = count() + 200;
  while (count() < target) std::this_thread::yield();
  stop = true;
  for (std::thread& caller : callers) caller.join();
  worker.Stop(std::chrono::milliseconds(0));
  while (!Pass().ok()) {
  }
  PassAll();
  std::set<std::string> found;
  for (const storage::LoggedEvent& event : ReadAll()) found.insert(event.event.id.ToString());
  for (const std::string& id : acknowledged) EXPECT_TRUE(found.contains(id)) << id;
  ExpectDense();
}

}  // namespace
}  // namespace gatehouse::tests
