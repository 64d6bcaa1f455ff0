// Reads that may lag are answered by a real standby, and by the primary where that cannot.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/async/mutex.h"
#include "storage/postgres/client/client_test_base.h"
#include "storage/postgres/client/database.h"

namespace gatehouse::storage::postgres {
namespace {

using testing::Contains;
using testing::HasSubstr;
using tests::AskSql;
using tests::ExecuteSql;
using tests::PostgresCluster;

// Who answers, and the newest that it knows.
constexpr Query kRead{
    .name = "test/read",
    .text = "SELECT pg_is_in_recovery(), (SELECT coalesce(max(x), 0) FROM public.t)",
    .reads = true};

class StandbyTest : public ClientTest {
 protected:
  struct Answer {
    bool by_standby = false;
    int32_t newest = 0;
    bool operator==(const Answer&) const = default;
  };

  void SetUp() override {
    ClientTest::SetUp();
    ExecuteSql(dsn_, "CREATE TABLE t (x int); INSERT INTO t VALUES (1)");
    name_ = AskSql(dsn_, "SELECT current_database()");
    standby_.emplace(PostgresCluster::Options{.standby_of = &PostgresCluster::Shared()});
    CatchUp();
  }

  // Comes back when the standby can be asked where it is.
  void OpenWith(std::string standby_dsn,
                std::chrono::milliseconds max_lag = std::chrono::hours(1)) {
    DatabaseConfig config = Config();
    config.standby_dsn = std::move(standby_dsn);
    config.standby_max_lag = max_lag;
    config.tell = [this](std::string_view line) {
      const base::MutexLock lock(mutex_);
      told_.emplace_back(line);
    };
    Open(std::move(config));
    ASSERT_TRUE(Eventually([&] { return database_->standby()->stats().connections > 0; }));
  }
  void OpenWithStandby() { OpenWith(StandbyDsn(name_)); }

  // Not even to ask would one be connected to a standby otherwise.
  std::string StandbyDsn(const std::string& database) const {
    return standby_->Dsn(database) + " target_session_attrs=any";
  }

  // Until the standby has what the primary has.
  void CatchUp() {
    const std::string position = AskSql(dsn_, "SELECT pg_current_wal_flush_lsn()");
    ASSERT_TRUE(Eventually([&] {
      return AskSql(StandbyDsn("postgres"),
                    "SELECT pg_last_wal_replay_lsn() >= '" + position + "'") == "t";
    }));
  }

  void Measure() {
    ASSERT_THAT(
        runner_.Run<absl::Status>([&] { return database_->MeasureStandby(runner_.Context()); }),
        tests::IsOk());
  }
  // Its connections come up by and by.
  void MeasureUntil(bool usable) {
    ASSERT_TRUE(Eventually([&] {
      Measure();
      return database_->standby_stats().usable == usable;
    }));
  }

  Answer Read(Freshness freshness = Freshness::kMayLag) {
    const auto rows = runner_.Run<absl::StatusOr<Rows>>(
        [&] { return database_->Query(runner_.Context(), kRead, Params(), freshness); });
    EXPECT_THAT(rows, tests::IsOk());
    if (!rows.ok()) return {};
    return {(*rows)[0].Get<bool>(0), (*rows)[0].Get<int32_t>(1)};
  }

  std::vector<std::string> told() {
    const base::MutexLock lock(mutex_);
    return told_;
  }

  std::string name_;
  std::optional<PostgresCluster> standby_;
  base::Mutex mutex_;
  std::vector<std::string> told_ GH_GUARDED_BY(mutex_);
};

TEST_F(StandbyTest, AnswersWhatMayLagAndNothingElse) {
  OpenWithStandby();
  EXPECT_EQ(Read(), (Answer{false, 1})) << "nobody knows yet how far it is";
  MeasureUntil(/*usable=*/true);
  EXPECT_EQ(Read(), (Answer{true, 1}));
  EXPECT_EQ(Read(Freshness::kNow), (Answer{false, 1}));
  const StandbyStats stats = database_->standby_stats();
  EXPECT_EQ(stats.answered, 1U);
  EXPECT_EQ(stats.away, 1U);
  EXPECT_EQ(stats.failed + stats.behind, 0U);
  EXPECT_THAT(told(), Contains(HasSubstr("standby: answers")));
}

TEST_F(StandbyTest, OneThatIsTooFarBehindIsNotAsked) {
  ExecuteSql(StandbyDsn("postgres"), "SELECT pg_wal_replay_pause()");
  ExecuteSql(dsn_, "INSERT INTO t VALUES (2)");
  // What the primary had at the first question is all that is known: the standby lacks it.
  OpenWithStandby();
  Measure();
  EXPECT_EQ(Read(), (Answer{false, 2}));
  EXPECT_FALSE(database_->standby_stats().usable);
  ExecuteSql(StandbyDsn("postgres"), "SELECT pg_wal_replay_resume()");
  MeasureUntil(/*usable=*/true);
  EXPECT_EQ(Read(), (Answer{true, 2}));
  EXPECT_EQ(database_->standby_stats().lag, std::chrono::milliseconds(0));
}

TEST_F(StandbyTest, WithinTheBoundItMayBeBehind) {
  OpenWithStandby();
  MeasureUntil(/*usable=*/true);
  ExecuteSql(StandbyDsn("postgres"), "SELECT pg_wal_replay_pause()");
  ExecuteSql(dsn_, "INSERT INTO t VALUES (2)");
  Measure();
  EXPECT_EQ(Read(), (Answer{true, 1}));
  Measure();
  EXPECT_TRUE(database_->standby_stats().usable);
}

// The bound is judged at each answer, whatever the last measurement said.
TEST_F(StandbyTest, WithoutMeasurementsItIsNotAskedForLonger) {
  OpenWith(StandbyDsn(name_), std::chrono::milliseconds(1));
  Measure();
  const base::SteadyTime later = std::chrono::steady_clock::now() + std::chrono::milliseconds(2);
  ASSERT_TRUE(Eventually([&] { return std::chrono::steady_clock::now() > later; }));
  EXPECT_EQ(Read(), (Answer{false, 1}));
  EXPECT_EQ(database_->standby_stats().answered, 0U);
}

TEST_F(StandbyTest, WhenItDiesThePrimaryAnswersUntilItIsBack) {
  OpenWithStandby();
  MeasureUntil(/*usable=*/true);
  standby_->Kill9();
  EXPECT_EQ(Read(), (Answer{false, 1}));
  MeasureUntil(/*usable=*/false);
  EXPECT_EQ(Read(), (Answer{false, 1}));
  standby_->Start();
  MeasureUntil(/*usable=*/true);
  EXPECT_EQ(Read(), (Answer{true, 1}));
}

TEST_F(StandbyTest, OneThatHangsIsWaitedForHalfOfTheTime) {
  OpenWithStandby();
  MeasureUntil(/*usable=*/true);
  standby_->Freeze();
  const auto rows = runner_.Run<absl::StatusOr<Rows>>([&] {
    return database_->Query(Within(std::chrono::seconds(4)), kRead, Params(), Freshness::kMayLag);
  });
  EXPECT_THAT(rows, tests::IsOk());
  EXPECT_EQ(database_->standby_stats().failed, 1U);
  Measure();
  EXPECT_FALSE(database_->standby_stats().usable);
  standby_->Thaw();
}

TEST_F(StandbyTest, WhatAStandbyRefusesThePrimaryDoes) {
  OpenWithStandby();
  MeasureUntil(/*usable=*/true);
  // As a statement that the standby takes for a change: it locks rows.
  constexpr Query kLock{.name = "test/lock", .text = "SELECT x FROM public.t FOR UPDATE"};
  EXPECT_THAT(runner_.Run<absl::StatusOr<Rows>>([&] {
    return database_->Query(runner_.Context(), kLock, Params(), Freshness::kMayLag);
  }),
              tests::IsOk());
  EXPECT_EQ(database_->standby_stats().failed, 1U);
}

TEST_F(StandbyTest, APromotedOneIsNone) {
  OpenWithStandby();
  MeasureUntil(/*usable=*/true);
  ExecuteSql(StandbyDsn("postgres"), "SELECT pg_promote()");
  ExecuteSql(StandbyDsn(name_), "INSERT INTO t VALUES (3)");
  EXPECT_EQ(Read(), (Answer{false, 1}));
  MeasureUntil(/*usable=*/false);
}

TEST_F(StandbyTest, AnotherDatabaseIsNone) {
  // Of the same cluster, so that all but the name fits.
  const std::string other = PostgresCluster::Shared().CreateDatabase();
  ExecuteSql(other, "CREATE TABLE t (x int); INSERT INTO t VALUES (7)");
  CatchUp();
  OpenWith(StandbyDsn(AskSql(other, "SELECT current_database()")));
  Measure();
  EXPECT_EQ(Read(), (Answer{false, 1}));
  EXPECT_FALSE(database_->standby_stats().usable);
}

TEST_F(StandbyTest, ThePrimaryItselfIsNone) {
  OpenWith(dsn_);
  Measure();
  EXPECT_EQ(Read(), (Answer{false, 1}));
  EXPECT_FALSE(database_->standby_stats().usable);
}

TEST_F(StandbyTest, WithoutOneNothingIsDifferent) {
  Open(Config());
  Measure();
  EXPECT_EQ(Read(), (Answer{false, 1}));
  EXPECT_EQ(database_->standby(), nullptr);
  EXPECT_EQ(database_->standby_stats().away, 0U);
}

TEST_F(StandbyTest, AConnectionStringThatIsNoneIsRefused) {
  DatabaseConfig config = Config();
  config.standby_dsn = "host=standby password";
  EXPECT_FALSE(Database::Open(config, {&runner_.loop()}).ok());
}

}  // namespace
}  // namespace gatehouse::storage::postgres
