#ifndef GATEHOUSE_TESTS_INTEGRATION_GROWTH_STATEMENT_CASE_H_
#define GATEHOUSE_TESTS_INTEGRATION_GROWTH_STATEMENT_CASE_H_

#include <string>
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
  std::string parameters;
  // What its transaction does before it: a call of a function of fill_log.sql, or nothing.
  std::string before = "";
};

// What the end of a statement's file says about it.
struct Examples {
  // "-- For example: tenant(), id($row)", or, where something has to happen before,
  // "-- For example, after new_events(): 1000, 'instance'". A long one goes on in further lines,
  // each of which begins with "--   ".
  std::vector<StatementCase> cases;
  // "-- Not measured: why." Of a statement without examples.
  std::string why_none;
};
Examples ExamplesOf(const storage::postgres::Query& query);

// The examples of every statement.
std::vector<StatementCase> AllCases();

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_GROWTH_STATEMENT_CASE_H_
