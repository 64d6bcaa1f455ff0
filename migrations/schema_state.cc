#include "migrations/schema_state.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status.h"
#include "base/time.h"
#include "migrations/embedded_migrations.h"
#include "migrations/queries/migration_queries.h"

namespace gatehouse::migrations {
namespace {

namespace queries = migrations::queries;
using storage::postgres::admin::Connection;
using State = AppliedMigration::State;

absl::Status Mismatch(const std::string& message, int found, int expected) {
  return base::MakeError(
      absl::StatusCode::kFailedPrecondition, message,
      {.reason = base::Reason::kSchemaMismatch,
       .metadata = {{"found", absl::StrCat(found)}, {"expected", absl::StrCat(expected)}}});
}

std::string Label(const AppliedMigration& migration) {
  return absl::StrFormat("%04d_%s", migration.version, migration.name);
}

State ParseState(const std::string& text) {
  if (text == "applying") return State::kApplying;
  if (text == "reverting") return State::kReverting;
  return State::kApplied;
}

AppliedMigration ParseRow(const Connection::Row& row) {
  AppliedMigration migration{.version = 0,
                             .name = row[1].value_or(""),
                             .checksum = row[2].value_or(""),
                             .state = ParseState(row[3].value_or("")),
                             .applied_time = row[4].value_or(""),
                             .duration_ms = std::nullopt};
  // Both come from integer columns: they always parse.
  (void)absl::SimpleAtoi(row[0].value_or(""), &migration.version);
  if (int64_t duration = 0; row[5] && absl::SimpleAtoi(*row[5], &duration)) {
    migration.duration_ms = duration;
  }
  return migration;
}

std::string DirtyMessage(const AppliedMigration& migration) {
  bool up = migration.state == State::kApplying;
  return absl::StrCat(
      "migration ", Label(migration), " (", up ? "up" : "down",
      ", without a transaction) began and did not finish. See what it left (`gatehouse migrate "
      "status` lists invalid indexes), drop that, then run it again: gatehouse migrate ",
      up ? "up" : "down", " --retry-dirty");
}

}  // namespace

std::span<const Migration> EmbeddedMigrations() { return kEmbeddedMigrations; }

int ExpectedSchemaVersion() { return static_cast<int>(kEmbeddedMigrations.size()); }

absl::StatusOr<std::vector<AppliedMigration>> ReadApplied(Connection& connection) {
  std::vector<AppliedMigration> applied;
  GH_ASSIGN_OR_RETURN(
      Connection::Rows found,
      connection.Query("SELECT to_regclass('gatehouse.schema_migration') IS NOT NULL", {}));
  if (found[0][0] != "t") return applied;
  GH_ASSIGN_OR_RETURN(Connection::Rows rows, connection.Query(queries::kListApplied.text, {}));
  for (const Connection::Row& row : rows) applied.push_back(ParseRow(row));
  return applied;
}

absl::Status CheckApplied(const std::vector<AppliedMigration>& applied,
                          std::span<const Migration> known) {
  int expected = static_cast<int>(known.size());
  int found = applied.empty() ? 0 : applied.back().version;
  if (found > expected) {
    return Mismatch(
        absl::StrCat("the database schema is at version ", found,
                     ", newer than this program knows (", expected,
                     "). Use the newer gatehouse, or go back with it: gatehouse migrate to ",
                     expected),
        found, expected);
  }
  for (size_t i = 0; i < applied.size(); ++i) {
    const AppliedMigration& row = applied[i];
    if (row.version != static_cast<int>(i) + 1) {
      return Mismatch(absl::StrCat("migration ", i + 1, " is not applied, but ", Label(row),
                                   " is: gatehouse.schema_migration was edited by hand"),
                      found, expected);
    }
    if (row.state != State::kApplied) return Mismatch(DirtyMessage(row), found, expected);
    const Migration& migration = known[i];
    if (row.checksum != migration.checksum) {
      return Mismatch(
          absl::StrCat("migration ", Label(row), " was applied with other contents (SHA-256 ",
                       row.checksum.substr(0, 12), ") than this program holds (",
                       std::string(migration.checksum.substr(0, 12)),
                       "). Use the gatehouse that applied it; see: gatehouse migrate verify"),
          found, expected);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckCurrent(const std::vector<AppliedMigration>& applied,
                          std::span<const Migration> known) {
  GH_RETURN_IF_ERROR(CheckApplied(applied, known));
  if (applied.size() == known.size()) return absl::OkStatus();
  int found = static_cast<int>(applied.size());
  int expected = static_cast<int>(known.size());
  return Mismatch(
      found == 0 ? absl::StrCat("the database has no Gatehouse schema, this server needs version ",
                                expected, ". Run: gatehouse migrate up")
                 : absl::StrCat("the database schema is at version ", found, ", this server needs ",
                                expected, ". Run: gatehouse migrate up"),
      found, expected);
}

absl::Status CheckDatabaseAndSchema(const std::string& dsn, const std::string& password_file,
                                    const DatabaseNeeds& needs) {
  GH_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection,
                      Connection::Open(dsn, {.application_name = "gatehouse start",
                                             .password_file = password_file,
                                             .standby_too = true}));
  GH_RETURN_IF_ERROR(CheckDatabase(*connection, base::SystemClock(), needs));
  GH_ASSIGN_OR_RETURN(std::vector<AppliedMigration> applied, ReadApplied(*connection));
  return CheckCurrent(applied, EmbeddedMigrations());
}

}  // namespace gatehouse::migrations
