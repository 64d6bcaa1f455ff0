#include "migrations/migration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gatehouse::migrations {
namespace {

using testing::ElementsAre;

TEST(MigrationTest, HasATransactionUnlessMarked) {
  EXPECT_TRUE(IsTransactional("-- Why.\n\nCREATE TABLE t ();\n"));
  EXPECT_FALSE(IsTransactional("-- Why.\n-- gatehouse: no-transaction\n\nCREATE TABLE t ();\n"));
}

TEST(MigrationTest, IsNotMarkedByALaterComment) {
  EXPECT_TRUE(IsTransactional("CREATE TABLE t ();\n-- gatehouse: no-transaction\n"));
}

TEST(MigrationTest, SplitsAtSemicolonsThatEndLines) {
  EXPECT_THAT(SplitStatements("-- gatehouse: no-transaction\nCREATE INDEX i\n  ON t (c);\n\n"
                              "SELECT ';' AS x,\n 1;  \nSELECT 2"),
              ElementsAre("CREATE INDEX i\n  ON t (c);", "SELECT ';' AS x,\n 1;  ", "SELECT 2;"));
}

TEST(MigrationTest, SplitsNothingOutOfComments) {
  EXPECT_THAT(SplitStatements("-- a;\n-- b;\n"), ElementsAre());
}

}  // namespace
}  // namespace gatehouse::migrations
