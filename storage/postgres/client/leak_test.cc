// After faults of every kind the client holds what it held before: neither the
// process nor Postgres keeps a connection that nobody has.

#include <cstdint>
#include <filesystem>
#include <future>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/postgres/client/fault_test_base.h"
#include "storage/postgres/client/transaction.h"

namespace gatehouse::storage::postgres {
namespace {

using absl::StatusCode;
using std::chrono::milliseconds;
using tests::HasCode;
using tests::IsOk;

constexpr int kLanes = 2;
// Of lanes, for batches, for transactions.
constexpr int kConnections = kLanes + 1 + 1;
// A connection lost once per round stands out, whatever else comes and goes.
constexpr int kRounds = 3;
// More than one lane takes at a time.
constexpr int kCallers = 100;
// Each holds its lane until it has been cancelled.
constexpr int kOverdue = 20;

class LeakTest : public FaultTestBase {
 protected:
  using BeginOr = absl::StatusOr<Transaction>;

  void SetUp() override {
    FaultTestBase::SetUp();
    // What a process opens once and keeps is not the client's.
    OpenClient();
    Overdue();
    database_.reset();
    closed_ = OpenFiles();
    OpenClient();
    open_ = OpenFiles();
    ASSERT_GE(open_, closed_ + kConnections);
  }

  void TearDown() override {
    FaultTestBase::TearDown();
    EXPECT_TRUE(Eventually([this] { return OpenFiles() == closed_; }))
        << OpenFiles() << " open files, not " << closed_;
  }

  void OpenClient() {
    DatabaseConfig config = Config();
    config.lanes_per_loop = kLanes;
    config.exclusive_per_loop = 1;
    Open(config);
    ASSERT_TRUE(Eventually([this] { return IsComplete(); }));
  }

  static int OpenFiles() {
    const std::filesystem::directory_iterator files("/proc/self/fd");
    return static_cast<int>(std::distance(begin(files), end(files)));
  }

  static base::Task<absl::Status> UseEverything(Database* database, base::CallContext ctx) {
    const RowsOr rows = co_await database->Query(ctx, kOne, {});
    if (!rows.ok()) co_return rows.status();
    const BatchOr results = co_await database->Run(ctx, Batch().Add(kOne));
    if (!results.ok()) co_return results.status();
    BeginOr begun = co_await database->Begin(ctx);
    if (!begun.ok()) co_return begun.status();
    const RowsOr inside = co_await begun->Query(kOne, {});
    if (!inside.ok()) co_return inside.status();
    const absl::Status committed = co_await begun->Commit();
    co_return committed;
  }
  static base::Task<RowsOr> SleepInTransaction(Database* database, base::CallContext ctx) {
    BeginOr begun = co_await database->Begin(ctx);
    if (!begun.ok()) co_return begun.status();
    RowsOr rows = co_await begun->Query(kSleep, Forever());
    co_return rows;
  }
  bool Works() {
    return runner_
        .Run<absl::Status>([this] { return UseEverything(database_.get(), runner_.Context()); })
        .ok();
  }

  // Everything works, over as many connections as there have to be.
  bool IsComplete() {
    const DatabaseStats stats = database_->stats();
    return Works() && stats.in_flight == 0 && stats.queued == 0 &&
           stats.connections == kConnections && Backends("") == std::to_string(kConnections);
  }

  std::vector<std::future<RowsOr>> Start(int count, base::CallContext ctx, Query query,
                                         Params params = {}) {
    std::vector<std::future<RowsOr>> calls;
    for (int i = 0; i < count; ++i) calls.push_back(StartQuery(ctx, query, params));
    return calls;
  }

  void Overdue() {
    for (auto& call : Start(kOverdue, Within(milliseconds(20)), kSleep, Forever())) {
      EXPECT_THAT(call.get(), HasCode(StatusCode::kDeadlineExceeded));
    }
  }

  // In use: the lanes, the transactions' connection; queued: many others.
  struct Load {
    std::vector<std::future<RowsOr>> sleepers;
    std::vector<std::future<RowsOr>> others;
    std::optional<Transaction> transaction;
  };
  Load MakeLoad(base::CallContext ctx) {
    Load load;
    load.sleepers = Start(kLanes, ctx, kSleep, Forever());
    EXPECT_TRUE(WaitForSleepers(kLanes));
    load.others = Start(kCallers, ctx, kOne);
    BeginOr begun = runner_.Run<BeginOr>([&] { return database_->Begin(ctx); });
    EXPECT_THAT(begun, IsOk());
    if (begun.ok()) load.transaction = *std::move(begun);
    return load;
  }
  void Await(Load load) {
    for (auto& call : load.sleepers) EXPECT_FALSE(call.get().ok());
    // Some were behind a sleeper, some were sent again: each has ended, however.
    for (auto& call : load.others) call.wait();
    runner_.RunPlain([&] { load.transaction.reset(); });
  }

  void ExpectNothingIsLeft() {
    EXPECT_TRUE(Eventually([this] { return IsComplete() && OpenFiles() == open_; }))
        << Backends("") << " backends, " << OpenFiles() << " open files, not " << open_;
  }

  int closed_ = 0;
  int open_ = 0;
};

TEST_F(LeakTest, AfterBackendsWereKilledInMidPipeline) {
  for (int round = 0; round < kRounds; ++round) {
    Load load = MakeLoad(runner_.Context());
    for (auto& sleeper : load.sleepers) {
      // Of their retries each is killed as well.
      while (sleeper.wait_for(milliseconds(1)) != std::future_status::ready) KillBackends();
    }
    Await(std::move(load));
    ExpectNothingIsLeft();
  }
  EXPECT_GE(database_->stats().connections_lost, uint64_t{kRounds * kLanes});
}

TEST_F(LeakTest, AfterTimeouts) {
  // On a busy machine they may all be overdue unsent, and prove nothing.
  const auto none_cancelled = [this] { return database_->stats().cancels == 0; };
  for (int round = 0; round < kRounds || none_cancelled(); ++round) {
    Overdue();
    const auto in_transaction = runner_.Run<RowsOr>(
        [this] { return SleepInTransaction(database_.get(), Within(milliseconds(100))); });
    EXPECT_THAT(in_transaction, HasCode(StatusCode::kDeadlineExceeded));
    ExpectNothingIsLeft();
  }
}

TEST_F(LeakTest, AfterCallsWereCancelled) {
  for (int round = 0; round < kRounds; ++round) {
    const base::CallContext ctx = runner_.Context();
    Load load = MakeLoad(ctx);
    runner_.RunPlain([&] { ctx.cancel().Cancel(); });
    Await(std::move(load));
    ExpectNothingIsLeft();
  }
}

TEST_F(LeakTest, AfterPostgresWasRestartedAndCrashed) {
  for (const bool crash : {false, true, false}) {
    const base::CallContext ctx = runner_.Context();
    Load load = MakeLoad(ctx);
    if (crash) {
      tests::PostgresCluster::Shared().Kill9();
      tests::PostgresCluster::Shared().Start();
    } else {
      tests::PostgresCluster::Shared().Restart();
    }
    // What did not run for sure is run again.
    runner_.RunPlain([&] { ctx.cancel().Cancel(); });
    Await(std::move(load));
    ExpectNothingIsLeft();
  }
}

}  // namespace
}  // namespace gatehouse::storage::postgres
