#include "storage/event_log/sequencer.h"

#include <future>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "base/reason.h"
#include "base/uuid.h"
#include "storage/event_log/queries/event_log_queries.h"
#include "tests/integration/event_log/event_log_fixture.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

using storage::SequencerPass;

// One pass as a sequencer would send it that believes it has the lock.
std::string PassSql(int max_events) {
  std::string text(storage::event_log::queries::kSequence.text);
  for (const auto& [from, to] :
       {std::pair<std::string, std::string>{"$1", std::to_string(max_events)}, {"$2", "'other'"}}) {
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos;) {
      text.replace(at, from.size(), to);
    }
  }
  return "SET gatehouse.sequencer = 'leads'; " + text;
}

class SequencerTest : public EventLogFixture {};

TEST_F(SequencerTest, NumbersEachTenantFromOne) {
  const base::Uuid other = base::Uuid::MakeV7(clock_.Now());
  Writer writer(dsn_);
  writer.Insert("a", 2);
  writer.Insert("x", 1, other);
  writer.Insert("b");
  const auto pass = Pass();
  ASSERT_THAT(pass, IsOk());
  EXPECT_TRUE(pass->leads);
  ASSERT_EQ(pass->batches.size(), 2u);
  for (const storage::LogBatch& batch : pass->batches) EXPECT_EQ(batch.first_index(), 1);
  EXPECT_EQ(Order(), "a a b");
  writer.Insert("c");
  const auto second = Pass();
  ASSERT_THAT(second, IsOk());
  ASSERT_EQ(second->batches.size(), 1u);
  EXPECT_EQ(second->batches[0].entries[0].index, 4);
  EXPECT_EQ(second->batches[0].entries[0].type, "c");
  ExpectDense();
}

TEST_F(SequencerTest, PassWithNothingToDoWritesNothing) {
  Writer(dsn_).Insert("a");
  PassAll();
  const std::string before = Ask("SELECT epoch || ' ' || snapshot FROM gatehouse.sequencer");
  ASSERT_THAT(Pass(), IsOk());
  EXPECT_EQ(Ask("SELECT epoch || ' ' || snapshot FROM gatehouse.sequencer"), before);
}

TEST_F(SequencerTest, WhatCommitsLaterComesLaterWhateverBeganFirst) {
  Writer first(dsn_), second(dsn_);
  first.Begin();
  first.Insert("first");
  second.Begin();
  second.Insert("second");
  second.Commit();
  EXPECT_EQ(PassAll(), 1);
  first.Commit();
  EXPECT_EQ(PassAll(), 1);
  EXPECT_EQ(Order(), "second first");
}

TEST_F(SequencerTest, LateCommitIsFoundAfterManyPasses) {
  Writer late(dsn_), later(dsn_), other(dsn_);
  late.Begin();
  late.Insert("late", 3);
  later.Begin();
  later.Insert("later");
  for (int i = 0; i < 20; ++i) {
    other.Insert("o", 2);
    // Small batches: passes end inside what there is to do.
    EXPECT_EQ(PassAll(1), 2);
  }
  late.Commit();
  EXPECT_EQ(PassAll(1), 3);
  EXPECT_EQ(PassAll(1), 0);
  later.Commit();
  EXPECT_EQ(PassAll(), 1);
  ExpectDense();
  EXPECT_TRUE(Order().ends_with("o late late late later")) << Order();
}

TEST_F(SequencerTest, RolledBackEventsGetNoIndex) {
  Writer writer(dsn_);
  writer.Begin();
  writer.Insert("gone", 3);
  writer.Rollback();
  writer.Insert("kept");
  EXPECT_EQ(PassAll(), 1);
  EXPECT_EQ(Order(), "kept");
}

TEST_F(SequencerTest, SavepointsCommitWithTheirTransaction) {
  Writer writer(dsn_), other(dsn_);
  writer.Begin();
  writer.Insert("a");
  writer.Execute("SAVEPOINT one");
  writer.Insert("b");
  writer.Execute("RELEASE one; SAVEPOINT two");
  writer.Insert("gone");
  writer.Execute("ROLLBACK TO two");
  writer.Insert("c");
  other.Insert("other");
  EXPECT_EQ(PassAll(), 1);
  writer.Commit();
  EXPECT_EQ(PassAll(), 3);
  EXPECT_EQ(Order(), "other a b c");
}

TEST_F(SequencerTest, CommitBeforeStartDecidesNotTheId) {
  Writer writer(dsn_);
  const base::Uuid early = base::Uuid::MakeV7(base::TimeFromMicros(1'000'000));
  writer.InsertWithId("first", base::Uuid::MakeV7(clock_.Now()));
  writer.InsertWithId("second", early);
  EXPECT_EQ(PassAll(), 2);
  EXPECT_EQ(Order(), "first second");
}

TEST_F(SequencerTest, BatchEndsAtATransactionsBoundary) {
  Writer writer(dsn_);
  writer.Begin();
  writer.Insert("big", 30);
  writer.Commit();
  writer.Insert("small", 3);
  const auto pass = Pass(5);
  ASSERT_THAT(pass, IsOk());
  ASSERT_EQ(pass->batches.size(), 1u);
  EXPECT_EQ(pass->batches[0].entries.size(), 30u);
  EXPECT_TRUE(pass->more);
  EXPECT_EQ(PassAll(5), 3);
  ExpectDense();
}

TEST_F(SequencerTest, SecondSequencerWaitsForTheFirstToLetGo) {
  auto other_database = OpenSequencerDatabase();
  storage::Sequencer other(*other_database, "other");
  Writer writer(dsn_);
  writer.Insert("a");
  ASSERT_EQ(PassAll(), 1);
  writer.Insert("b");
  const auto pass = Pass(other, 100);
  ASSERT_THAT(pass, IsOk());
  EXPECT_FALSE(pass->leads);
  EXPECT_EQ(Order(), "a");
  // The lock goes with the connection.
  storage_->sequencer_database->Close();
  auto taken_over = Pass(other, 100);
  // Until Postgres has noticed that the connection is gone.
  while (taken_over.ok() && !taken_over->leads) taken_over = Pass(other, 100);
  ASSERT_THAT(taken_over, IsOk());
  EXPECT_EQ(Order(), "a b");
  other_database.reset();
}

// Who hangs with its connection standing would keep all others from the lock for ever.
TEST_F(SequencerTest, TheSessionOfWhoLeadsEndsWhenItDoesNothing) {
  constexpr char kSettings[] =
      "SELECT current_setting('idle_session_timeout') || ' ' || current_setting('enable_seqscan')";
  const auto settings = [&](storage::postgres::Database& database) {
    const auto rows = runner_.Run<absl::StatusOr<std::vector<storage::postgres::Rows>>>([&] {
      storage::postgres::Batch batch;
      batch.Add({"test/settings", kSettings});
      return database.Run(runner_.Context(), std::move(batch));
    });
    EXPECT_THAT(rows, IsOk());
    return **rows->at(0).DecodeOne(
        [](storage::postgres::RowView row) { return row.Get<std::string>(0); });
  };
  PassAll();
  EXPECT_EQ(settings(*storage_->sequencer_database), "15s off");
  auto other_database = OpenSequencerDatabase();
  storage::Sequencer other(*other_database, "other");
  ASSERT_THAT(Pass(other, 100), IsOk());
  EXPECT_EQ(settings(*other_database), "0 off");
}

TEST_F(SequencerTest, APassIsOneStatement) {
  Writer(dsn_).Insert("a", 3);
  PassAll();
  const uint64_t before = storage_->sequencer_database->statements_sent();
  ASSERT_THAT(Pass(), IsOk());
  EXPECT_EQ(storage_->sequencer_database->statements_sent() - before, 1u);
}

TEST_F(SequencerTest, TwoPassesAtOnceOrderOnce) {
  Writer writer(dsn_), other(dsn_);
  PassAll();
  writer.Insert("a", 5);
  // The other one is in the middle of its pass, lock or no lock.
  other.Begin();
  other.Execute(PassSql(100));
  auto pass = runner_.Start<absl::StatusOr<SequencerPass>>(
      [this] { return storage_->sequencer.RunPass(runner_.Context(), 100); });
  while (Ask("SELECT count(*) FROM pg_locks WHERE NOT granted") == "0") {
  }
  other.Commit();
  const auto result = pass.get();
  ASSERT_THAT(result, IsOk());
  EXPECT_TRUE(result->batches.empty());
  EXPECT_EQ(Order(), "a a a a a");
  ExpectDense();
}

TEST_F(SequencerTest, PassThatIsKilledLeavesNothingHalfDone) {
  Writer writer(dsn_), blocker(dsn_);
  // Has the statement prepared: what is interrupted before that is tried again.
  PassAll();
  writer.Insert("a", 5);
  // The pass waits for this row after it has moved the cursor.
  blocker.Begin();
  blocker.Execute("INSERT INTO gatehouse.event_log_head VALUES ('" +
                  base::kDefaultTenantId.ToString() + "', 0)");
  auto pass = runner_.Start<absl::StatusOr<SequencerPass>>(
      [this] { return storage_->sequencer.RunPass(runner_.Context(), 100); });
  while (Ask("SELECT count(*) FROM pg_locks WHERE NOT granted") == "0") {
  }
  Ask("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted");
  blocker.Rollback();
  // Failed, or tried again by the client on another connection.
  (void)pass.get();
  writer.Insert("b");
  PassAll();
  EXPECT_EQ(Order(), "a a a a a b");
  ExpectDense();
}

TEST_F(SequencerTest, RestoredDatabaseIsRefusedUntilReset) {
  Writer writer(dsn_);
  writer.Insert("old", 2);
  PassAll();
  // What a dump holds that comes from a cluster with far higher ids: ordered
  // rows, one that was not ordered yet, and the cursor.
  writer.Insert("pending");
  writer.Execute(
      "UPDATE gatehouse.event SET xid = '5000000000';"
      "UPDATE gatehouse.sequencer SET snapshot = '5000000100:5000000100:'");
  writer.Insert("new");
  const auto refused =
      FailsWith(absl::StatusCode::kFailedPrecondition, base::Reason::kLogRolledBack);
  EXPECT_THAT(Pass(), refused);
  // Nor does it start by itself once the ids have caught up.
  writer.Execute("UPDATE gatehouse.sequencer SET snapshot = '3:3:'");
  EXPECT_THAT(Pass(), refused);
  EXPECT_EQ(Order(), "old old");

  const auto reset = runner_.Run<absl::StatusOr<int64_t>>(
      [this] { return storage_->sequencer.Reset(runner_.Context()); });
  ASSERT_THAT(reset, IsOk());
  EXPECT_EQ(*reset, 2);
  writer.Insert("newer");
  EXPECT_EQ(PassAll(), 1);
  EXPECT_EQ(Order(), "old old new pending newer");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE xid >= '5000000000'"), "0");
  ExpectDense();
}

TEST_F(SequencerTest, ResetDoesNoHarmToAHealthyLog) {
  Writer writer(dsn_), open(dsn_);
  writer.Insert("a", 3);
  PassAll();
  writer.Insert("b");
  open.Begin();
  open.Insert("late");
  const auto reset = runner_.Run<absl::StatusOr<int64_t>>(
      [this] { return storage_->sequencer.Reset(runner_.Context()); });
  ASSERT_THAT(reset, IsOk());
  EXPECT_EQ(*reset, 1);
  open.Commit();
  writer.Insert("c");
  EXPECT_EQ(PassAll(), 2);
  EXPECT_EQ(Order(), "a a a b late c");
  ExpectDense();
}

}  // namespace
}  // namespace gatehouse::tests
