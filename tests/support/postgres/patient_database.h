#ifndef GATEHOUSE_TESTS_SUPPORT_POSTGRES_PATIENT_DATABASE_H_
#define GATEHOUSE_TESTS_SUPPORT_POSTGRES_PATIENT_DATABASE_H_

#include <chrono>
#include <string>
#include <utility>

#include "storage/postgres/client/database.h"

namespace gatehouse::tests {

// How tests open a database. The limits that the program sets would be deadlines of every test, and
// a machine that is busy enough passes them: a test of a limit sets it, and to all others it only
// says that something hangs.
inline storage::postgres::DatabaseConfig PatientConfig(std::string dsn) {
  constexpr std::chrono::seconds kPatience{60};
  storage::postgres::DatabaseConfig config;
  config.dsn = std::move(dsn);
  config.acquire_timeout = kPatience;
  config.connect_timeout = kPatience;
  // Beyond the patience of those who wait for a statement's end.
  config.statement_timeout = 10 * kPatience;
  return config;
}

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_POSTGRES_PATIENT_DATABASE_H_
