#include "storage/postgres/client/transaction.h"

#include <future>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/postgres/client/client_test_base.h"

namespace gatehouse::storage::postgres {
namespace {

using absl::StatusCode;
using base::Reason;
using std::chrono::milliseconds;
using std::chrono::minutes;
using tests::FailsWith;
using tests::HasCode;
using tests::IsOk;

constexpr Query kInsert{"test/insert", "INSERT INTO t VALUES ($1)"};
constexpr Query kCount{"test/count", "SELECT count(*) FROM t"};
constexpr Query kSleep{"test/sleep", "SELECT pg_sleep($1)"};

class TransactionTest : public ClientTest {
 protected:
  void SetUp() override {
    ClientTest::SetUp();
    Execute("CREATE TABLE t (x int PRIMARY KEY)");
    DatabaseConfig config = Config();
    config.exclusive_per_loop = 2;
    Open(config);
  }
  void TearDown() override {
    held_.clear();
    ClientTest::TearDown();
  }

  using BeginOr = absl::StatusOr<Transaction>;

  // Begins, and keeps the transaction for calls from the test's thread.
  absl::Status Hold(base::CallContext ctx) {
    BeginOr begun = runner_.Run<BeginOr>([this, ctx] { return database_->Begin(ctx); });
    if (begun.ok()) held_.push_back(*std::move(begun));
    return begun.status();
  }
  RowsOr QueryHeld(size_t i, Query query, Params params = {}) {
    return runner_.Run<RowsOr>([&] { return held_[i].Query(query, params); });
  }
  absl::Status CommitHeld(size_t i) {
    return runner_.Run<absl::Status>([&] { return held_[i].Commit(); });
  }
  void DropHeld() {
    runner_.RunPlain([this] { held_.clear(); });
  }

  static base::Task<absl::Status> BeginAndCommit(Database* database, base::CallContext ctx) {
    BeginOr begun = co_await database->Begin(std::move(ctx));
    if (!begun.ok()) co_return begun.status();
    const absl::Status committed = co_await begun->Commit();
    co_return committed;
  }

  std::vector<Transaction> held_;
};

TEST_F(TransactionTest, CommitsWhatItDid) {
  ASSERT_THAT(Hold(runner_.Context()), IsOk());
  ASSERT_THAT(QueryHeld(0, kInsert, Params::Of(1)), IsOk());
  const RowsOr seen = QueryHeld(0, kCount);
  ASSERT_THAT(seen, IsOk());
  EXPECT_EQ((*seen)[0].Get<int64_t>(0), 1);
  EXPECT_EQ(Ask("SELECT count(*) FROM t"), "0");
  EXPECT_THAT(CommitHeld(0), IsOk());
  EXPECT_EQ(Ask("SELECT count(*) FROM t"), "1");
  EXPECT_THAT(QueryHeld(0, kCount), HasCode(StatusCode::kInternal));
}

TEST_F(TransactionTest, RollsBackWhenDropped) {
  ASSERT_THAT(Hold(runner_.Context()), IsOk());
  ASSERT_THAT(QueryHeld(0, kInsert, Params::Of(1)), IsOk());
  DropHeld();
  // The same connection serves again, and nothing of the first is on it.
  for (int i = 0; i < 3; ++i) {
    ASSERT_THAT(Hold(runner_.Context()), IsOk());
    const RowsOr seen = QueryHeld(0, kCount);
    ASSERT_THAT(seen, IsOk());
    EXPECT_EQ((*seen)[0].Get<int64_t>(0), 0);
    DropHeld();
  }
  EXPECT_LE(database_->stats().connects, 2u + 2u);
}

TEST_F(TransactionTest, CommitAfterAnErrorFails) {
  ASSERT_THAT(Hold(runner_.Context()), IsOk());
  ASSERT_THAT(QueryHeld(0, kInsert, Params::Of(1)), IsOk());
  EXPECT_THAT(QueryHeld(0, kInsert, Params::Of(1)), HasCode(StatusCode::kAlreadyExists));
  EXPECT_THAT(CommitHeld(0), HasCode(StatusCode::kInternal));
  EXPECT_EQ(Ask("SELECT count(*) FROM t"), "0");
}

TEST_F(TransactionTest, RunsABatchAndRollsBackOnRequest) {
  ASSERT_THAT(Hold(runner_.Context()), IsOk());
  Batch batch;
  batch.Add(kInsert, Params::Of(1)).Add(kCount);
  const BatchOr results = runner_.Run<BatchOr>([&] { return held_[0].Run(batch); });
  ASSERT_THAT(results, IsOk());
  EXPECT_EQ((*results)[1][0].Get<int64_t>(0), 1);
  EXPECT_THAT(runner_.Run<absl::Status>([&] { return held_[0].Rollback(); }), IsOk());
  EXPECT_EQ(Ask("SELECT count(*) FROM t"), "0");
}

TEST_F(TransactionTest, AnExhaustedPoolRefusesAndRecovers) {
  DatabaseConfig config = Config();
  config.exclusive_per_loop = 2;
  config.acquire_timeout = milliseconds(200);
  Open(config);
  // The connections themselves may take longer than that.
  ASSERT_TRUE(Eventually([&] { return Hold(runner_.Context()).ok(); }));
  ASSERT_TRUE(Eventually([&] { return Hold(runner_.Context()).ok(); }));
  EXPECT_THAT(Hold(runner_.Context()),
              FailsWith(StatusCode::kResourceExhausted, Reason::kStorageOverloaded));
  DropHeld();
  EXPECT_TRUE(Eventually([&] { return Hold(runner_.Context()).ok(); }));
}

TEST_F(TransactionTest, WhoWaitsGetsTheFirstConnectionThatComesFree) {
  ASSERT_THAT(Hold(runner_.Context()), IsOk());
  ASSERT_THAT(Hold(runner_.Context()), IsOk());
  EXPECT_THAT(Hold(Within(milliseconds(20))), HasCode(StatusCode::kDeadlineExceeded));
  const base::CallContext cancelled = runner_.Context();
  auto waiting = runner_.Start<BeginOr>([&] { return database_->Begin(cancelled); });
  runner_.RunPlain([&] { cancelled.cancel().Cancel(); });
  EXPECT_THAT(waiting.get(), HasCode(StatusCode::kCancelled));
  auto next = runner_.Start<absl::Status>(
      [this] { return BeginAndCommit(database_.get(), runner_.Context()); });
  DropHeld();
  EXPECT_THAT(next.get(), IsOk());
  EXPECT_EQ(database_->stats().queued, 0);
}

TEST_F(TransactionTest, ItsDeadlineIsAlsoPostgresLimit) {
  ASSERT_THAT(Hold(Within(minutes(5))), IsOk());
  const RowsOr rows =
      QueryHeld(0, {"", "SELECT setting::int8 FROM pg_settings WHERE name = 'statement_timeout'"});
  ASSERT_THAT(rows, IsOk());
  EXPECT_LE((*rows)[0].Get<int64_t>(0), milliseconds(minutes(5)).count());
  EXPECT_GT((*rows)[0].Get<int64_t>(0), milliseconds(minutes(4)).count());
}

TEST_F(TransactionTest, AnOverdueStatementFreesItsConnectionSoon) {
  ASSERT_THAT(Hold(runner_.Context()), IsOk());
  // Overdue soon, but not before it has changed something, however long the machine takes.
  for (milliseconds timeout(100); held_.size() < 2; timeout *= 2) {
    ASSERT_LT(timeout, minutes(1));
    if (!Hold(Within(timeout)).ok() || QueryHeld(1, kInsert, Params::Of(1)).ok()) continue;
    runner_.RunPlain([this] { held_.pop_back(); });
  }
  EXPECT_THAT(QueryHeld(1, kSleep, Params::Of(3600.0)), HasCode(StatusCode::kDeadlineExceeded));
  runner_.RunPlain([this] { held_.pop_back(); });
  EXPECT_TRUE(Eventually([&] { return database_->stats().in_flight == 0; }));
  ASSERT_THAT(Hold(runner_.Context()), IsOk());
  const RowsOr seen = QueryHeld(1, kCount);
  ASSERT_THAT(seen, IsOk());
  EXPECT_EQ((*seen)[0].Get<int64_t>(0), 0);
}

TEST_F(TransactionTest, ALostConnectionMeansNothingWasDone) {
  ASSERT_THAT(Hold(runner_.Context()), IsOk());
  const RowsOr pid = QueryHeld(0, {"", "SELECT pg_backend_pid()"});
  ASSERT_THAT(pid, IsOk());
  ASSERT_THAT(QueryHeld(0, kInsert, Params::Of(1)), IsOk());
  const uint64_t lost = database_->stats().connections_lost;
  Execute("SELECT pg_terminate_backend(" + std::to_string((*pid)[0].Get<int64_t>(0)) + ")");
  ASSERT_TRUE(Eventually([&] { return database_->stats().connections_lost > lost; }));
  EXPECT_THAT(QueryHeld(0, kCount),
              FailsWith(StatusCode::kUnavailable, Reason::kDatabaseUnavailable));
  EXPECT_THAT(CommitHeld(0), FailsWith(StatusCode::kUnavailable, Reason::kDatabaseUnavailable));
  EXPECT_EQ(Ask("SELECT count(*) FROM t"), "0");
  ASSERT_THAT(Hold(runner_.Context()), IsOk());
}

TEST_F(TransactionTest, ACommitThatDoesNotAnswerIsUnknownAndNotCancelled) {
  Execute(
      "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS "
      "$$BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END$$;"
      "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED "
      "FOR EACH ROW EXECUTE FUNCTION slow()");
  DatabaseConfig config = Config();
  config.exclusive_per_loop = 1;
  config.abandoned_grace = milliseconds(1);
  Open(config);
  Gate gate(dsn_);
  const base::CallContext ctx = runner_.Context();
  ASSERT_THAT(Hold(ctx), IsOk());
  ASSERT_THAT(QueryHeld(0, kInsert, Params::Of(1)), IsOk());
  auto commit = runner_.Start<absl::Status>([this] { return held_[0].Commit(); });
  ASSERT_TRUE(Eventually([&] { return gate.waiting() == 1; }));
  runner_.RunPlain([&] { ctx.cancel().Cancel(); });
  EXPECT_THAT(commit.get(), FailsWith(StatusCode::kUnavailable, Reason::kOutcomeUnknown));
  // Any other statement would be cancelled by now: timers of a loop go off in the order of their
  // times.
  EXPECT_TRUE(runner_.Run<bool>([&] {
    return runner_.loop().SleepUntil(std::chrono::steady_clock::now() + 2 * config.abandoned_grace,
                                     base::CancelToken());
  }));
  gate.Open();
  EXPECT_TRUE(Eventually([&] { return Ask("SELECT count(*) FROM t") == "1"; }));
  EXPECT_EQ(database_->stats().cancels, 0u);
}

}  // namespace
}  // namespace gatehouse::storage::postgres
