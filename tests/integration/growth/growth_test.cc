// Cost per call does not grow with table size: quickly, at sizes where it shows already.
// growth_at_scale_test.cc does the same at real ones.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "tests/integration/growth/growth_check.h"
#include "tests/integration/growth/statement_case.h"
#include "tests/support/postgres/all_queries.h"

namespace gatehouse::tests {
namespace {

constexpr int64_t kFew = 30'000;
constexpr int64_t kMany = 120'000;

TEST(GrowthTest, EveryStatementHasExamplesOrAReasonWhyNot) {
  for (const storage::postgres::Query& query : AllQueries()) {
    const Examples examples = ExamplesOf(query);
    EXPECT_EQ(examples.cases.empty(), !examples.why_none.empty())
        << query.name << ": its file ends with examples, or says why it is not measured";
  }
}

TEST(GrowthTest, EveryStatement) { ExpectNoGrowth(AllCases(), kFew, kMany); }

}  // namespace
}  // namespace gatehouse::tests
