#include "migrations/drift.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gatehouse::migrations {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const CatalogEntry kTable{"t", "relation", "kind r", false};
const CatalogEntry kColumn{"t", "column a", "text", false};

TEST(CompareCatalogsTest, FindsNothingInEqualOnes) {
  EXPECT_THAT(CompareCatalogs({kTable, kColumn}, {kColumn, kTable}), IsEmpty());
}

TEST(CompareCatalogsTest, NamesWhatIsMissingUnexpectedAndDifferent) {
  CatalogEntry changed = kColumn;
  changed.definition = "bigint";
  EXPECT_THAT(CompareCatalogs({kTable, kColumn}, {changed, {"u", "relation", "kind r", false}}),
              ElementsAre("different: t: column a is bigint, should be text", "missing: t = kind r",
                          "unexpected: u = kind r"));
}

TEST(CompareCatalogsTest, ExpectsPartitionsThatTheServerMade) {
  EXPECT_THAT(CompareCatalogs({}, {{"event_20260101", "relation", "kind r", true},
                                   {"event_20260101", "column a", "text", true}}),
              IsEmpty());
}

TEST(CompareCatalogsTest, LooksIntoPartitionsThatMigrationsMade) {
  CatalogEntry partition{"event_default", "relation", "kind r", true};
  EXPECT_THAT(
      CompareCatalogs({partition}, {partition, {"event_default", "column a", "text", true}}),
      ElementsAre("unexpected: event_default: column a = text"));
}

}  // namespace
}  // namespace gatehouse::migrations
