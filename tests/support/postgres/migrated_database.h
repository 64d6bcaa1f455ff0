#ifndef GATEHOUSE_TESTS_SUPPORT_POSTGRES_MIGRATED_DATABASE_H_
#define GATEHOUSE_TESTS_SUPPORT_POSTGRES_MIGRATED_DATABASE_H_

#include <string>

namespace gatehouse::tests {

// A new database of the shared cluster with the current schema; returns its
// connection string. The migrations run once per program, then it is copied.
std::string CreateMigratedDatabase();

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_POSTGRES_MIGRATED_DATABASE_H_
