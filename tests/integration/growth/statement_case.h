#ifndef GATEHOUSE_TESTS_INTEGRATION_GROWTH_STATEMENT_CASE_H_
#define GATEHOUSE_TESTS_INTEGRATION_GROWTH_STATEMENT_CASE_H_

#include <vector>

#include "storage/postgres/client/query.h"

namespace gatehouse::tests {

// A statement with parameters like those that a call runs it with.
struct StatementCase {
  storage::postgres::Query query;
  // In SQL, by the functions of sample.sql. `$row` is the number of a row near the
  // beginning, in the middle and near the end of the tables, one after the other: so a list
  // is asked for its first page, one in the middle and its last. `$event` stands for the
  // parameters of one event, where the statement writes one.
  const char* parameters;
  // What its transaction does before it.
  const char* before = "";
};

// Statements on what fill_accounts.sql fills, and on what fill_log.sql fills.
std::vector<StatementCase> AccountCases();
std::vector<StatementCase> LogCases();

// A statement without a case, and why.
struct Exception {
  storage::postgres::Query query;
  const char* reason;
};
std::vector<Exception> Exceptions();

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_GROWTH_STATEMENT_CASE_H_
