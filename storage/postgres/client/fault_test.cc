// What happens to calls when connections and servers fail.

#include <atomic>
#include <cstdint>
#include <future>
#include <string>
#include <vector>

#include "base/log_line.h"
#include "storage/postgres/client/fault_test_base.h"
#include "tests/support/postgres/fake_server.h"

namespace gatehouse::storage::postgres {
namespace {

using absl::StatusCode;
using base::Reason;
using std::chrono::milliseconds;
using std::chrono::seconds;
using tests::FailsWith;
using tests::HasCode;
using tests::IsOk;

class FaultTest : public FaultTestBase {
 protected:
  // Asks for `number` until told to stop; counts answers by status, and wrong ones.
  struct Tally {
    std::atomic<int> right = 0;
    std::atomic<int> wrong = 0;
    std::atomic<int> unavailable = 0;
    std::atomic<int> other = 0;
    std::atomic<bool> stop = false;
  };
  static base::Task<bool> KeepAsking(Database* database, base::CallContext ctx, int64_t number,
                                     Tally* tally) {
    constexpr std::string_view kEcho = "SELECT $1::int8, repeat('x', ($1 % 500)::int)";
    // Every other caller shares its Syncs.
    const Query query = number % 2 == 0 ? Query{"test/echo", kEcho}
                                        : Query{"test/shared_echo", kEcho, /*reads=*/true};
    while (!tally->stop) {
      const RowsOr rows = co_await database->Query(ctx, query, Params::Of(number));
      if (rows.ok()) {
        const bool right =
            rows->size() == 1 && (*rows)[0].Get<int64_t>(0) == number &&
            (*rows)[0].Get<std::string>(1).size() == static_cast<size_t>(number % 500);
        ++(right ? tally->right : tally->wrong);
      } else if (rows.status().code() == StatusCode::kUnavailable) {
        ++tally->unavailable;
      } else {
        ++tally->other;
      }
    }
    co_return true;
  }
};

TEST_F(FaultTest, EveryCallerGetsItsOwnRowWhileBackendsAreKilled) {
  OpenLanes(3);
  Tally tally;
  std::vector<std::future<bool>> callers;
  for (int64_t i = 0; i < 200; ++i) {
    callers.push_back(runner_.Start<bool>(
        [&, i] { return KeepAsking(database_.get(), runner_.Context(), i, &tally); }));
  }
  for (int round = 1; round <= 20; ++round) {
    const int before = tally.right;
    KillBackends();
    ASSERT_TRUE(Eventually([&] { return tally.right > before + 500; })) << "round " << round;
  }
  tally.stop = true;
  for (auto& caller : callers) caller.get();
  EXPECT_EQ(tally.wrong, 0);
  EXPECT_EQ(tally.other, 0);
  EXPECT_GE(database_->stats().connections_lost, 20u);
  EXPECT_EQ(database_->stats().in_flight, 0);
  EXPECT_EQ(database_->stats().queued, 0);
}

TEST_F(FaultTest, ThousandsOfInterleavedCallsKeepTheirIdentityOnTwoLoops) {
  tests::LoopRunner second;
  auto opened = Database::Open(Config(), {&runner_.loop(), &second.loop()});
  ASSERT_THAT(opened, IsOk());
  database_ = *std::move(opened);
  Tally tally;
  std::vector<std::future<bool>> callers;
  for (int64_t i = 0; i < 300; ++i) {
    tests::LoopRunner& runner = i % 2 == 0 ? runner_ : second;
    callers.push_back(runner.Start<bool>(
        [&, i] { return KeepAsking(database_.get(), runner.Context(), i, &tally); }));
  }
  EXPECT_TRUE(Eventually([&] { return tally.right >= 20000; }));
  tally.stop = true;
  for (auto& caller : callers) caller.get();
  EXPECT_EQ(tally.wrong + tally.unavailable + tally.other, 0);
  database_.reset();
}

TEST_F(FaultTest, StatementsThatDidNotRunAreRunElsewhere) {
  OpenLanes(1);
  Execute("CREATE TABLE t (x int)");
  auto sleeper = StartQuery(runner_.Context(), kSleep, Forever());
  ASSERT_TRUE(WaitForSleepers(1));
  constexpr Query kInsert{"test/insert", "INSERT INTO t VALUES ($1)"};
  std::vector<std::future<RowsOr>> inserts;
  for (int i = 0; i < 50; ++i) {
    inserts.push_back(StartQuery(runner_.Context(), kInsert, Params::Of(i)));
  }
  ASSERT_TRUE(Eventually([&] { return database_->stats().in_flight == 51; }));
  // Of the sleeper's retries each is killed as well.
  while (sleeper.wait_for(milliseconds(1)) != std::future_status::ready) KillBackends();
  // DATABASE_UNAVAILABLE where the backend's last words arrived, OUTCOME_UNKNOWN where the
  // kernel dropped them with the connection.
  EXPECT_THAT(sleeper.get(), HasCode(StatusCode::kUnavailable));
  int done = 0;
  for (auto& insert : inserts) done += insert.get().ok() ? 1 : 0;
  EXPECT_EQ(Ask("SELECT count(*) FROM t"), std::to_string(done));
}

TEST_F(FaultTest, AReadWhoseConnectionIsLostRunsAgain) {
  constexpr Query kRead{"test/read", "SELECT pg_sleep($1)", /*reads=*/true};
  OpenLanes(1);
  auto read = StartQuery(runner_.Context(), kRead, Forever());
  ASSERT_TRUE(WaitForSleepers(1));
  KillBackends();
  // By itself, until it is its fault.
  EXPECT_TRUE(WaitForSleepers(1));
  while (read.wait_for(milliseconds(1)) != std::future_status::ready) KillBackends();
  EXPECT_THAT(read.get(), FailsWith(StatusCode::kUnavailable, Reason::kDatabaseUnavailable));
}

TEST_F(FaultTest, ACrashMakesOutcomesUnknownAndRecovers) {
  OpenLanes(1);
  auto sleeper = StartQuery(runner_.Context(), kSleep, Forever());
  ASSERT_TRUE(WaitForSleepers(1));
  tests::PostgresCluster::Shared().Kill9();
  EXPECT_THAT(sleeper.get(), FailsWith(StatusCode::kUnavailable, Reason::kOutcomeUnknown));
  // Not only once it has waited as long as calls without a deadline do.
  EXPECT_THAT(StartQuery(Within(milliseconds(200)), kOne).get(),
              FailsWith(StatusCode::kDeadlineExceeded, Reason::kDeadline));
  EXPECT_TRUE(Eventually([&] { return database_->last_connect_error() != ""; }));
  tests::PostgresCluster::Shared().Start();
  EXPECT_TRUE(Eventually([&] { return RunQuery(kOne).ok(); }));
  EXPECT_TRUE(Eventually([&] { return database_->last_connect_error() == ""; }));
}

TEST_F(FaultTest, CallsGoOnOverARestart) {
  OpenLanes(2);
  Tally tally;
  std::vector<std::future<bool>> callers;
  for (int64_t i = 0; i < 50; ++i) {
    callers.push_back(runner_.Start<bool>(
        [&, i] { return KeepAsking(database_.get(), runner_.Context(), i, &tally); }));
  }
  ASSERT_TRUE(Eventually([&] { return tally.right > 100; }));
  tests::PostgresCluster::Shared().Restart();
  const int before = tally.right;
  EXPECT_TRUE(Eventually([&] { return tally.right > before + 1000; }));
  tally.stop = true;
  for (auto& caller : callers) caller.get();
  EXPECT_EQ(tally.wrong + tally.other, 0);
}

TEST_F(FaultTest, WithoutAServerCallsFailAfterTheAcquireTimeout) {
  DatabaseConfig config = Config();
  config.dsn = "host=/nonexistent-gatehouse dbname=x";
  config.acquire_timeout = milliseconds(50);
  Open(config);
  EXPECT_THAT(RunQuery(kOne), FailsWith(StatusCode::kUnavailable, Reason::kDatabaseUnavailable));
  EXPECT_NE(database_->last_connect_error().find("/nonexistent-gatehouse"), std::string::npos);
  EXPECT_THAT(runner_.Run<absl::Status>([&] { return database_->Ping(runner_.Context()); }),
              HasCode(StatusCode::kUnavailable));
}

TEST_F(FaultTest, AMalformedDsnIsRefusedAtOnce) {
  DatabaseConfig config = Config();
  config.dsn = "host=x nonsense=1";
  const auto opened = Database::Open(config, {&runner_.loop()});
  EXPECT_THAT(opened, FailsWith(StatusCode::kInvalidArgument, Reason::kInvalidField));
  config = Config();
  config.lanes_per_loop = 0;
  EXPECT_THAT(Database::Open(config, {&runner_.loop()}), HasCode(StatusCode::kInvalidArgument));
}

TEST_F(FaultTest, PassesOverDeadHostsToTheOneThatTakesWrites) {
  DatabaseConfig config = Config();
  const std::string socket = tests::PostgresCluster::Shared().socket_dir();
  const std::string name = Ask("SELECT current_database()");
  config.dsn = "postgresql://gatehouse@/" + name + "?host=/nonexistent-gatehouse," + socket +
               "&target_session_attrs=read-write";
  Open(config);
  EXPECT_THAT(RunQuery(kOne), IsOk());
  // A database that takes no writes is as good as none.
  Execute("ALTER DATABASE " + name + " SET default_transaction_read_only = on");
  config.acquire_timeout = milliseconds(100);
  Open(config);
  EXPECT_THAT(RunQuery(kOne), FailsWith(StatusCode::kUnavailable, Reason::kDatabaseUnavailable));
  tests::ExecuteSql(tests::PostgresCluster::Shared().Dsn("postgres"),
                    "ALTER DATABASE " + name + " RESET default_transaction_read_only");
  EXPECT_TRUE(Eventually([&] { return RunQuery(kOne).ok(); }));
}

TEST_F(FaultTest, PassesOverAHostThatDoesNotAnswer) {
  const tests::FakeServer silent({.silent = true});
  DatabaseConfig config = Config();
  config.dsn = "host=" + silent.socket_dir() + "," + tests::PostgresCluster::Shared().socket_dir() +
               " user=gatehouse dbname=" + Ask("SELECT current_database()");
  config.connect_timeout = milliseconds(300);
  Open(config);
  EXPECT_THAT(RunQuery(kOne), IsOk());
  EXPECT_GE(database_->stats().connect_failures, 1u);
  // Before its server.
  database_.reset();
}

// A collation whose version is not that of the system any more is told at every connect.
TEST_F(FaultTest, WhatPostgresWarnsOfGoesToTheLogOverARestartAsWell) {
  Execute("UPDATE pg_database SET datcollversion = 'old' WHERE datname = current_database()");
  base::FlushLogLines();
  std::string lines;
  testing::internal::CaptureStderr();
  {
    const base::ScopedLogCapture capture([&lines](const std::string& line) { lines += line; });
    OpenLanes(1);
    EXPECT_THAT(RunQuery(kOne), IsOk());
    tests::PostgresCluster::Shared().Restart();
    EXPECT_TRUE(Eventually([&] { return RunQuery(kOne).ok(); }));
    database_.reset();
    base::FlushLogLines();
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_NE(lines.find("collation version"), std::string::npos) << lines;
}

TEST_F(FaultTest, AFatalOfAPoolerSaysNothingOfTheServer) {
  constexpr Query kChange{"test/change", "UPDATE t SET x = 1"};
  constexpr Query kRead{"test/read", "SELECT x FROM t", /*reads=*/true};
  const tests::FakeServer pooler;
  DatabaseConfig config = Config();
  config.dsn = pooler.Dsn();
  config.use_prepared_statements = false;
  Open(config);
  EXPECT_THAT(RunQuery(kChange), FailsWith(StatusCode::kUnavailable, Reason::kOutcomeUnknown));
  EXPECT_EQ(database_->stats().retries, 0u);
  // What only reads runs again all the same, until it is its fault.
  EXPECT_THAT(RunQuery(kRead), FailsWith(StatusCode::kUnavailable, Reason::kDatabaseUnavailable));
  EXPECT_EQ(database_->stats().retries, 3u);
  // So does a change of which it makes no difference.
  constexpr Query kAgain{.name = "test/again", .text = "UPDATE t SET x = 1", .may_run_again = true};
  EXPECT_THAT(RunQuery(kAgain), FailsWith(StatusCode::kUnavailable, Reason::kDatabaseUnavailable));
  EXPECT_EQ(database_->stats().retries, 6u);
  // A server that says so has not come to the end of the statement.
  config.use_prepared_statements = true;
  Open(config);
  EXPECT_THAT(RunQuery(kChange), FailsWith(StatusCode::kUnavailable, Reason::kDatabaseUnavailable));
  EXPECT_EQ(database_->stats().retries, 3u);
  database_.reset();
}

TEST_F(FaultTest, AServerThatHangsDoesNotHoldUpTheEnd) {
  OpenLanes(2);
  tests::PostgresCluster::Shared().Freeze();
  // Cancelled in vain already, and given up by Close.
  const base::CallContext ctx = runner_.Context();
  auto cancelled = StartQuery(ctx, kSleep, Forever());
  auto waiting = StartQuery(runner_.Context(), kSleep, Forever());
  ASSERT_TRUE(Eventually([&] { return database_->stats().in_flight == 2; }));
  runner_.RunPlain([&] { ctx.cancel().Cancel(); });
  EXPECT_THAT(cancelled.get(), HasCode(StatusCode::kCancelled));
  EXPECT_TRUE(Eventually([&] { return database_->stats().cancels >= 1u; }));
  auto end = std::async(std::launch::async, [&] { database_.reset(); });
  // If it waited for the server, for ever.
  EXPECT_EQ(end.wait_for(seconds(60)), std::future_status::ready);
  tests::PostgresCluster::Shared().Thaw();
  end.get();
  EXPECT_THAT(waiting.get(), HasCode(StatusCode::kUnavailable));
}

TEST_F(FaultTest, CloseAnswersWhatIsInFlight) {
  OpenLanes(1);
  auto sleeper = StartQuery(runner_.Context(), kSleep, Forever());
  ASSERT_TRUE(WaitForSleepers(1));
  database_->Close();
  EXPECT_THAT(sleeper.get(), FailsWith(StatusCode::kUnavailable, Reason::kShuttingDown));
  EXPECT_THAT(RunQuery(kOne), FailsWith(StatusCode::kUnavailable, Reason::kShuttingDown));
}

TEST_F(FaultTest, ThePasswordFileIsReadAtEveryConnect) {
  DatabaseConfig config = Config();
  const std::string file = std::string(getenv("TEST_TMPDIR")) + "/password";
  FILE* out = fopen(file.c_str(), "w");
  fputs("from-file\n", out);
  fclose(out);
  config.password_file = file;
  config.dsn += " password=from-dsn";
  Open(config);
  // The cluster trusts everybody: enough that a connection comes about.
  EXPECT_THAT(RunQuery(kOne), IsOk());
}

}  // namespace
}  // namespace gatehouse::storage::postgres
