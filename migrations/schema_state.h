#ifndef GATEHOUSE_MIGRATIONS_SCHEMA_STATE_H_
#define GATEHOUSE_MIGRATIONS_SCHEMA_STATE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "migrations/database_check.h"
#include "migrations/migration.h"
#include "storage/postgres/admin/connection.h"

namespace gatehouse::migrations {

// A row of gatehouse.schema_migration.
struct AppliedMigration {
  enum class State {
    kApplied,
    kApplying,   // An up without a transaction began and did not finish.
    kReverting,  // A down without a transaction began and did not finish.
  };
  int version;
  std::string name;
  std::string checksum;
  State state;
  std::string applied_time;  // RFC 3339, UTC.
  std::optional<int64_t> duration_ms;
};

// The migrations built into this program.
std::span<const Migration> EmbeddedMigrations();

// The schema version this program was written for.
int ExpectedSchemaVersion();

// What is applied, by version; empty for a database that was never migrated. Changes nothing.
absl::StatusOr<std::vector<AppliedMigration>> ReadApplied(
    storage::postgres::admin::Connection& connection);

// OK if every applied migration is one of `known`, unchanged, finished and without gaps: what
// every command that changes the schema needs first. FAILED_PRECONDITION with the reason
// SCHEMA_MISMATCH otherwise; the message says what to do.
absl::Status CheckApplied(const std::vector<AppliedMigration>& applied,
                          std::span<const Migration> known);

// As CheckApplied, and nothing is pending: what a server needs before it serves.
absl::Status CheckCurrent(const std::vector<AppliedMigration>& applied,
                          std::span<const Migration> known);

// Connects, checks the database and its schema against the embedded migrations, disconnects.
// Blocks: called once, before the server serves. `password_file`: a file whose first line is the
// password.
absl::Status CheckDatabaseAndSchema(const std::string& dsn, const std::string& password_file = "",
                                    const DatabaseNeeds& needs = {});

}  // namespace gatehouse::migrations

#endif  // GATEHOUSE_MIGRATIONS_SCHEMA_STATE_H_
