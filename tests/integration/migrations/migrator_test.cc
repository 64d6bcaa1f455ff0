#include "migrations/migrator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <string>

#include "base/reason.h"
#include "base/status.h"
#include "migrations/schema_state.h"
#include "tests/integration/migrations/migration_fixture.h"

namespace gatehouse::migrations {
namespace {

using storage::postgres::admin::Connection;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using State = AppliedMigration::State;

class MigratorTest : public MigrationTest {
 protected:
  MigratorTest() {
    three_.Add("create_a", "CREATE TABLE gatehouse.a (x integer);", "DROP TABLE gatehouse.a;")
        .Add("create_b", "CREATE TABLE gatehouse.b (x integer);", "DROP TABLE gatehouse.b;")
        .Add("alter_a", "ALTER TABLE gatehouse.a ADD COLUMN y integer;",
             "ALTER TABLE gatehouse.a DROP COLUMN y;");
  }

  std::string Versions() {
    return Sql(
        "SELECT string_agg(version::text, ' ' ORDER BY version) "
        "FROM gatehouse.schema_migration");
  }

  FakeMigrations three_;
};

TEST_F(MigratorTest, UpAppliesWhatIsPendingOnce) {
  auto migrator = Open(three_.all());
  EXPECT_EQ(*migrator->Up(), 3);
  EXPECT_EQ(*migrator->Up(), 0);
  EXPECT_EQ(Versions(), "1 2 3");
  EXPECT_EQ(Sql("SELECT count(*) FROM gatehouse.a"), "0");
}

TEST_F(MigratorTest, ToGoesBothWaysAndDownStepByStep) {
  auto migrator = Open(three_.all());
  EXPECT_EQ(*migrator->To(2), 2);
  EXPECT_EQ(Versions(), "1 2");
  EXPECT_EQ(*migrator->To(3), 1);
  EXPECT_EQ(*migrator->Down(1), 1);
  EXPECT_EQ(Versions(), "1 2");
  EXPECT_EQ(*migrator->Down(9), 2);
  EXPECT_EQ(Versions(), "");
  EXPECT_EQ(*migrator->Down(1), 0);
}

TEST_F(MigratorTest, RefusesVersionsThatAreNot) {
  auto migrator = Open(three_.all());
  EXPECT_TRUE(absl::IsInvalidArgument(migrator->To(4).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(migrator->To(-1).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(migrator->Down(0).status()));
}

TEST_F(MigratorTest, RecordsChecksumsAndHistory) {
  auto migrator = Open(three_.all());
  ASSERT_EQ(*migrator->Up(), 3);
  ASSERT_EQ(*migrator->Down(1), 1);
  auto applied = migrator->Applied();
  ASSERT_EQ(applied->size(), 2u);
  EXPECT_EQ((*applied)[1].name, "create_b");
  EXPECT_EQ((*applied)[1].checksum, three_.all()[1].checksum);
  EXPECT_TRUE((*applied)[1].duration_ms.has_value());
  auto history = migrator->History(2);
  ASSERT_EQ(history->size(), 2u);
  EXPECT_EQ((*history)[0].direction, "down");
  EXPECT_EQ((*history)[0].version, 3);
  EXPECT_EQ((*history)[1].direction, "up");
  EXPECT_EQ((*history)[1].applied_by, "gatehouse");
}

TEST_F(MigratorTest, AFailedMigrationLeavesNothingOfItself) {
  three_.EditLast("CREATE TABLE gatehouse.c ();\nSELECT\n  nonsense;");
  auto migrator = Open(three_.all());
  absl::Status status = migrator->Up().status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("migration up 0003_alter_a failed: column "
                                                       "\"nonsense\" does not exist"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("at line 3"));
  EXPECT_EQ(Versions(), "1 2");
  EXPECT_EQ(Sql("SELECT to_regclass('gatehouse.c') IS NULL"), "t");
  // The connection is good for more.
  EXPECT_EQ(*migrator->Down(1), 1);
}

TEST_F(MigratorTest, RefusesAMigrationThatCommitsByItself) {
  three_.EditLast("CREATE TABLE gatehouse.c (); COMMIT;");
  EXPECT_THAT(std::string(Open(three_.all())->Up().status().message()),
              HasSubstr("ended its transaction"));
  EXPECT_EQ(Versions(), "1 2");
}

TEST_F(MigratorTest, RefusesADatabaseWithAChangedMigration) {
  ASSERT_EQ(*Open(three_.all())->Up(), 3);
  three_.EditLast("SELECT 1;");
  absl::Status status = Open(three_.all())->Down(1).status();
  EXPECT_TRUE(base::HasReason(status, base::Reason::kSchemaMismatch));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("0003_alter_a was applied with other contents"));
  EXPECT_THAT(*Open(three_.all())->Verify(),
              ElementsAre(HasSubstr("0003_alter_a was applied with other contents")));
}

TEST_F(MigratorTest, RefusesADatabaseWithAnyMigrationChanged) {
  ASSERT_EQ(*Open(three_.all())->Up(), 3);
  three_.Edit(1, "SELECT 1;");
  EXPECT_THAT(std::string(Open(three_.all())->Down(1).status().message()),
              HasSubstr("0001_create_a was applied with other contents"));
}

TEST_F(MigratorTest, RefusesANewerDatabase) {
  ASSERT_EQ(*Open(three_.all())->Up(), 3);
  absl::Status status = Open(three_.all().first(2))->Up().status();
  EXPECT_TRUE(base::HasReason(status, base::Reason::kSchemaMismatch));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("version 3, newer than this program knows (2)"));
}

TEST_F(MigratorTest, TellsAServerWhatToDo) {
  auto migrator = Open(three_.all());
  EXPECT_THAT(std::string(CheckCurrent(*migrator->Applied(), three_.all()).message()),
              HasSubstr("has no Gatehouse schema, this server needs version 3. Run: gatehouse "
                        "migrate up"));
  ASSERT_TRUE(migrator->To(2).ok());
  absl::Status older = CheckCurrent(*migrator->Applied(), three_.all());
  EXPECT_EQ(older.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(base::HasReason(older, base::Reason::kSchemaMismatch));
  EXPECT_THAT(std::string(older.message()),
              HasSubstr("at version 2, this server needs 3. Run: gatehouse migrate up"));
  ASSERT_TRUE(migrator->Up().ok());
  EXPECT_TRUE(CheckCurrent(*migrator->Applied(), three_.all()).ok());
}

TEST_F(MigratorTest, FindsAGapMadeByHand) {
  auto migrator = Open(three_.all());
  ASSERT_TRUE(migrator->Up().ok());
  Sql("DELETE FROM gatehouse.schema_migration WHERE version = 2");
  EXPECT_THAT(std::string(migrator->Down(1).status().message()), HasSubstr("edited by hand"));
}

TEST_F(MigratorTest, TwoAtOnceBothEndWell) {
  auto holder = Connect();
  ASSERT_TRUE(MigrationLock::Acquire(*holder, {}, [](auto) {}).ok());  // Taken and freed again.
  auto held = MigrationLock::Acquire(*holder, {}, [](auto) {});
  ASSERT_TRUE(held.ok());
  // Each tells when it has found the lock taken, then sleeps until both have.
  std::promise<void> waiting[2];
  std::promise<void> go;
  std::shared_future<void> gone = go.get_future().share();
  std::future<absl::StatusOr<int>> runs[2];
  for (int i = 0; i < 2; ++i) {
    MigratorOptions options = Quick();
    options.migrator_wait = std::chrono::minutes(5);
    options.sleep = [&waiting, gone, i, told = false](std::chrono::milliseconds) mutable {
      if (!std::exchange(told, true)) waiting[i].set_value();
      gone.wait();
    };
    runs[i] = std::async(std::launch::async,
                         [this, options] { return Open(three_.all(), options)->Up(); });
  }
  for (auto& promise : waiting) promise.get_future().wait();
  {
    MigrationLock freed = *std::move(held);
  }
  go.set_value();
  auto first = runs[0].get();
  auto second = runs[1].get();
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(*first + *second, 3);
  EXPECT_EQ(Versions(), "1 2 3");
  EXPECT_EQ(Sql("SELECT count(*) FROM gatehouse.schema_migration_history"), "3");
}

TEST_F(MigratorTest, ReadsThePasswordFromAFile) {
  MigratorOptions options = Quick();
  options.password_file = "/nowhere/password";
  absl::Status missing = Migrator::Open(dsn_, three_.all(), options).status();
  EXPECT_TRUE(absl::IsInvalidArgument(missing)) << missing;
  options.password_file = testing::TempDir() + "password";
  std::ofstream(options.password_file) << "hunter2\n";
  auto migrator = Migrator::Open(dsn_, three_.all(), options);
  ASSERT_TRUE(migrator.ok()) << migrator.status();
  EXPECT_TRUE((*migrator)->Up().ok());
}

TEST_F(MigratorTest, NamesTheOneThatHoldsTheLock) {
  auto holder = Connection::Open(dsn_, {.application_name = "somebody else"});
  ASSERT_TRUE(holder.ok());
  auto held = MigrationLock::Acquire(**holder, {}, [](auto) {});
  ASSERT_TRUE(held.ok());
  MigratorOptions options = Quick();
  options.migrator_wait = std::chrono::milliseconds(300);
  int sleeps = 0;
  options.sleep = [&sleeps](std::chrono::milliseconds) { ++sleeps; };
  absl::Status status = Open(three_.all(), options)->Up().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(sleeps, 3);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("pid " + std::to_string((*holder)->backend_pid()) +
                        ", user gatehouse, application somebody else"));
}

TEST_F(MigratorTest, GivesWayToALongTransactionAndComesBack) {
  ASSERT_EQ(*Open(three_.all())->To(2), 2);
  auto reader = Connect();
  ASSERT_TRUE(reader->Execute("BEGIN; SELECT * FROM gatehouse.a").ok());
  MigratorOptions options = Quick();
  int retries = 0;
  options.sleep = [&](std::chrono::milliseconds) {
    if (++retries == 2) ASSERT_TRUE(reader->Execute("COMMIT").ok());
  };
  EXPECT_EQ(*Open(three_.all(), options)->Up(), 1);
  EXPECT_EQ(retries, 2);
}

TEST_F(MigratorTest, GivesUpAfterTheLastTry) {
  ASSERT_EQ(*Open(three_.all())->To(2), 2);
  auto reader = Connect();
  ASSERT_TRUE(reader->Execute("BEGIN; SELECT * FROM gatehouse.a").ok());
  MigratorOptions options = Quick();
  options.lock_attempts = 3;
  absl::Status status = Open(three_.all(), options)->Up().status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("tried 3 times, 20 ms each"));
  EXPECT_EQ(Versions(), "1 2");
}

TEST_F(MigratorTest, ScriptDoesWhatARunDoes) {
  auto migrator = Open(three_.all());
  auto script = migrator->ScriptTo(std::nullopt);
  ASSERT_TRUE(script.ok());
  EXPECT_THAT(*migrator->Applied(), IsEmpty()) << "a dry run changed something";
  EXPECT_THAT(*migrator->ScriptTo(0), HasSubstr("Nothing to do"));
  Sql(*script);
  EXPECT_TRUE(CheckCurrent(*migrator->Applied(), three_.all()).ok());
  EXPECT_THAT(*migrator->Verify(), IsEmpty());
  auto down = migrator->ScriptDown(2);
  ASSERT_TRUE(down.ok());
  Sql(*down);
  EXPECT_EQ(Versions(), "1");
}

class NoTransactionTest : public MigratorTest {
 protected:
  NoTransactionTest() {
    three_.Add("add_index",
               "-- gatehouse: no-transaction\n"
               "CREATE INDEX CONCURRENTLY a_x ON gatehouse.a (x);\n"
               "CREATE UNIQUE INDEX CONCURRENTLY a_y ON gatehouse.a (y);\n",
               "-- gatehouse: no-transaction\n"
               "DROP INDEX CONCURRENTLY gatehouse.a_y;\n"
               "DROP INDEX CONCURRENTLY gatehouse.a_x;\n");
  }
};

TEST_F(NoTransactionTest, RunsStatementByStatement) {
  auto migrator = Open(three_.all());
  EXPECT_EQ(*migrator->Up(), 4);
  EXPECT_TRUE(CheckCurrent(*migrator->Applied(), three_.all()).ok());
  EXPECT_EQ(*migrator->Down(1), 1);
  EXPECT_EQ(Versions(), "1 2 3");
  EXPECT_EQ(Sql("SELECT count(*) FROM gatehouse.schema_migration_history"), "5");
}

TEST_F(NoTransactionTest, OneThatDidNotFinishIsReportedAndRunAgain) {
  auto migrator = Open(three_.all());
  ASSERT_EQ(*migrator->To(3), 3);
  Sql("INSERT INTO gatehouse.a VALUES (1, 1), (2, 1)");
  absl::Status failed = migrator->Up().status();
  EXPECT_THAT(std::string(failed.message()), HasSubstr("part of it may be done"));
  EXPECT_EQ(migrator->Applied()->back().state, State::kApplying);
  EXPECT_THAT(*migrator->InvalidIndexes(), ElementsAre("gatehouse.a_y"));

  absl::Status reported = migrator->Up().status();
  EXPECT_TRUE(base::HasReason(reported, base::Reason::kSchemaMismatch));
  EXPECT_THAT(std::string(reported.message()), HasSubstr("gatehouse migrate up --retry-dirty"));
  EXPECT_FALSE(CheckCurrent(*migrator->Applied(), three_.all()).ok());

  Sql("DELETE FROM gatehouse.a; DROP INDEX gatehouse.a_x, gatehouse.a_y");
  MigratorOptions options = Quick();
  options.retry_dirty = true;
  auto again = Open(three_.all(), options);
  EXPECT_EQ(*again->Up(), 1);
  EXPECT_THAT(*again->Verify(), IsEmpty());
}

TEST_F(NoTransactionTest, ADownThatDidNotFinishToo) {
  auto migrator = Open(three_.all());
  ASSERT_EQ(*migrator->Up(), 4);
  Sql("DROP INDEX gatehouse.a_x");
  EXPECT_FALSE(migrator->Down(1).ok());
  EXPECT_EQ(migrator->Applied()->back().state, State::kReverting);
  EXPECT_THAT(std::string(migrator->Up().status().message()),
              HasSubstr("gatehouse migrate down --retry-dirty"));
  Sql("CREATE INDEX a_x ON gatehouse.a (x); CREATE INDEX a_y ON gatehouse.a (y)");
  MigratorOptions options = Quick();
  options.retry_dirty = true;
  EXPECT_EQ(*Open(three_.all(), options)->Down(1), 1);
  EXPECT_EQ(Versions(), "1 2 3");
}

}  // namespace
}  // namespace gatehouse::migrations
