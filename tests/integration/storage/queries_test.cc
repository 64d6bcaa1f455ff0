// Every statement against the schema as it is. That they stay cheap is tested in
// tests/integration/growth.

#include <gtest/gtest.h>

#include <string>

#include "storage/postgres/client/query.h"
#include "tests/support/postgres/all_queries.h"
#include "tests/support/postgres/migrated_database.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::tests {
namespace {

TEST(QueriesTest, EveryStatementFitsTheSchema) {
  const std::string dsn = CreateMigratedDatabase();
  for (const storage::postgres::Query& query : AllQueries()) {
    SCOPED_TRACE(std::string(query.name));
    // Ends the program with Postgres's words if a table, column or type is wrong.
    ExecuteSql(dsn, "SET search_path = gatehouse; PREPARE statement AS " + std::string(query.text));
    if (query.many == nullptr) continue;
    ExecuteSql(
        dsn, "SET search_path = gatehouse; PREPARE statement AS " + std::string(query.many->text));
  }
}

}  // namespace
}  // namespace gatehouse::tests
