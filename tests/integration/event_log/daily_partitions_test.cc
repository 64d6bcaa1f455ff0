#include "storage/event_log/daily_partitions.h"

#include <chrono>
#include <string>

#include "base/manual_clock.h"
#include "base/reason.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/event_log/partition_worker.h"
#include "tests/integration/event_log/event_log_fixture.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

using std::chrono::days;

// 2026-11-21T23:59:59.5Z
constexpr base::Time kLate = base::TimeFromMicros(1'795'305'599'500'000);

// event and webhook_attempt.
constexpr int kTables = 2;

class DailyPartitionsTest : public EventLogFixture {
 protected:
  int CreateAhead(base::Time now, int days_ahead) {
    const auto created = runner_.Run<absl::StatusOr<int>>(
        [&] { return storage_->partitions.CreateAhead(runner_.Context(), now, days_ahead); });
    EXPECT_THAT(created, IsOk());
    return created.value_or(-1);
  }

  // "table:events ..." of the partitions that have some.
  std::string Where() {
    return Ask(
        "SELECT string_agg(t || ':' || n, ' ' ORDER BY t) FROM (SELECT tableoid::regclass::text "
        "AS t, count(*) AS n FROM gatehouse.event GROUP BY 1) s");
  }

  int SealPast(base::Time now) {
    const auto sealed = runner_.Run<absl::StatusOr<int>>(
        [&] { return storage_->partitions.SealPast(runner_.Context(), now); });
    EXPECT_THAT(sealed, IsOk());
    return sealed.value_or(-1);
  }

  // The partitions of events that the sequencer looks into, as days from today.
  std::string Unsealed() {
    return Ask(
        "SELECT string_agg(DISTINCT coalesce((to_date(substring(refobjid::regclass::text FROM "
        "'\\d{8}$'), 'YYYYMMDD') - (now() AT TIME ZONE 'UTC')::date)::text, 'default') COLLATE "
        "\"C\", ' ') "
        "FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = "
        "'pg_rewrite'::regclass "
        "WHERE r.ev_class = 'gatehouse.unsealed_event'::regclass AND d.refobjsubid > 0");
  }
};

// Sealing is bound to the clock of the database as well, which nobody can step.
class SealedDaysTest : public DailyPartitionsTest {
 protected:
  // Days from four ago to tomorrow.
  void SetUp() override {
    DailyPartitionsTest::SetUp();
    if (std::chrono::floor<days>(now_) !=
        std::chrono::floor<days>(now_ + std::chrono::minutes(1))) {
      GTEST_SKIP() << "the day is about to end";
    }
    CreateAhead(now_ - days(4), 5);
    ASSERT_EQ(Unsealed(), "-1 -2 -3 -4 0 1 default");
  }

  const base::Time now_ = base::SystemClock().Now();
};

TEST_F(DailyPartitionsTest, EventsGoToTheDayOfTheirId) {
  EXPECT_EQ(CreateAhead(kLate, 1), 2 * kTables);
  Writer writer(dsn_);
  writer.InsertWithId("a", base::Uuid::MakeV7(kLate));
  writer.InsertWithId("b", base::Uuid::MakeV7(kLate + std::chrono::seconds(1)));
  writer.InsertWithId("c", base::Uuid::MakeV7(kLate - days(1)));
  EXPECT_EQ(Where(), "event_20261121:1 event_20261122:1 event_default:1");
  EXPECT_EQ(PassAll(), 3);
  EXPECT_EQ(Order(), "a b c");
}

TEST_F(DailyPartitionsTest, SecondRunCreatesOnlyWhatIsMissing) {
  EXPECT_EQ(CreateAhead(kLate, 3), 4 * kTables);
  EXPECT_EQ(CreateAhead(kLate, 3), 0);
  EXPECT_EQ(CreateAhead(kLate + days(1), 3), kTables);
}

TEST_F(DailyPartitionsTest, LateRunMovesWhatTheDefaultPartitionTook) {
  Writer writer(dsn_), open(dsn_);
  for (int i = 0; i < 5; ++i) writer.InsertWithId("a", base::Uuid::MakeV7(kLate));
  PassAll();
  for (int i = 0; i < 5; ++i) writer.InsertWithId("b", base::Uuid::MakeV7(kLate));
  EXPECT_EQ(Where(), "event_default:10");
  EXPECT_EQ(CreateAhead(kLate, 0), kTables);
  EXPECT_EQ(Where(), "event_20261121:10");
  // The move is not a change to the sequencer.
  EXPECT_EQ(PassAll(), 5);
  EXPECT_EQ(Order(), "a a a a a b b b b b");
  ExpectDense();
}

TEST_F(DailyPartitionsTest, WebhookAttemptsGoToTheDayOfTheirIdAsWell) {
  Writer writer(dsn_);
  const auto insert = [&](base::Time time) {
    const std::string id = base::Uuid::MakeV7(time).ToString();
    writer.Execute("INSERT INTO gatehouse.webhook_attempt VALUES ('" + id + "', '" + id +
                   "', 1, '" + id + "', '" + id + "', 'a', now(), 1, 200, '', '')");
  };
  const auto where = [this] {
    return Ask(
        "SELECT string_agg(t, ' ' ORDER BY t) FROM (SELECT tableoid::regclass::text AS t FROM "
        "gatehouse.webhook_attempt) s");
  };
  insert(kLate);
  EXPECT_EQ(where(), "webhook_attempt_default");
  EXPECT_EQ(CreateAhead(kLate, 1), 2 * kTables);
  EXPECT_EQ(where(), "webhook_attempt_20261121");
  insert(kLate + std::chrono::seconds(1));
  EXPECT_EQ(where(), "webhook_attempt_20261121 webhook_attempt_20261122");
}

TEST_F(DailyPartitionsTest, OneTableThatFailsDoesNotHoldUpTheOther) {
  Writer writer(dsn_);
  writer.Execute("ALTER TABLE gatehouse.event_default RENAME TO event_lost");
  const auto created = runner_.Run<absl::StatusOr<int>>(
      [&] { return storage_->partitions.CreateAhead(runner_.Context(), kLate, 0); });
  EXPECT_FALSE(created.ok());
  EXPECT_EQ(Ask("SELECT to_regclass('gatehouse.webhook_attempt_20261121') IS NOT NULL"), "t");
}

TEST_F(SealedDaysTest, TheSequencerLooksIntoThoseThatAreOpenOnly) {
  Writer writer(dsn_);
  for (int ago = 0; ago <= 4; ++ago) writer.InsertWithId("a", base::Uuid::MakeV7(now_ - days(ago)));
  PassAll();
  EXPECT_EQ(SealPast(now_), 2);
  EXPECT_EQ(Unsealed(), "-1 -2 0 1 default");
  EXPECT_EQ(SealPast(now_), 0);
  writer.InsertWithId("b", base::Uuid::MakeV7(now_ - days(2)));
  writer.InsertWithId("c", base::Uuid::MakeV7(now_ + days(1)));
  PassAll();
  EXPECT_EQ(Order(), "a a a a a b c");
  ExpectDense();
}

TEST_F(SealedDaysTest, SealedDayRefusesEventsButNotTheirErasure) {
  Writer writer(dsn_);
  const base::Uuid old = base::Uuid::MakeV7(now_ - days(4));
  writer.InsertWithId("a", old);
  PassAll();
  ASSERT_EQ(SealPast(now_), 2);
  storage::Event event = MakeEvent("late");
  event.id = base::Uuid::MakeV7(now_ - days(4));
  EXPECT_THAT(Append(event), FailsWith(absl::StatusCode::kUnavailable, base::Reason::kClockBehind));
  event.id = base::Uuid::MakeV7(now_ - days(2));
  EXPECT_THAT(Append(event), IsOk());
  writer.Execute("UPDATE gatehouse.event SET actor_label = '' WHERE event_id = '" + old.ToString() +
                 "'");
}

TEST_F(SealedDaysTest, DayWaitsForTheSequencer) {
  Writer writer(dsn_);
  writer.InsertWithId("a", base::Uuid::MakeV7(now_ - days(3)));
  EXPECT_EQ(SealPast(now_), 1);
  EXPECT_EQ(Unsealed(), "-1 -2 -3 0 1 default");
  EXPECT_EQ(PassAll(), 1);
  EXPECT_EQ(SealPast(now_), 1);
}

TEST_F(SealedDaysTest, DayWaitsForThoseWhoWriteToIt) {
  Writer open(dsn_), other(dsn_);
  open.Begin();
  open.InsertWithId("late", base::Uuid::MakeV7(now_ - days(4)));
  // Moves the cursor past the open transaction.
  other.InsertWithId("early", base::Uuid::MakeV7(now_));
  PassAll();
  const auto refused = runner_.Run<absl::StatusOr<int>>(
      [&] { return storage_->partitions.SealPast(runner_.Context(), now_); });
  EXPECT_THAT(refused.status(), FailsWith(absl::StatusCode::kAborted, base::Reason::kConflict));
  open.Commit();
  EXPECT_EQ(SealPast(now_), 0);
  PassAll();
  EXPECT_EQ(Order(), "early late");
  EXPECT_EQ(SealPast(now_), 2);
}

TEST_F(SealedDaysTest, ServerWithAClockAheadSealsNoDayThatIsOpen) {
  EXPECT_EQ(SealPast(now_ + days(30)), 2);
  EXPECT_EQ(Unsealed(), "-1 -2 0 1 default");
}

TEST_F(SealedDaysTest, WorkerSealsThem) {
  base::ManualClock clock(now_);
  service::PartitionWorker worker(runner_.loop(), storage_->partitions, clock);
  // Two days of both tables ahead, two days behind.
  const auto changed =
      runner_.Run<absl::StatusOr<int>>([&] { return worker.RunOnce(runner_.Context()); });
  EXPECT_EQ(changed.value_or(-1), 2 * kTables + 2);
}

TEST_F(DailyPartitionsTest, WorkerKeepsThreeDaysAhead) {
  base::ManualClock clock(kLate);
  service::PartitionWorker worker(runner_.loop(), storage_->partitions, clock);
  const auto run = [&] {
    return runner_.Run<absl::StatusOr<int>>([&] { return worker.RunOnce(runner_.Context()); })
        .value_or(-1);
  };
  EXPECT_EQ(run(), 4 * kTables);
  clock.Advance(std::chrono::hours(23));
  EXPECT_EQ(run(), kTables);
  EXPECT_EQ(run(), 0);
}

}  // namespace
}  // namespace gatehouse::tests
