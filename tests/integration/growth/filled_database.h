#ifndef GATEHOUSE_TESTS_INTEGRATION_GROWTH_FILLED_DATABASE_H_
#define GATEHOUSE_TESTS_INTEGRATION_GROWTH_FILLED_DATABASE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "storage/postgres/admin/connection.h"
#include "tests/integration/growth/statement_case.h"

namespace gatehouse::tests {

// Runs the statement of a case, prepared as `statement`, at a row.
std::string Execution(const StatementCase& test, int64_t row);

// A database that the scripts of this folder have filled with `rows` rows in each large table,
// dropped at the end: two would be too large for some machines.
class FilledDatabase {
 public:
  explicit FilledDatabase(int64_t rows);
  ~FilledDatabase();

  // The first column, a line per row. An error ends the program: a case does not fit its statement.
  std::string Run(const std::string& script);

  storage::postgres::admin::Connection& connection() { return *connection_; }

 private:
  std::unique_ptr<storage::postgres::admin::Connection> connection_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_GROWTH_FILLED_DATABASE_H_
