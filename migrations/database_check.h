#ifndef GATEHOUSE_MIGRATIONS_DATABASE_CHECK_H_
#define GATEHOUSE_MIGRATIONS_DATABASE_CHECK_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/time.h"
#include "storage/postgres/admin/connection.h"

namespace gatehouse::migrations {

struct DatabaseNeeds {
  // A standby takes no changes; a server may wait there for its promotion.
  bool allow_standby = false;
};

// Whether the database is one that Gatehouse can rely on, whatever its schema: Postgres 15 or
// later, encoding UTF8, no standby, no table of ours distributed by Citus, a clock like ours.
// FAILED_PRECONDITION, DATABASE_UNSUITABLE otherwise; the message says what to do. Changes nothing.
absl::Status CheckDatabase(storage::postgres::admin::Connection& connection,
                           const base::Clock& clock, const DatabaseNeeds& needs);

struct DatabaseIdentity {
  // The same text by whatever way one connects, also to a standby of it; another one for another
  // database.
  std::string database;
  bool is_standby = false;
};

absl::StatusOr<DatabaseIdentity> IdentifyDatabase(storage::postgres::admin::Connection& connection);

// Connects to both and compares. FAILED_PRECONDITION, DATABASE_UNSUITABLE if they are two
// databases. `password_file`: a file whose first line is the password for both.
absl::Status CheckSameDatabase(const std::string& dsn, const std::string& direct_dsn,
                               const std::string& password_file);

// Connects to both: true if `read_dsn` leads to a standby of the database of `dsn`, false if to
// that itself. FAILED_PRECONDITION, DATABASE_UNSUITABLE if they are two databases.
absl::StatusOr<bool> IsStandbyOf(const std::string& dsn, const std::string& read_dsn,
                                 const std::string& password_file);

}  // namespace gatehouse::migrations

#endif  // GATEHOUSE_MIGRATIONS_DATABASE_CHECK_H_
