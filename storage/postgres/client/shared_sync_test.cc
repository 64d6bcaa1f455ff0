// Reads of one turn of the loop share a Sync, and those of one statement its execution.

#include <cstdint>
#include <future>
#include <optional>
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

// Many calls of it are one statement.
constexpr Query kDivideMany{
    "test/divide/many",
    "SELECT many.n, one.* FROM unnest($1, $2) WITH ORDINALITY AS many(p1, p2, n), LATERAL ("
    "SELECT i, many.p2 || 'x' FROM generate_series(1, 6 / many.p1) i OFFSET 0) AS one",
    /*reads=*/true};
constexpr Query kDivide{"test/divide", "SELECT i, $2 || 'x' FROM generate_series(1, 6 / $1) i",
                        /*reads=*/true, &kDivideMany};

TEST_F(SharedSyncTest, ManyCallsOfOneStatementAreOne) {
  OpenLanes(1);
  std::vector<Call> calls;
  for (const int32_t divisor : {3, 7, 6}) {
    calls.push_back({runner_.Context(), kDivide, Params::Of(divisor, std::to_string(divisor))});
  }
  calls.push_back({runner_.Context(), kDivide, Params::Of(2, std::optional<std::string>())});
  calls.push_back({runner_.Context(), kRead, Params::Of(1)});
  // Of other types: a statement of its own.
  calls.push_back({runner_.Context(), kDivide, Params::Of(int64_t{6}, "big")});
  const uint64_t before = database_->statements_sent();
  auto answers = StartTogether(calls);
  const RowsOr two = answers[0].get();
  ASSERT_THAT(two, IsOk());
  ASSERT_EQ(two->size(), 2u);
  EXPECT_EQ(two->affected_rows(), 2);
  EXPECT_EQ((*two)[0].Get<int32_t>(0), 1);
  EXPECT_EQ((*two)[1].Get<int32_t>(0), 2);
  EXPECT_EQ((*two)[1].Get<std::string>(1), "3x");
  EXPECT_THROW((*two)[0].Get<int32_t>(2), DecodeError);
  const RowsOr none = answers[1].get();
  ASSERT_THAT(none, IsOk());
  EXPECT_TRUE(none->empty());
  const RowsOr one = answers[2].get();
  ASSERT_THAT(one, IsOk());
  ASSERT_EQ(one->size(), 1u);
  EXPECT_EQ((*one)[0].Get<std::string>(1), "6x");
  const RowsOr nulls = answers[3].get();
  ASSERT_THAT(nulls, IsOk());
  ASSERT_EQ(nulls->size(), 3u);
  EXPECT_TRUE((*nulls)[2].IsNull(1));
  ExpectQuotient(answers[4].get(), 6);
  EXPECT_THAT(answers[5].get(), IsOk());
  EXPECT_EQ(database_->statements_sent() - before, 3u);
}

TEST_F(SharedSyncTest, OfManyInOneStatementAFailureIsItsCausesAlone) {
  OpenLanes(1);
  std::vector<Call> calls;
  for (const int32_t divisor : {1, 0, 2}) {
    calls.push_back({runner_.Context(), kDivide, Params::Of(divisor, "")});
  }
  auto answers = StartTogether(calls);
  const RowsOr six = answers[0].get();
  ASSERT_THAT(six, IsOk());
  EXPECT_EQ(six->size(), 6u);
  EXPECT_THAT(answers[1].get(), HasCode(StatusCode::kInternal));
  const RowsOr three = answers[2].get();
  ASSERT_THAT(three, IsOk());
  EXPECT_EQ(three->size(), 3u);
}

TEST_F(SharedSyncTest, ArraysOfEveryTypeAreReadAsWhatTheyAreMadeOf) {
  static constexpr Query kEchoMany{
      "test/echo/many",
      "SELECT many.n, p1, p2, p3, p4, p5, p6, p7, p8, p9 FROM unnest($1, $2, $3, $4, $5, $6, $7, "
      "$8, $9) WITH ORDINALITY AS many(p1, p2, p3, p4, p5, p6, p7, p8, p9, n)",
      /*reads=*/true};
  constexpr Query kEcho{"test/echo", "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9", /*reads=*/true,
                        &kEchoMany};
  const base::Uuid id = *base::Uuid::Parse("0190a000-0000-7000-8000-00000000abcd");
  const base::Time time = base::TimeFromMicros(1'700'000'000'123'456);
  OpenLanes(1);
  std::vector<Call> calls;
  for (const bool which : {false, true}) {
    calls.push_back({runner_.Context(), kEcho,
                     Params::Of(which, int32_t{-7}, int64_t{1} << 40, -0.5, "text", id, time,
                                Bytes{"\xff"}, Jsonb{R"({"a": 1})"})});
  }
  const uint64_t before = database_->statements_sent();
  auto answers = StartTogether(calls);
  for (const bool which : {false, true}) {
    const RowsOr rows = answers[which ? 1 : 0].get();
    ASSERT_THAT(rows, IsOk());
    ASSERT_EQ(rows->size(), 1u);
    const RowView row = (*rows)[0];
    EXPECT_EQ(row.Get<bool>(0), which);
    EXPECT_EQ(row.Get<int32_t>(1), -7);
    EXPECT_EQ(row.Get<int64_t>(2), int64_t{1} << 40);
    EXPECT_EQ(row.Get<double>(3), -0.5);
    EXPECT_EQ(row.Get<std::string>(4), "text");
    EXPECT_EQ(row.Get<base::Uuid>(5), id);
    EXPECT_EQ(row.Get<base::Time>(6), time);
    EXPECT_EQ(row.Get<Bytes>(7), Bytes{"\xff"});
    EXPECT_EQ(row.Get<Jsonb>(8), Jsonb{R"({"a": 1})"});
  }
  EXPECT_EQ(database_->statements_sent() - before, 1u);
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
