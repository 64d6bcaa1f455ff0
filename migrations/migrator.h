#ifndef GATEHOUSE_MIGRATIONS_MIGRATOR_H_
#define GATEHOUSE_MIGRATIONS_MIGRATOR_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "migrations/migration.h"
#include "migrations/migration_lock.h"
#include "migrations/plan.h"
#include "migrations/schema_state.h"
#include "storage/postgres/admin/connection.h"

namespace gatehouse::migrations {

struct MigratorOptions {
  // How long a statement may wait for a lock, and how often a migration is tried: queries queue
  // behind a waiting ALTER TABLE, so it gives way and comes back.
  std::chrono::milliseconds lock_timeout{5000};
  int lock_attempts = 5;
  // How long to wait for another migrator to finish.
  std::chrono::milliseconds migrator_wait{60000};
  // Run the migration that did not finish again.
  bool retry_dirty = false;
  // Told of each step when it is done, and of each retry.
  std::function<void(std::string_view)> progress = [](std::string_view) {};
  // Between two tries; tests do not wait.
  SleepFunction sleep;
  // Overrides the database that the DSN names.
  std::optional<std::string> database = std::nullopt;
  // A file whose first line is the password; overrides the DSN's.
  std::string password_file = {};

  MigratorOptions();
};

// One line of gatehouse.schema_migration_history, newest first.
struct HistoryEntry {
  int version;
  std::string name;
  std::string direction;
  std::string applied_time;
  std::string duration_ms;
  std::string applied_by;
};

// Moves a database's schema between versions, one migration and its record per transaction, under
// the migration lock. Blocks its thread (see Connection); a command-line tool's and a starting
// server's business. Killed at any point it leaves the schema at a version, or, in a migration
// without a transaction, a mark that every later command reports.
class Migrator {
 public:
  // `known` must outlive it.
  static absl::StatusOr<std::unique_ptr<Migrator>> Open(const std::string& dsn,
                                                        std::span<const Migration> known,
                                                        MigratorOptions options = {});

  // Each returns how many migrations ran. On an error those before the failed one stay applied.
  // ABORTED: another migrator did not finish in time. FAILED_PRECONDITION (SCHEMA_MISMATCH): the
  // database holds migrations that are unknown, changed or unfinished. INVALID_ARGUMENT: no such
  // version. Up makes what users are searched by as well (user_search.h), where it can.
  absl::StatusOr<int> Up();
  absl::StatusOr<int> Down(int steps);
  absl::StatusOr<int> To(int version);

  // The script that Up, Down or To would run now; runs nothing.
  absl::StatusOr<std::string> ScriptTo(std::optional<int> version);
  absl::StatusOr<std::string> ScriptDown(int steps);

  absl::StatusOr<std::vector<AppliedMigration>> Applied();
  absl::StatusOr<std::vector<HistoryEntry>> History(int limit);
  // Indexes that a CREATE INDEX CONCURRENTLY left unfinished.
  absl::StatusOr<std::vector<std::string>> InvalidIndexes();

  // What differs between this database and the embedded migrations, one line each; empty if
  // nothing. Builds a fresh schema of the same version in a temporary database of `scratch_dsn`'s
  // server (by default this one's; needs CREATEDB), which it drops again.
  absl::StatusOr<std::vector<std::string>> Verify(const std::string& scratch_dsn = "");

  std::span<const Migration> known() const { return known_; }
  storage::postgres::admin::Connection& connection() { return *connection_; }

 private:
  // From the version the database is at, under the lock, to the target.
  using TargetFunction = std::function<absl::StatusOr<int>(int current)>;

  Migrator(std::string dsn, std::unique_ptr<storage::postgres::admin::Connection> connection,
           std::span<const Migration> known, MigratorOptions options);

  absl::StatusOr<int> Move(const TargetFunction& target);
  absl::StatusOr<std::string> Script(const TargetFunction& target);
  absl::Status ClearDirty();
  absl::Status RunStep(const Step& step);
  absl::Status TryStep(const Step& step);

  std::string dsn_;
  std::unique_ptr<storage::postgres::admin::Connection> connection_;
  std::span<const Migration> known_;
  MigratorOptions options_;
};

}  // namespace gatehouse::migrations

#endif  // GATEHOUSE_MIGRATIONS_MIGRATOR_H_
