// What happens to calls when connections, statements and servers fail.

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include "storage/postgres/client/client_test_base.h"

namespace gatehouse::storage::postgres {
namespace {

using absl::StatusCode;
using base::Reason;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using tests::FailsWith;
using tests::HasCode;
using tests::IsOk;

constexpr Query kSleep{"test/sleep", "SELECT pg_sleep($1)"};
constexpr Query kOne{"test/one", "SELECT 1"};

class FaultTest : public ClientTest {
 protected:
  void TearDown() override {
    database_.reset();
    // Nothing is left behind on the server.
    EXPECT_TRUE(Eventually([this] { return Backends("") == "0"; }));
  }

  std::string Backends(const std::string& condition) const {
    return Ask(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
        "application_name = 'client' " +
        condition);
  }
  void KillBackends() const {
    Execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
        "current_database() AND application_name = 'client'");
  }
  bool WaitForSleepers(int count) const {
    return Eventually([&] {
      return Backends("AND state = 'active' AND query LIKE '%pg_sleep%'") == std::to_string(count);
    });
  }
  void OpenLanes(int lanes) {
    DatabaseConfig config = Config();
    config.lanes_per_loop = lanes;
    Open(config);
    ASSERT_TRUE(Eventually([&] { return database_->stats().connections == lanes + 1; }));
  }
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
    constexpr Query kEcho{"test/echo", "SELECT $1::int8, repeat('x', ($1 % 500)::int)"};
    while (!tally->stop) {
      const RowsOr rows = co_await database->Query(ctx, kEcho, Params::Of(number));
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
  auto sleeper = StartQuery(runner_.Context(), kSleep, Params::Of(30.0));
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

TEST_F(FaultTest, ACrashMakesOutcomesUnknownAndRecovers) {
  OpenLanes(1);
  auto sleeper = StartQuery(runner_.Context(), kSleep, Params::Of(30.0));
  ASSERT_TRUE(WaitForSleepers(1));
  tests::PostgresCluster::Shared().Kill9();
  EXPECT_THAT(sleeper.get(), FailsWith(StatusCode::kUnavailable, Reason::kOutcomeUnknown));
  const auto start = steady_clock::now();
  EXPECT_THAT(StartQuery(Within(milliseconds(200)), kOne).get(),
              FailsWith(StatusCode::kDeadlineExceeded, Reason::kDeadline));
  EXPECT_LT(steady_clock::now() - start, seconds(2));
  EXPECT_NE(database_->last_connect_error(), "");
  tests::PostgresCluster::Shared().Start();
  EXPECT_TRUE(Eventually([&] { return RunQuery(kOne).ok(); }));
  EXPECT_EQ(database_->last_connect_error(), "");
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
  // Takes connections and says nothing, as a host behind a broken network.
  char dir[] = "/tmp/gatehouse-mute-XXXXXX";
  ASSERT_NE(mkdtemp(dir), nullptr);
  sockaddr_un address{.sun_family = AF_UNIX};
  const std::string path = std::string(dir) + "/.s.PGSQL.5432";
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int mute = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(bind(mute, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(listen(mute, 100), 0);
  DatabaseConfig config = Config();
  config.dsn = "host=" + std::string(dir) + "," + tests::PostgresCluster::Shared().socket_dir() +
               " user=gatehouse dbname=" + Ask("SELECT current_database()");
  config.connect_timeout = milliseconds(300);
  config.acquire_timeout = seconds(20);
  Open(config);
  EXPECT_THAT(RunQuery(kOne), IsOk());
  EXPECT_GE(database_->stats().connect_failures, 1u);
  close(mute);
  std::filesystem::remove_all(dir);
}

TEST_F(FaultTest, ADeadlineAlreadyPastSendsNothing) {
  OpenLanes(1);
  EXPECT_THAT(StartQuery(Within(milliseconds(-1)), kOne).get(),
              FailsWith(StatusCode::kDeadlineExceeded, Reason::kDeadline));
  EXPECT_EQ(database_->statements_sent(), 0u);
}

TEST_F(FaultTest, AnAbandonedStatementIsCancelledAndInnocentsAreNot) {
  OpenLanes(1);
  const auto start = steady_clock::now();
  for (int round = 0; round < 5; ++round) {
    const base::CallContext ctx = runner_.Context();
    auto abandoned = StartQuery(ctx, kSleep, Params::Of(60.0));
    ASSERT_TRUE(WaitForSleepers(1));
    std::vector<std::future<RowsOr>> innocents;
    for (int i = 0; i < 20; ++i) innocents.push_back(StartQuery(runner_.Context(), kOne));
    runner_.RunPlain([&] { ctx.cancel().Cancel(); });
    EXPECT_THAT(abandoned.get(), HasCode(StatusCode::kCancelled));
    for (auto& innocent : innocents) EXPECT_THAT(innocent.get(), IsOk());
    // The next round must not take this one's statement for its own.
    ASSERT_TRUE(WaitForSleepers(0));
  }
  // Long before the sleeps would have ended by themselves.
  EXPECT_LT(steady_clock::now() - start, seconds(30));
  // Counted on the loop once the request has gone out, which may be after it took effect. Not
  // five: Postgres signals the process and then its group, and when it is slow the second signal
  // ends the next round's statement.
  EXPECT_TRUE(Eventually([&] { return database_->stats().cancels >= 1u; }));
  EXPECT_EQ(database_->stats().connections_lost, 0u);
}

TEST_F(FaultTest, AnOverdueCallIsAnsweredInTime) {
  OpenLanes(1);
  const auto start = steady_clock::now();
  EXPECT_THAT(StartQuery(Within(milliseconds(100)), kSleep, Params::Of(60.0)).get(),
              FailsWith(StatusCode::kDeadlineExceeded, Reason::kDeadline));
  EXPECT_LT(steady_clock::now() - start, seconds(10));
  EXPECT_THAT(RunQuery(kOne), IsOk());
}

TEST_F(FaultTest, InnocentsHitByACancelAreRunAgain) {
  // Each waits a little more than the grace, so that cancel requests go out just
  // as it ends and hit what comes next.
  DatabaseConfig config = Config();
  config.lanes_per_loop = 1;
  config.abandoned_grace = milliseconds(1);
  Open(config);
  int failures = 0;
  for (int round = 0; round < 60; ++round) {
    auto overdue = StartQuery(Within(milliseconds(1)), kSleep, Params::Of(0.003));
    std::vector<std::future<RowsOr>> innocents;
    for (int i = 0; i < 10; ++i) {
      innocents.push_back(StartQuery(runner_.Context(), kSleep, Params::Of(0.001)));
    }
    overdue.wait();
    for (auto& innocent : innocents) failures += innocent.get().ok() ? 0 : 1;
  }
  EXPECT_EQ(failures, 0);
  // Else nothing was hit and this proves nothing.
  EXPECT_GE(database_->stats().cancels, 1u);
  RecordProperty("retries", static_cast<int>(database_->stats().retries));
  EXPECT_EQ(database_->stats().connections_lost, 0u);
}

TEST_F(FaultTest, ACancelledCallIsAnsweredAtOnce) {
  OpenLanes(1);
  const base::CallContext ctx = runner_.Context();
  auto cancelled = StartQuery(ctx, kSleep, Params::Of(30.0));
  ASSERT_TRUE(WaitForSleepers(1));
  runner_.RunPlain([&] { ctx.cancel().Cancel(); });
  EXPECT_THAT(cancelled.get(), FailsWith(StatusCode::kCancelled, Reason::kCancelled));
  EXPECT_THAT(RunQuery(kOne), IsOk());
  EXPECT_TRUE(Eventually([&] { return database_->stats().in_flight == 0; }));
  EXPECT_THAT(StartQuery(ctx, kOne).get(), FailsWith(StatusCode::kCancelled, Reason::kCancelled));
}

TEST_F(FaultTest, AServerThatHangsDoesNotHoldUpTheEnd) {
  OpenLanes(2);
  tests::PostgresCluster::Shared().Freeze();
  // Cancelled in vain already, and given up by Close.
  auto overdue = StartQuery(Within(milliseconds(50)), kSleep, Params::Of(60.0));
  auto waiting = StartQuery(runner_.Context(), kSleep, Params::Of(60.0));
  EXPECT_THAT(overdue.get(), FailsWith(StatusCode::kDeadlineExceeded, Reason::kDeadline));
  EXPECT_TRUE(Eventually([&] { return database_->stats().cancels >= 1u; }));
  const auto start = steady_clock::now();
  database_.reset();
  EXPECT_LT(steady_clock::now() - start, seconds(8));
  EXPECT_THAT(waiting.get(), HasCode(StatusCode::kUnavailable));
  tests::PostgresCluster::Shared().Thaw();
}

TEST_F(FaultTest, TheStatementTimeoutEndsWhatHasNoDeadline) {
  DatabaseConfig config = Config();
  config.statement_timeout = milliseconds(50);
  config.lanes_per_loop = 1;
  Open(config);
  EXPECT_THAT(RunQuery(kSleep, Params::Of(30.0)),
              FailsWith(StatusCode::kDeadlineExceeded, Reason::kDeadline));
  EXPECT_EQ(database_->stats().cancels, 0u);
  EXPECT_EQ(database_->stats().retries, 0u);
  EXPECT_THAT(RunQuery(kOne), IsOk());
}

TEST_F(FaultTest, ASlowStatementHoldsUpOnlyItsLane) {
  OpenLanes(2);
  auto slow = StartQuery(Within(seconds(20)), kSleep, Params::Of(1.0));
  ASSERT_TRUE(WaitForSleepers(1));
  for (int i = 0; i < 50; ++i) ASSERT_THAT(RunQuery(kOne), IsOk());
  EXPECT_EQ(slow.wait_for(milliseconds(0)), std::future_status::timeout);
  EXPECT_THAT(slow.get(), IsOk());
}

TEST_F(FaultTest, FullQueuesRefuseWithARetryDelay) {
  DatabaseConfig config = Config();
  config.lanes_per_loop = 1;
  config.max_in_flight_per_lane = 1;
  config.max_queued_per_loop = 2;
  config.acquire_timeout = milliseconds(100);
  Open(config);
  ASSERT_THAT(RunQuery(kOne), IsOk());
  auto slow = StartQuery(Within(seconds(20)), kSleep, Params::Of(1.0));
  ASSERT_TRUE(Eventually([&] { return database_->stats().in_flight == 1; }));
  auto first = StartQuery(runner_.Context(), kOne);
  auto second = StartQuery(Within(milliseconds(20)), kOne);
  ASSERT_TRUE(Eventually([&] { return database_->stats().queued >= 1; }));
  const RowsOr refused = StartQuery(runner_.Context(), kOne).get();
  EXPECT_THAT(refused, FailsWith(StatusCode::kResourceExhausted, Reason::kStorageOverloaded));
  EXPECT_TRUE(base::GetErrorDetails(refused.status())->retry_after.has_value());
  EXPECT_THAT(second.get(), HasCode(StatusCode::kDeadlineExceeded));
  // Waited longer than acquire_timeout.
  EXPECT_THAT(first.get(), FailsWith(StatusCode::kResourceExhausted, Reason::kStorageOverloaded));
  EXPECT_THAT(slow.get(), IsOk());
  EXPECT_THAT(RunQuery(kOne), IsOk());
  EXPECT_EQ(database_->stats().queued, 0);
}

TEST_F(FaultTest, BigStatementsAndResultsPassBothWaysAtOnce) {
  OpenLanes(1);
  const std::string big(8 << 20, 'b');
  std::vector<std::future<RowsOr>> calls;
  for (int i = 0; i < 6; ++i) {
    calls.push_back(StartQuery(runner_.Context(), {"test/big", "SELECT $1::text, $2"},
                               Params::Of(big + std::to_string(i), i)));
  }
  for (int i = 0; i < 6; ++i) {
    const RowsOr rows = calls[static_cast<size_t>(i)].get();
    ASSERT_THAT(rows, IsOk());
    EXPECT_EQ((*rows)[0].Get<std::string>(0), big + std::to_string(i));
    EXPECT_EQ((*rows)[0].Get<int32_t>(1), i);
  }
}

TEST_F(FaultTest, CloseAnswersWhatIsInFlight) {
  OpenLanes(1);
  auto sleeper = StartQuery(runner_.Context(), kSleep, Params::Of(30.0));
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
