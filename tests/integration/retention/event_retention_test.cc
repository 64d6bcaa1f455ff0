// Days of the event log that are over.

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/reason.h"
#include "base/status.h"
#include "base/system_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/retention/retention_periods.h"
#include "service/retention/retention_sweeper.h"
#include "storage/event_log/event_log.h"
#include "tests/integration/retention/retention_fixture.h"

namespace gatehouse::tests {
namespace {

constexpr char kEndpoint[] = "019b0000-0000-7000-8000-000000000001";
constexpr std::string_view kTenant = "'00000000-0000-7000-8000-000000000001'";

class EventRetentionTest : public RetentionFixture {
 protected:
  using Bounds = storage::EventLog::Bounds;

  // Three weeks with their tables.
  void SetUp() override {
    RetentionFixture::SetUp();
    for (const int day : {20, 10}) {
      const auto created = runner_.Run<absl::StatusOr<int>>([&] {
        return storage_->partitions.CreateAhead(runner_.Context(), DaysAgo(day),
                                                day == 20 ? 9 : 10);
      });
      ASSERT_THAT(created, IsOk());
    }
  }

  // An event of that day about `target`; its id.
  base::Uuid Write(const std::string& type, int days_ago, const std::string& target = "") {
    const base::Uuid id = base::Uuid::MakeV7(DaysAgo(days_ago) + std::chrono::hours(1));
    Writer(dsn_).InsertWithId(type, id);
    if (!target.empty()) {
      Ask("UPDATE gatehouse.event SET targets = '[{\"type\": \"t\", \"id\": \"" + target +
          "\", \"label\": \"\"}]' WHERE event_id = '" + id.ToString() + "' RETURNING 1");
    }
    return id;
  }

  // What is there is ordered, and its days are closed.
  void Close() {
    PassAll();
    const auto sealed = runner_.Run<absl::StatusOr<int>>(
        [&] { return storage_->partitions.SealPast(runner_.Context(), now_.Now()); });
    ASSERT_THAT(sealed, IsOk());
  }

  Bounds LogBounds() {
    const auto bounds = runner_.Run<absl::StatusOr<Bounds>>(
        [&] { return storage_->log.ReadBounds(runner_.Context(), base::kDefaultTenantId); });
    EXPECT_THAT(bounds, IsOk());
    return bounds.value_or(Bounds());
  }

  bool IsThere(const base::Uuid& id) {
    using Found = absl::StatusOr<std::optional<storage::LoggedEvent>>;
    const Found event = runner_.Run<Found>(
        [&] { return storage_->log.Get(runner_.Context(), base::kDefaultTenantId, id); });
    EXPECT_THAT(event, IsOk());
    return event.ok() && event->has_value();
  }

  // The types of events that have a place, by index, but for those that sweeps write.
  std::string Kept() {
    return Ask(
        "SELECT coalesce(string_agg(type, ' ' ORDER BY index), '') FROM gatehouse.event_order "
        "WHERE type <> 'event.days_expired'");
  }

  // Whether the table of a day is there.
  bool HasDay(int days_ago, const std::string& table = "event") {
    return Ask("SELECT to_regclass('gatehouse." + table + "_' || to_char((now() AT TIME ZONE " +
               "'UTC')::date - " + std::to_string(days_ago) + ", 'YYYYMMDD')) IS NOT NULL") == "t";
  }

  // An endpoint whose row of `endpoint_delivery` has these values.
  void AddEndpoint(int state, const std::string& position, bool behind) {
    Ask("INSERT INTO gatehouse.endpoint (tenant_id, endpoint_id, url, event_types, description, "
        "headers, secrets, timeout_ms, max_in_flight, state, disabled_reason, metadata, "
        "create_time, update_time, version) VALUES (" +
        std::string(kTenant) + ", '" + kEndpoint + "', '', '{*}', '', '', '{x}', 1, 1, " +
        std::to_string(state) + ", '', '{}', now(), now(), 1) RETURNING 1");
    Ask("INSERT INTO gatehouse.endpoint_delivery (tenant_id, endpoint_id, position, behind, fence, "
        "retrying_count, consecutive_failures, breaker_open, exhausted_count) VALUES (" +
        std::string(kTenant) + ", '" + kEndpoint + "', " + position + ", " +
        (behind ? "true" : "false") + ", 1, 0, 0, false, 0) RETURNING 1");
  }
};

TEST_F(EventRetentionTest, WholeDaysGoFromTheBeginning) {
  const base::Uuid a = Write("a", 20, "thing");
  const base::Uuid b = Write("b", 19, "thing");
  const base::Uuid c = Write("c", 18, "thing");
  Close();
  ASSERT_EQ(Kept(), "a b c");
  const Sweep sweep = Run(Policy::kEvents, 18);
  EXPECT_EQ(sweep.rows, 2);
  EXPECT_EQ(sweep.partitions.size(), 2u);
  EXPECT_EQ(sweep.oldest_kept, DaysAgo(18));
  EXPECT_TRUE(sweep.held.empty());
  EXPECT_FALSE(sweep.unfinished);

  EXPECT_EQ(Kept(), "c");
  EXPECT_EQ(LogBounds().first, 3);
  EXPECT_EQ(Ask("SELECT string_agg(index::text, ' ') FROM gatehouse.event_target"), "3");
  EXPECT_FALSE(HasDay(20));
  EXPECT_FALSE(HasDay(19));
  EXPECT_TRUE(HasDay(18));
  EXPECT_FALSE(IsThere(a));
  EXPECT_FALSE(IsThere(b));
  EXPECT_TRUE(IsThere(c));

  // It is on record, once, and the log goes on where it was.
  PassAll();
  EXPECT_EQ(LogBounds().head, 4);
  EXPECT_EQ(Ask("SELECT details ->> 'kept_from' FROM gatehouse.event WHERE type = "
                "'event.days_expired'"),
            Ask("SELECT ((now() AT TIME ZONE 'UTC')::date - 18)::text"));
  EXPECT_EQ(Run(Policy::kEvents, 18).rows, 0);
  PassAll();
  EXPECT_EQ(LogBounds().head, 4);
}

TEST_F(EventRetentionTest, ATenantsOwnPeriodKeepsMoreOfItsLogAndNeverLess) {
  const auto keep = [this](const std::string& days) {
    Ask("INSERT INTO gatehouse.tenant_retention (tenant_id, events_days, update_time, version) "
        "VALUES (" +
        std::string(kTenant) + ", " + days + ", now(), 1) ON CONFLICT (tenant_id) DO UPDATE SET " +
        "events_days = excluded.events_days RETURNING 1");
  };
  const base::Uuid a = Write("a", 20);
  Write("b", 19);
  Write("c", 18);
  Write("d", 17);
  Close();
  keep("0");
  EXPECT_EQ(Run(Policy::kEvents, 18).rows, 0) << "for ever";
  keep("365");
  EXPECT_EQ(Run(Policy::kEvents, 18).rows, 0);
  EXPECT_EQ(Kept(), "a b c d");
  EXPECT_TRUE(HasDay(20));
  EXPECT_TRUE(IsThere(a));
  keep("19");
  EXPECT_EQ(Run(Policy::kEvents, 18).rows, 1);
  EXPECT_EQ(Kept(), "b c d");
  EXPECT_FALSE(HasDay(20));
  EXPECT_TRUE(HasDay(19));
  EXPECT_EQ(LogBounds().first, 2);
  // Whoever could shorten the log could hide what was done.
  keep("7");
  EXPECT_EQ(Run(Policy::kEvents, 18).rows, 1);
  EXPECT_EQ(Kept(), "c d");
}

TEST_F(EventRetentionTest, ADayWaitsForItsLastEventThatCommittedLate) {
  const base::Uuid early = Write("early", 19);
  PassAll();
  Write("next-day", 18);
  PassAll();
  const base::Uuid late = Write("late", 19);
  Close();
  ASSERT_EQ(Kept(), "early next-day late");
  EXPECT_EQ(Run(Policy::kEvents, 18).rows, 1);
  EXPECT_EQ(Kept(), "next-day late");
  EXPECT_TRUE(HasDay(19));
  // Its table is still there, and it is gone all the same.
  EXPECT_FALSE(IsThere(early));
  EXPECT_TRUE(IsThere(late));

  // An operator who starts the log anew does not bring it back.
  const auto ordered = runner_.Run<absl::StatusOr<int64_t>>(
      [&] { return storage_->sequencer.Reset(runner_.Context()); });
  ASSERT_THAT(ordered, IsOk());
  EXPECT_EQ(Kept(), "next-day late");

  EXPECT_EQ(Run(Policy::kEvents, 17).rows, 2);
  EXPECT_FALSE(HasDay(19));
  EXPECT_FALSE(HasDay(18));
}

TEST_F(EventRetentionTest, NothingGoesBeforeItHasItsPlace) {
  Write("a", 20);
  EXPECT_EQ(Run(Policy::kEvents, 15).rows, 0);
  EXPECT_TRUE(HasDay(20));
  PassAll();
  // Ordered, and its day is still open: somebody may write to it.
  EXPECT_EQ(Run(Policy::kEvents, 15).rows, 0);
  EXPECT_TRUE(HasDay(20));
  Close();
  EXPECT_EQ(Run(Policy::kEvents, 15).rows, 1);
  EXPECT_FALSE(HasDay(20));
}

TEST_F(EventRetentionTest, TheDatabaseKeepsAWeekWhateverTheServerSays) {
  Write("old", 8);
  Write("young", 6);
  Close();
  now_.Advance(std::chrono::days(1000));
  Run(Policy::kEvents, 7);
  EXPECT_EQ(Kept(), "young");
  EXPECT_FALSE(HasDay(8));
  EXPECT_TRUE(HasDay(7));
}

TEST_F(EventRetentionTest, WhatSomebodyWaitsForStays) {
  for (const char* type : {"a", "b", "c"}) Write(type, 20);
  Close();
  const std::string tenant(kTenant);
  // In each case the event with index 2 is the first that is waited for.
  const std::string cases[][2] = {
      {"INSERT INTO gatehouse.webhook_fanout VALUES (" + tenant + ", 1) RETURNING 1",
       "DELETE FROM gatehouse.webhook_fanout RETURNING 1"},
      {"INSERT INTO gatehouse.pull_subscription VALUES (" + tenant +
           ", 'n', 1, 1, '{}', now(), now()) RETURNING 1",
       "DELETE FROM gatehouse.pull_subscription RETURNING 1"},
      {"INSERT INTO gatehouse.webhook_replay VALUES (" + tenant + ", '" + kEndpoint + "', '" +
           kEndpoint +
           "', 2, 3, '{}', '{}', 1, 1, '', 0, 1, now(), 0, 0, now(), NULL, NULL, 1) "
           "RETURNING 1",
       "UPDATE gatehouse.webhook_replay SET state = 3, end_time = now() RETURNING 1"},
  };
  EXPECT_TRUE(Run(Policy::kEvents, 15, /*dry_run=*/true).held.empty());
  int64_t gone = 1;
  for (const auto& [wait, no_more] : cases) {
    SCOPED_TRACE(wait);
    Ask(wait);
    const Sweep sweep = Run(Policy::kEvents, 15);
    EXPECT_EQ(sweep.rows, gone) << "the first time what lies before";
    gone = 0;
    EXPECT_EQ(Kept(), "b c");
    ASSERT_EQ(sweep.held.size(), 1u);
    EXPECT_EQ(sweep.held.front().tenant_id, base::kDefaultTenantId);
    EXPECT_EQ(sweep.held.front().index, 2);
    EXPECT_TRUE(HasDay(20));
    Ask(no_more);
  }
  EXPECT_EQ(Run(Policy::kEvents, 15).rows, 2);
  EXPECT_FALSE(HasDay(20));
}

TEST_F(EventRetentionTest, AnEndpointThatIsBehindKeepsItsEvents) {
  for (const char* type : {"a", "b", "c"}) Write(type, 20);
  Close();
  AddEndpoint(/*state=*/1, "1", /*behind=*/true);
  EXPECT_EQ(Run(Policy::kEvents, 15).rows, 1);
  EXPECT_EQ(Kept(), "b c");
  // Paused by somebody who wants to go on.
  Ask("UPDATE gatehouse.endpoint SET state = 2 RETURNING 1");
  EXPECT_EQ(Run(Policy::kEvents, 15).rows, 0);
  // Past it, with one that is to be tried again.
  Ask("UPDATE gatehouse.endpoint_delivery SET position = 3, behind = false RETURNING 1");
  Ask("INSERT INTO gatehouse.webhook_exception SELECT tenant_id, endpoint_id, 3, '" +
      std::string(kEndpoint) + "', 'c', 1, now(), 2 FROM gatehouse.endpoint_delivery RETURNING 1");
  EXPECT_EQ(Run(Policy::kEvents, 15).rows, 1);
  EXPECT_EQ(Kept(), "c");
  // Given up, which is remembered as long as its event.
  Ask("UPDATE gatehouse.webhook_exception SET state = 3 RETURNING 1");
  EXPECT_EQ(Run(Policy::kEvents, 15).rows, 1);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.webhook_exception"), "0");
  EXPECT_FALSE(HasDay(20));
}

TEST_F(EventRetentionTest, ADisabledEndpointKeepsNothingAndGoesOnWhereTheLogBegins) {
  for (const char* type : {"a", "b", "c"}) Write(type, 20);
  Write("d", 14);
  Close();
  AddEndpoint(/*state=*/3, "1", /*behind=*/true);
  EXPECT_EQ(Run(Policy::kEvents, 15).rows, 3);
  EXPECT_EQ(Kept(), "d");
  EXPECT_EQ(Ask("SELECT position FROM gatehouse.endpoint_delivery"), "3");
}

TEST_F(EventRetentionTest, ADryRunTellsAndChangesNothing) {
  Write("a", 20);
  Write("b", 19);
  Write("c", 10);
  Close();
  Writer(dsn_).Execute("ANALYZE gatehouse.event");
  const Sweep sweep = Run(Policy::kEvents, 15, /*dry_run=*/true);
  EXPECT_EQ(sweep.partitions.size(), 5u) << "of days 20 to 16";
  EXPECT_EQ(sweep.rows, 2);
  EXPECT_EQ(sweep.count, Sweep::Count::kAbout);
  EXPECT_GT(sweep.bytes, 0);
  EXPECT_EQ(Kept(), "a b c");
  EXPECT_TRUE(HasDay(20));
  EXPECT_EQ(PassAll(), 0) << "nor is anything on record";
}

TEST_F(EventRetentionTest, KeptForEverIsForEver) {
  Write("a", 20);
  Close();
  const Sweep sweep = Run(Policy::kEvents, service::RetentionPeriods());
  EXPECT_FALSE(sweep.before.has_value());
  EXPECT_EQ(sweep.oldest_kept, DaysAgo(20));
  EXPECT_EQ(Kept(), "a");
}

TEST_F(EventRetentionTest, AServerWhoseClockIsFarBehindWritesNoDayThatIsGone) {
  Write("a", 20);
  Close();
  Run(Policy::kEvents, 15);
  ASSERT_FALSE(HasDay(20));
  const auto created = runner_.Run<absl::StatusOr<int>>(
      [&] { return storage_->partitions.CreateAhead(runner_.Context(), DaysAgo(20), 0); });
  ASSERT_THAT(created, IsOk());
  EXPECT_EQ(*created, 0) << "its webhook attempts have theirs";
  EXPECT_FALSE(HasDay(20));
  storage::Event event = MakeEvent("late");
  event.id = base::Uuid::MakeV7(DaysAgo(20));
  EXPECT_TRUE(base::HasReason(Append(event), base::Reason::kClockBehind));
}

TEST_F(EventRetentionTest, EventsThatLateMaintenanceLeftBehindGoAsWell) {
  const base::Uuid id = base::Uuid::MakeV7(DaysAgo(30));
  Writer(dsn_).InsertWithId("older", id);
  Write("a", 20);
  Close();
  ASSERT_EQ(Ask("SELECT count(*) FROM gatehouse.event_default"), "1");
  EXPECT_EQ(Run(Policy::kEvents, 15).rows, 2);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event_default"), "0");
  EXPECT_EQ(LogBounds().first, 3);
}

TEST_F(EventRetentionTest, EachTenantsLogBeginsWhereItsOwnDoes) {
  const base::Uuid other = *base::Uuid::Parse("00000000-0000-7000-8000-000000000002");
  Write("a", 20);
  Writer(dsn_).Insert("today", 1, other);
  Write("b", 19);
  Close();
  EXPECT_EQ(Run(Policy::kEvents, 15).rows, 2);
  EXPECT_EQ(Kept(), "today");
  const auto bounds = runner_.Run<absl::StatusOr<Bounds>>(
      [&] { return storage_->log.ReadBounds(runner_.Context(), other); });
  ASSERT_THAT(bounds, IsOk());
  EXPECT_EQ(bounds->first, 1);
  EXPECT_EQ(bounds->head, 1);
}

TEST_F(EventRetentionTest, OneTenantThatFailsHoldsUpNoOther) {
  const base::Uuid other = *base::Uuid::Parse("00000000-0000-7000-8000-000000000002");
  Write("a", 20);
  Ask("UPDATE gatehouse.event SET tenant_id = '" + other.ToString() + "' WHERE event_id = '" +
      Write("of another", 20).ToString() + "' RETURNING 1");
  Close();
  Writer(dsn_).Execute(
      "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'");
  Writer(dsn_).Execute(
      "CREATE TRIGGER refuse BEFORE DELETE ON gatehouse.event_order FOR EACH ROW "
      "WHEN (OLD.tenant_id = '00000000-0000-7000-8000-000000000001') EXECUTE FUNCTION refuse()");
  service::RetentionPeriods periods;
  periods[Policy::kEvents] = std::chrono::days(15);
  service::RetentionSweeper sweeper(service::RetentionDepsOf(*storage_, now_), periods);
  const auto sweep = runner_.Run<absl::StatusOr<Sweep>>([&] {
    return sweeper.Run(base::SystemContext(runner_.loop(), "retention", std::chrono::minutes(5)),
                       Policy::kEvents);
  });
  EXPECT_FALSE(sweep.ok());
  EXPECT_EQ(Kept(), "a");
}

TEST_F(EventRetentionTest, DaysOfAttemptsGoByThemselves) {
  const auto attempt = [&](int days_ago) {
    const std::string id = base::Uuid::MakeV7(DaysAgo(days_ago)).ToString();
    Writer(dsn_).Execute("INSERT INTO gatehouse.webhook_attempt VALUES ('" + id + "', '" + id +
                         "', 1, '" + id + "', '" + id + "', 'a', now(), 1, 200, '', '')");
  };
  for (const int day : {30, 20, 10, 0}) attempt(day);
  EXPECT_EQ(Run(Policy::kAttempts, 15, /*dry_run=*/true).partitions.size(), 5u);
  const Sweep sweep = Run(Policy::kAttempts, 15);
  EXPECT_EQ(sweep.partitions.size(), 5u);
  EXPECT_EQ(sweep.oldest_kept, DaysAgo(15));
  EXPECT_FALSE(HasDay(16, "webhook_attempt"));
  EXPECT_TRUE(HasDay(15, "webhook_attempt"));
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.webhook_attempt"), "2")
      << "the one without a day of its own is gone too";
  // Whatever the clock of the server says, today stays.
  now_.Advance(std::chrono::days(100));
  Run(Policy::kAttempts, 1);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.webhook_attempt"), "1");
}

}  // namespace
}  // namespace gatehouse::tests
