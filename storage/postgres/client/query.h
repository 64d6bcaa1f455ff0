#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_QUERY_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_QUERY_H_

#include <string_view>

namespace gatehouse::storage::postgres {

// One SQL statement with a name that is unique in the program: "user/get".
// Constants of this type are generated from .sql files (tools/bazel/sql.bzl);
// the name serves prepared statements, metrics and traces. An empty name means
// a one-off statement that is not kept prepared.
//
// Both views have static storage duration: the client keeps them.
struct Query {
  std::string_view name;
  std::string_view text;
  // It changes nothing: tools/bazel/sql_header.py tells by its words.
  bool reads = false;
  // The same for many calls at a time, if there is one: it takes an array of each parameter,
  // and the number of the call, from 1, comes before each row of its result.
  const Query* many = nullptr;
  // What it changes is the same when it runs twice: its file says so, "-- May run again: why". Of
  // what reads it need not be said.
  bool may_run_again = reads;
};

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_QUERY_H_
