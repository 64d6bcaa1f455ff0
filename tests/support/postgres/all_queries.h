#ifndef GATEHOUSE_TESTS_SUPPORT_POSTGRES_ALL_QUERIES_H_
#define GATEHOUSE_TESTS_SUPPORT_POSTGRES_ALL_QUERIES_H_

#include <vector>

#include "storage/postgres/client/query.h"

namespace gatehouse::tests {

// Every statement of the program, from the folders storage/*/queries.
std::vector<storage::postgres::Query> AllQueries();

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_POSTGRES_ALL_QUERIES_H_
