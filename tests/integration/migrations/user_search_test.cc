#include "migrations/user_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "migrations/migrator.h"
#include "migrations/schema_state.h"
#include "tests/integration/migrations/migration_fixture.h"

namespace gatehouse::migrations {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class UserSearchTest : public MigrationTest {
 protected:
  // What the migrator says on its way up.
  std::vector<std::string> Up(const std::string& dsn) {
    std::vector<std::string> said;
    MigratorOptions options = Quick();
    options.progress = [&said](std::string_view text) { said.emplace_back(text); };
    auto migrator = Migrator::Open(dsn, EmbeddedMigrations(), std::move(options));
    EXPECT_TRUE(migrator.ok()) << migrator.status();
    const auto moved = (*migrator)->Up();
    EXPECT_TRUE(moved.ok()) << moved.status();
    return said;
  }
  std::string StateOfIndex() {
    return Sql(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = "
        "to_regclass('gatehouse.user_account_search')");
  }
};

TEST_F(UserSearchTest, TheIndexIsMadeAtTheEndAndOnce) {
  EXPECT_THAT(Up(dsn_), Contains(HasSubstr("made the index")));
  EXPECT_EQ(StateOfIndex(), "t");
  EXPECT_THAT(Up(dsn_), IsEmpty());
}

TEST_F(UserSearchTest, VerifyMissesItNowhere) {
  Up(dsn_);
  EXPECT_THAT(*Open(EmbeddedMigrations())->Verify(), IsEmpty());
  Sql("DROP INDEX gatehouse.user_account_search");
  EXPECT_THAT(*Open(EmbeddedMigrations())->Verify(), IsEmpty());
}

TEST_F(UserSearchTest, OneThatWasNotFinishedIsMadeAnew) {
  Up(dsn_);
  Sql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = "
      "'gatehouse.user_account_search'::regclass");
  ASSERT_EQ(StateOfIndex(), "f");
  EXPECT_THAT(Up(dsn_), Contains(HasSubstr("made the index")));
  EXPECT_EQ(StateOfIndex(), "t");
}

TEST_F(UserSearchTest, ExtensionsMayBeElsewhere) {
  Sql("CREATE SCHEMA \"Our extensions\"; CREATE EXTENSION pg_trgm SCHEMA \"Our extensions\"; "
      "CREATE EXTENSION btree_gin SCHEMA \"Our extensions\"");
  EXPECT_THAT(Up(dsn_), Contains(HasSubstr("made the index")));
  EXPECT_EQ(StateOfIndex(), "t");
}

// Everything but the search works.
TEST_F(UserSearchTest, WithoutTheRightToExtensionsItSaysSo) {
  const std::string database = Sql("SELECT quote_ident(current_database())");
  Sql("DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN; "
      "GRANT CREATE ON DATABASE " +
      database + " TO plain");
  const std::string dsn = dsn_ + " user=plain";
  {
    auto migrator = Migrator::Open(dsn, EmbeddedMigrations(), Quick());
    ASSERT_TRUE(migrator.ok()) << migrator.status();
    ASSERT_TRUE((*migrator)->To(ExpectedSchemaVersion()).ok());
  }
  Sql("REVOKE CREATE ON DATABASE " + database + " FROM plain");
  EXPECT_THAT(Up(dsn), Contains(HasSubstr("cannot be searched by parts of their names")));
  EXPECT_EQ(StateOfIndex(), "");
  EXPECT_TRUE(CheckDatabaseAndSchema(dsn_).ok());
  // A superuser's extensions will do.
  Sql("CREATE EXTENSION pg_trgm SCHEMA public; CREATE EXTENSION btree_gin SCHEMA public");
  EXPECT_THAT(Up(dsn), Contains(HasSubstr("made the index")));
  EXPECT_EQ(StateOfIndex(), "t");
  Sql("DROP OWNED BY plain; DROP ROLE plain");
}

TEST_F(UserSearchTest, NothingIsMadeWithoutTheTable) {
  const auto said = MakeUserSearch(*Connect());
  ASSERT_TRUE(said.ok()) << said.status();
  EXPECT_EQ(*said, "");
}

}  // namespace
}  // namespace gatehouse::migrations
