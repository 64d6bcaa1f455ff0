// Cost per call does not grow with table size: 1 M rows in each large table against 100 k.

#include <gtest/gtest.h>

#include <cstdint>

#include "tests/integration/growth/growth_check.h"
#include "tests/integration/growth/statement_case.h"

namespace gatehouse::tests {
namespace {

constexpr int64_t kFew = 100'000;
constexpr int64_t kMany = 1'000'000;

TEST(GrowthAtScaleTest, EveryStatement) { ExpectNoGrowth(AllCases(), kFew, kMany); }

}  // namespace
}  // namespace gatehouse::tests
