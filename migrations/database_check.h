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
  // Sessions say for themselves in which isolation their transactions begin. Behind a pooler they
  // cannot, and have what the database or the role gives them.
  bool sessions_set_isolation = true;
};

// Whether the database is one that Gatehouse can rely on, whatever its schema: Postgres 15 or
// later, encoding UTF8, no standby, changes allowed, no table of ours distributed by Citus, a clock
// like ours. FAILED_PRECONDITION, DATABASE_UNSUITABLE otherwise; the message says what to do.
// Changes nothing. The connection is one that a standby does for as well (ConnectOptions), so that
// it is here that one is refused, with a reason.
absl::Status CheckDatabase(storage::postgres::admin::Connection& connection,
                           const base::Clock& clock, const DatabaseNeeds& needs);

struct DatabaseIdentity {
  // The same text by whatever way one connects, also to a standby of it; another one for another
  // database.
  std::string database;
  bool is_standby = false;
};

absl::StatusOr<DatabaseIdentity> IdentifyDatabase(storage::postgres::admin::Connection& connection);

// Of a database that is reached by two ways: connects by `dsn` and checks as CheckDatabase does,
// connects by `direct_dsn` and compares. FAILED_PRECONDITION, DATABASE_UNSUITABLE if they are two
// databases. `password_file`: a file whose first line is the password for both.
absl::Status CheckPooledDatabase(const std::string& dsn, const std::string& direct_dsn,
                                 const std::string& password_file, const DatabaseNeeds& needs);

// Connects to both: true if `read_dsn` leads to a standby of the database of `dsn`, false if to
// that itself. FAILED_PRECONDITION, DATABASE_UNSUITABLE if they are two databases.
absl::StatusOr<bool> IsStandbyOf(const std::string& dsn, const std::string& read_dsn,
                                 const std::string& password_file);

}  // namespace gatehouse::migrations

#endif  // GATEHOUSE_MIGRATIONS_DATABASE_CHECK_H_
