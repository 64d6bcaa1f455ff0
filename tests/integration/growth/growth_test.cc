// Cost per call does not grow with table size: quickly, at sizes where it shows already.
// growth_at_scale_test.cc does the same at real ones.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/integration/growth/growth_check.h"
#include "tests/integration/growth/statement_case.h"
#include "tests/support/postgres/all_queries.h"

namespace gatehouse::tests {
namespace {

constexpr int64_t kFew = 30'000;
constexpr int64_t kMany = 120'000;

TEST(GrowthTest, EveryStatementHasACaseOrAReasonWhyNot) {
  std::vector<std::string> covered;
  for (const StatementCase& test : AccountCases()) covered.emplace_back(test.query.name);
  for (const StatementCase& test : LogCases()) covered.emplace_back(test.query.name);
  for (const Exception& exception : Exceptions()) {
    EXPECT_THAT(covered, testing::Not(testing::Contains(exception.query.name)));
    covered.emplace_back(exception.query.name);
  }
  for (const storage::postgres::Query& query : AllQueries()) {
    EXPECT_THAT(covered, testing::Contains(query.name)) << "give it a case or an exception";
  }
}

TEST(GrowthTest, AccountsAndSessions) {
  ExpectNoGrowth("fill_accounts.sql", AccountCases(), kFew, kMany);
}

TEST(GrowthTest, LogAndWebhooks) { ExpectNoGrowth("fill_log.sql", LogCases(), kFew, kMany); }

}  // namespace
}  // namespace gatehouse::tests
