// Reads of one turn of the loop share a Sync.

#include <cstdint>
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

constexpr Query kRead{"test/read", "SELECT 6 / $1::int4", /*reads=*/true};
constexpr Query kLock{"test/lock", "SELECT pg_advisory_xact_lock_shared(1)", /*reads=*/true};

class SharedSyncTest : public FaultTestBase {
 protected:
  struct Call {
    base::CallContext ctx;
    Query query;
    Params params = {};
  };

  // All of them in one turn.
  std::vector<std::future<RowsOr>> StartTogether(const std::vector<Call>& calls) {
    std::vector<std::future<RowsOr>> answers;
    runner_.RunPlain([&] {
      for (const Call& call : calls) {
        answers.push_back(StartQuery(call.ctx, call.query, call.params));
      }
    });
    return answers;
  }
  std::vector<Call> Reads(const std::vector<int32_t>& divisors) {
    std::vector<Call> calls;
    for (const int32_t divisor : divisors) {
      calls.push_back({runner_.Context(), kRead, Params::Of(divisor)});
    }
    return calls;
  }
  uint64_t syncs() const { return database_->stats().syncs; }
  static void ExpectQuotient(const RowsOr& rows, int32_t quotient) {
    ASSERT_THAT(rows, IsOk());
    EXPECT_EQ((*rows)[0].Get<int32_t>(0), quotient);
  }
};

TEST_F(SharedSyncTest, ReadsOfOneTurnShareOne) {
  OpenLanes(2);
  const uint64_t before = syncs();
  auto answers = StartTogether(Reads({1, 2, 3, 6}));
  ExpectQuotient(answers[0].get(), 6);
  ExpectQuotient(answers[1].get(), 3);
  ExpectQuotient(answers[2].get(), 2);
  ExpectQuotient(answers[3].get(), 1);
  EXPECT_EQ(syncs() - before, 1u);
}

TEST_F(SharedSyncTest, NoMoreThanSixteenShareOne) {
  OpenLanes(1);
  const uint64_t before = syncs();
  auto answers = StartTogether(Reads(std::vector<int32_t>(33, 2)));
  for (auto& answer : answers) ExpectQuotient(answer.get(), 3);
  EXPECT_EQ(syncs() - before, 3u);
}

TEST_F(SharedSyncTest, WhatMayChangeSomethingHasItsOwn) {
  OpenLanes(1);
  const uint64_t before = syncs();
  std::vector<Call> calls = Reads({1, 2});
  calls.insert(calls.begin() + 1, {runner_.Context(), {"test/other", "SELECT 1"}});
  auto answers = StartTogether(calls);
  for (auto& answer : answers) EXPECT_THAT(answer.get(), IsOk());
  EXPECT_EQ(syncs() - before, 3u);
}

TEST_F(SharedSyncTest, AFailureIsItsCausesAlone) {
  OpenLanes(1);
  const uint64_t before = syncs();
  auto answers = StartTogether(Reads({1, 2, 0, 3, 0, 6}));
  ExpectQuotient(answers[0].get(), 6);
  ExpectQuotient(answers[1].get(), 3);
  EXPECT_THAT(answers[2].get(), HasCode(StatusCode::kInternal));
  ExpectQuotient(answers[3].get(), 2);
  EXPECT_THAT(answers[4].get(), HasCode(StatusCode::kInternal));
  ExpectQuotient(answers[5].get(), 1);
  // One for all, then one for each of those that had not failed.
  EXPECT_EQ(syncs() - before, 6u);
  EXPECT_EQ(database_->stats().connections_lost, 0u);
}

TEST_F(SharedSyncTest, AStatementThatCannotBePreparedFailsAlone) {
  OpenLanes(1);
  constexpr Query kNoTable{"test/no_table", "SELECT x FROM no_such_table", /*reads=*/true};
  for (int round = 0; round < 2; ++round) {
    std::vector<Call> calls = Reads({1, 2});
    calls.insert(calls.begin() + 1, {runner_.Context(), kNoTable});
    auto answers = StartTogether(calls);
    ExpectQuotient(answers[0].get(), 6);
    EXPECT_THAT(answers[1].get(), HasCode(StatusCode::kFailedPrecondition));
    ExpectQuotient(answers[2].get(), 3);
  }
  EXPECT_EQ(database_->stats().connections_lost, 0u);
}

TEST_F(SharedSyncTest, ACancelledReadEndsAloneAndTheOthersAreAnswered) {
  DatabaseConfig config = Config();
  config.lanes_per_loop = 1;
  config.abandoned_grace = milliseconds(1);
  Open(config);
  ASSERT_TRUE(Eventually([&] { return RunQuery(kOne).ok(); }));
  Gate gate(dsn_);
  std::vector<Call> calls = Reads({1, 2});
  const base::CallContext cancelled = runner_.Context();
  calls.insert(calls.begin() + 1, {cancelled, kLock});
  auto answers = StartTogether(calls);
  ASSERT_TRUE(Eventually([&] { return gate.waiting() == 1; }));
  runner_.RunPlain([&] { cancelled.cancel().Cancel(); });
  EXPECT_THAT(answers[1].get(), FailsWith(StatusCode::kCancelled, Reason::kCancelled));
  ExpectQuotient(answers[0].get(), 6);
  ExpectQuotient(answers[2].get(), 3);
  EXPECT_EQ(database_->stats().cancels, 1u);
  EXPECT_EQ(database_->stats().connections_lost, 0u);
}

TEST_F(SharedSyncTest, AfterALostConnectionTheOthersDoNotShareItsFateAgain) {
  OpenLanes(1);
  constexpr Query kDeadly{"test/deadly", "SELECT pg_terminate_backend(pg_backend_pid())",
                          /*reads=*/true};
  std::vector<Call> calls = Reads({1, 2});
  calls.push_back({runner_.Context(), kDeadly});
  auto answers = StartTogether(calls);
  ExpectQuotient(answers[0].get(), 6);
  ExpectQuotient(answers[1].get(), 3);
  EXPECT_THAT(answers[2].get(), FailsWith(StatusCode::kUnavailable, Reason::kDatabaseUnavailable));
}

}  // namespace
}  // namespace gatehouse::storage::postgres
