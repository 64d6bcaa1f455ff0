#ifndef GATEHOUSE_TESTS_INTEGRATION_GROWTH_GROWTH_CHECK_H_
#define GATEHOUSE_TESTS_INTEGRATION_GROWTH_GROWTH_CHECK_H_

#include <cstdint>
#include <vector>

#include "tests/integration/growth/statement_case.h"

namespace gatehouse::tests {

// Fills one database with `few` rows in each large table by the scripts of this folder, and one
// with `many`, and expects every case to touch no more pages in the second: at most 1.2 times as
// many, and those of deeper indexes.
//
// Pages, not time: they are the work that grows, and the same in each run on any machine. They
// are counted by Postgres for all tables and indexes of the schema, so triggers and functions
// are in and catalogs are not.
void ExpectNoGrowth(const std::vector<StatementCase>& cases, int64_t few, int64_t many);

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_GROWTH_GROWTH_CHECK_H_
