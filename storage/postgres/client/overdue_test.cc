// What happens to calls that are overdue, cancelled, slow, too many or too big.

#include <future>
#include <string>
#include <vector>

#include "storage/postgres/client/fault_test_base.h"

namespace gatehouse::storage::postgres {
namespace {

using absl::StatusCode;
using base::Reason;
using std::chrono::milliseconds;
using tests::FailsWith;
using tests::HasCode;
using tests::IsOk;

using OverdueTest = FaultTestBase;

TEST_F(OverdueTest, ADeadlineAlreadyPastSendsNothing) {
  OpenLanes(1);
  EXPECT_THAT(StartQuery(Within(milliseconds(-1)), kOne).get(),
              FailsWith(StatusCode::kDeadlineExceeded, Reason::kDeadline));
  EXPECT_EQ(database_->statements_sent(), 0u);
}

TEST_F(OverdueTest, AnAbandonedStatementIsCancelledAndInnocentsAreNot) {
  OpenLanes(1);
  for (int round = 0; round < 5; ++round) {
    const base::CallContext ctx = runner_.Context();
    auto abandoned = StartQuery(ctx, kSleep, Forever());
    ASSERT_TRUE(WaitForSleepers(1));
    std::vector<std::future<RowsOr>> innocents;
    for (int i = 0; i < 20; ++i) innocents.push_back(StartQuery(runner_.Context(), kOne));
    runner_.RunPlain([&] { ctx.cancel().Cancel(); });
    EXPECT_THAT(abandoned.get(), HasCode(StatusCode::kCancelled));
    for (auto& innocent : innocents) EXPECT_THAT(innocent.get(), IsOk());
    // The next round must not take this one's statement for its own.
    ASSERT_TRUE(WaitForSleepers(0));
  }
  // Counted on the loop once the request has gone out, which may be after it took effect. Not
  // five: Postgres signals the process and then its group, and when it is slow the second signal
  // ends the next round's statement.
  EXPECT_TRUE(Eventually([&] { return database_->stats().cancels >= 1u; }));
  EXPECT_EQ(database_->stats().connections_lost, 0u);
}

TEST_F(OverdueTest, AnOverdueCallIsAnsweredBeforeItsStatementEnds) {
  OpenLanes(1);
  EXPECT_THAT(StartQuery(Within(milliseconds(100)), kSleep, Forever()).get(),
              FailsWith(StatusCode::kDeadlineExceeded, Reason::kDeadline));
  EXPECT_THAT(RunQuery(kOne), IsOk());
}

TEST_F(OverdueTest, InnocentsHitByACancelAreRunAgain) {
  // Each waits a little more than the grace, so that cancel requests go out just
  // as it ends and hit what comes next.
  DatabaseConfig config = Config();
  config.lanes_per_loop = 1;
  config.abandoned_grace = milliseconds(1);
  Open(config);
  int failures = 0;
  // Else nothing was hit and this proves nothing: on a busy machine most are overdue unsent.
  const auto none_cancelled = [&] { return database_->stats().cancels == 0; };
  for (int round = 0; round < 60 || none_cancelled(); ++round) {
    auto overdue = StartQuery(Within(milliseconds(1)), kSleep, Params::Of(0.003));
    std::vector<std::future<RowsOr>> innocents;
    for (int i = 0; i < 10; ++i) {
      innocents.push_back(StartQuery(runner_.Context(), kSleep, Params::Of(0.001)));
    }
    overdue.wait();
    for (auto& innocent : innocents) failures += innocent.get().ok() ? 0 : 1;
  }
  EXPECT_EQ(failures, 0);
  RecordProperty("retries", static_cast<int>(database_->stats().retries));
  EXPECT_EQ(database_->stats().connections_lost, 0u);
}

TEST_F(OverdueTest, ACancelledCallIsAnsweredAtOnce) {
  OpenLanes(1);
  const base::CallContext ctx = runner_.Context();
  auto cancelled = StartQuery(ctx, kSleep, Forever());
  ASSERT_TRUE(WaitForSleepers(1));
  runner_.RunPlain([&] { ctx.cancel().Cancel(); });
  EXPECT_THAT(cancelled.get(), FailsWith(StatusCode::kCancelled, Reason::kCancelled));
  EXPECT_THAT(RunQuery(kOne), IsOk());
  EXPECT_TRUE(Eventually([&] { return database_->stats().in_flight == 0; }));
  EXPECT_THAT(StartQuery(ctx, kOne).get(), FailsWith(StatusCode::kCancelled, Reason::kCancelled));
}

TEST_F(OverdueTest, TheStatementTimeoutEndsWhatHasNoDeadline) {
  DatabaseConfig config = Config();
  config.statement_timeout = milliseconds(50);
  config.lanes_per_loop = 1;
  Open(config);
  EXPECT_THAT(RunQuery(kSleep, Forever()),
              FailsWith(StatusCode::kDeadlineExceeded, Reason::kDeadline));
  EXPECT_EQ(database_->stats().cancels, 0u);
  EXPECT_EQ(database_->stats().retries, 0u);
  // Which has no more time, and may need it on a busy machine.
  EXPECT_TRUE(Eventually([&] { return RunQuery(kOne).ok(); }));
}

TEST_F(OverdueTest, ASlowStatementHoldsUpOnlyItsLane) {
  OpenLanes(2);
  Gate gate(dsn_);
  auto slow = StartQuery(runner_.Context(), Gate::kPass);
  ASSERT_TRUE(Eventually([&] { return gate.waiting() == 1; }));
  for (int i = 0; i < 50; ++i) ASSERT_THAT(RunQuery(kOne), IsOk());
  EXPECT_EQ(slow.wait_for(milliseconds(0)), std::future_status::timeout);
  gate.Open();
  EXPECT_THAT(slow.get(), IsOk());
}

TEST_F(OverdueTest, ASlowStatementAtTheStartHoldsUpNobody) {
  DatabaseConfig config = Config();
  config.lanes_per_loop = 2;
  Gate gate(dsn_);
  Open(config);
  // Before the second lane is opened by itself, most likely; else this proves nothing.
  auto slow = StartQuery(runner_.Context(), Gate::kPass);
  auto other = StartQuery(runner_.Context(), kOne);
  EXPECT_THAT(other.get(), IsOk());
  EXPECT_EQ(slow.wait_for(milliseconds(0)), std::future_status::timeout);
  gate.Open();
  EXPECT_THAT(slow.get(), IsOk());
}

TEST_F(OverdueTest, FullQueuesRefuseWithARetryDelay) {
  DatabaseConfig config = Config();
  config.lanes_per_loop = 1;
  config.max_in_flight_per_lane = 1;
  config.max_queued_per_loop = 2;
  Open(config);
  ASSERT_THAT(RunQuery(kOne), IsOk());
  Gate gate(dsn_);
  auto slow = StartQuery(runner_.Context(), Gate::kPass);
  ASSERT_TRUE(Eventually([&] { return database_->stats().in_flight == 1; }));
  auto first = StartQuery(runner_.Context(), kOne);
  auto second = StartQuery(runner_.Context(), kOne);
  ASSERT_TRUE(Eventually([&] { return database_->stats().queued == 2; }));
  const RowsOr refused = RunQuery(kOne);
  EXPECT_THAT(refused, FailsWith(StatusCode::kResourceExhausted, Reason::kStorageOverloaded));
  EXPECT_TRUE(base::GetErrorDetails(refused.status())->retry_after.has_value());
  gate.Open();
  EXPECT_THAT(slow.get(), IsOk());
  EXPECT_THAT(first.get(), IsOk());
  EXPECT_THAT(second.get(), IsOk());
}

TEST_F(OverdueTest, WhoWaitsTooLongForALaneIsRefused) {
  DatabaseConfig config = Config();
  config.lanes_per_loop = 1;
  config.max_in_flight_per_lane = 1;
  config.acquire_timeout = milliseconds(100);
  Open(config);
  // The connection itself may take longer than that.
  ASSERT_TRUE(Eventually([&] { return RunQuery(kOne).ok(); }));
  Gate gate(dsn_);
  auto slow = StartQuery(runner_.Context(), Gate::kPass);
  ASSERT_TRUE(Eventually([&] { return database_->stats().in_flight == 1; }));
  EXPECT_THAT(StartQuery(Within(milliseconds(20)), kOne).get(),
              HasCode(StatusCode::kDeadlineExceeded));
  EXPECT_THAT(RunQuery(kOne),
              FailsWith(StatusCode::kResourceExhausted, Reason::kStorageOverloaded));
  gate.Open();
  EXPECT_THAT(slow.get(), IsOk());
  EXPECT_THAT(RunQuery(kOne), IsOk());
  EXPECT_EQ(database_->stats().queued, 0);
}

TEST_F(OverdueTest, BigStatementsAndResultsPassBothWaysAtOnce) {
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

}  // namespace
}  // namespace gatehouse::storage::postgres
