// How Postgres goes about a search among many users. That it touches no more pages with more of
// them is tested in tests/integration/growth.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "storage/user/queries/user_queries.h"
#include "tests/integration/growth/filled_database.h"

namespace gatehouse::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr int64_t kRows = 60'000;

// Of a search for `pattern`, planned as `mode` says.
std::string PlanOf(FilledDatabase& database, const std::string& mode, const std::string& pattern) {
  database.Run("SET plan_cache_mode = " + mode);
  return database.Run("EXPLAIN EXECUTE statement(tenant(), '', '" + pattern +
                      "', 51, NULL, NULL, 3145728, 1001)");
}

// Lanes prepare a statement once; after five executions Postgres may plan for whatever parameters
// there are, and knows nothing of the pattern then. Where it does and everybody matches, it may as
// well read the table from its beginning until it has enough.
TEST(UserSearchPlanTest, GoesByItsIndex) {
  FilledDatabase database(kRows);
  database.Run("PREPARE statement AS " + std::string(storage::user::queries::kSearch.text));
  const auto goes_by_index = AllOf(HasSubstr("Bitmap Index Scan on user_account_search"),
                                   Not(HasSubstr("Seq Scan on user_account")));
  EXPECT_THAT(PlanOf(database, "force_generic_plan", "%xanth%"), goes_by_index);
  EXPECT_THAT(PlanOf(database, "force_generic_plan", "%example%"), goes_by_index);
  EXPECT_THAT(PlanOf(database, "force_custom_plan", "%xanth%"), goes_by_index);
}

}  // namespace
}  // namespace gatehouse::tests
