#include "migrations/migrator.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status.h"
#include "base/time.h"
#include "migrations/database_check.h"
#include "migrations/drift.h"
#include "migrations/queries/migration_queries.h"
#include "migrations/user_search.h"

namespace gatehouse::migrations {
namespace {

namespace queries = migrations::queries;
using storage::postgres::admin::Connection;

// Between two tries for a lock: time for the queries that queued behind us to get through.
constexpr std::chrono::milliseconds kRetryDelay{1000};

constexpr std::string_view kLockNotAvailable = "55P03";
constexpr std::string_view kDeadlockDetected = "40P01";

std::string Label(const Step& step) {
  return absl::StrFormat("%s %04d_%s", step.direction == Direction::kUp ? "up" : "down",
                         step.version, std::string(step.name));
}

absl::StatusOr<int> CheckVersion(int version, size_t latest) {
  if (version < 0 || version > static_cast<int>(latest)) {
    return base::InvalidField("version", absl::StrCat("there is no schema version ", version,
                                                      ": this program knows 0 to ", latest));
  }
  return version;
}

absl::StatusOr<int> StepsDown(int current, int steps) {
  if (steps < 1) return base::InvalidField("steps", "must be 1 or more");
  return std::max(0, current - steps);
}

}  // namespace

MigratorOptions::MigratorOptions()
    : sleep([](std::chrono::milliseconds delay) { std::this_thread::sleep_for(delay); }) {}

Migrator::Migrator(std::string dsn, std::unique_ptr<Connection> connection,
                   std::span<const Migration> known, MigratorOptions options)
    : dsn_(std::move(dsn)),
      connection_(std::move(connection)),
      known_(known),
      options_(std::move(options)) {}

absl::StatusOr<std::unique_ptr<Migrator>> Migrator::Open(const std::string& dsn,
                                                         std::span<const Migration> known,
                                                         MigratorOptions options) {
  GH_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection,
                      Connection::Open(dsn, {.application_name = "gatehouse migrate",
                                             .database = options.database,
                                             .password_file = options.password_file,
                                             .standby_too = true}));
  GH_RETURN_IF_ERROR(CheckDatabase(*connection, base::SystemClock(), DatabaseNeeds{}));
  return std::unique_ptr<Migrator>(
      new Migrator(dsn, std::move(connection), known, std::move(options)));
}

absl::StatusOr<int> Migrator::Up() {
  GH_ASSIGN_OR_RETURN(const int moves,
                      Move([this](int) { return static_cast<int>(known_.size()); }));
  GH_ASSIGN_OR_RETURN(MigrationLock lock,
                      MigrationLock::Acquire(*connection_, options_.migrator_wait, options_.sleep));
  GH_ASSIGN_OR_RETURN(const std::string search, MakeUserSearch(*connection_));
  if (!search.empty()) options_.progress(search);
  return moves;
}

absl::StatusOr<int> Migrator::Down(int steps) {
  return Move([steps](int current) { return StepsDown(current, steps); });
}

absl::StatusOr<int> Migrator::To(int version) {
  return Move([this, version](int) { return CheckVersion(version, known_.size()); });
}

absl::StatusOr<std::string> Migrator::ScriptTo(std::optional<int> version) {
  return Script([this, version](int) {
    return CheckVersion(version.value_or(static_cast<int>(known_.size())), known_.size());
  });
}

absl::StatusOr<std::string> Migrator::ScriptDown(int steps) {
  return Script([steps](int current) { return StepsDown(current, steps); });
}

absl::StatusOr<std::string> Migrator::Script(const TargetFunction& target) {
  GH_ASSIGN_OR_RETURN(std::vector<AppliedMigration> applied, Applied());
  GH_RETURN_IF_ERROR(CheckApplied(applied, known_));
  int current = static_cast<int>(applied.size());
  GH_ASSIGN_OR_RETURN(int version, target(current));
  return FormatScript(MakePlan(current, version, known_, options_.lock_timeout),
                      /*needs_bookkeeping=*/current == 0);
}

absl::StatusOr<int> Migrator::Move(const TargetFunction& target) {
  GH_ASSIGN_OR_RETURN(MigrationLock lock,
                      MigrationLock::Acquire(*connection_, options_.migrator_wait, options_.sleep));
  // Read under the lock: whoever held it before us may have changed everything.
  if (options_.retry_dirty) GH_RETURN_IF_ERROR(ClearDirty());
  GH_ASSIGN_OR_RETURN(std::vector<AppliedMigration> applied, Applied());
  GH_RETURN_IF_ERROR(CheckApplied(applied, known_));
  int current = static_cast<int>(applied.size());
  GH_ASSIGN_OR_RETURN(int version, target(current));
  std::vector<Step> steps = MakePlan(current, version, known_, options_.lock_timeout);
  if (current == 0 && !steps.empty()) {
    GH_RETURN_IF_ERROR(connection_->Execute(std::string(BookkeepingSql())).status());
  }
  for (const Step& step : steps) {
    auto begin = std::chrono::steady_clock::now();
    GH_RETURN_IF_ERROR(RunStep(step));
    auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin);
    options_.progress(absl::StrCat(Label(step), " (", took.count(), " ms)"));
  }
  return static_cast<int>(steps.size());
}

absl::Status Migrator::ClearDirty() {
  GH_ASSIGN_OR_RETURN(std::vector<AppliedMigration> applied, Applied());
  for (const AppliedMigration& migration : applied) {
    if (migration.state == AppliedMigration::State::kApplied) continue;
    GH_RETURN_IF_ERROR(connection_->Execute(ClearDirtySql(migration)).status());
  }
  return absl::OkStatus();
}

absl::Status Migrator::RunStep(const Step& step) {
  for (int attempt = 1;; ++attempt) {
    absl::Status status = TryStep(step);
    if (status.ok()) return status;
    const std::string& state = connection_->last_sqlstate();
    bool lock_missed = step.transactional && !absl::IsUnavailable(status) &&
                       (state == kLockNotAvailable || state == kDeadlockDetected);
    if (!lock_missed || attempt >= options_.lock_attempts) {
      std::string message = absl::StrCat("migration ", Label(step), " failed: ", status.message());
      if (lock_missed) {
        absl::StrAppend(&message, "; tried ", attempt, " times, ", options_.lock_timeout.count(),
                        " ms each. See pg_stat_activity for long transactions");
      } else if (!step.transactional) {
        absl::StrAppend(&message,
                        ". It has no transaction: part of it may be done; see "
                        "`gatehouse migrate status`");
      }
      return absl::Status(status.code(), message);
    }
    options_.progress(absl::StrCat(Label(step), ": ", status.message(), "; trying again"));
    options_.sleep(kRetryDelay);
  }
}

absl::Status Migrator::TryStep(const Step& step) {
  for (size_t i = 0; i < step.statements.size(); ++i) {
    absl::Status status = connection_->Execute(step.statements[i]).status();
    bool last = i + 1 == step.statements.size();
    if (status.ok() && step.transactional && !last && !connection_->InTransaction()) {
      return absl::InternalError("it ended its transaction by itself");
    }
    if (status.ok()) continue;
    if (step.transactional && !absl::IsUnavailable(status)) {
      (void)connection_->Execute("ROLLBACK");
    }
    return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<AppliedMigration>> Migrator::Applied() {
  return ReadApplied(*connection_);
}

absl::StatusOr<std::vector<HistoryEntry>> Migrator::History(int limit) {
  std::vector<HistoryEntry> history;
  GH_ASSIGN_OR_RETURN(
      Connection::Rows found,
      connection_->Query("SELECT to_regclass('gatehouse.schema_migration_history') IS NOT NULL",
                         {}));
  if (found[0][0] != "t") return history;
  GH_ASSIGN_OR_RETURN(Connection::Rows rows,
                      connection_->Query(queries::kListHistory.text, {absl::StrCat(limit)}));
  for (const Connection::Row& row : rows) {
    HistoryEntry entry{.version = 0,
                       .name = row[1].value_or(""),
                       .direction = row[2].value_or(""),
                       .applied_time = row[3].value_or(""),
                       .duration_ms = row[4].value_or(""),
                       .applied_by = row[5].value_or("")};
    (void)absl::SimpleAtoi(row[0].value_or(""), &entry.version);
    history.push_back(std::move(entry));
  }
  return history;
}

absl::StatusOr<std::vector<std::string>> Migrator::InvalidIndexes() {
  GH_ASSIGN_OR_RETURN(Connection::Rows rows,
                      connection_->Query(queries::kListInvalidIndexes.text, {}));
  std::vector<std::string> names;
  for (const Connection::Row& row : rows) names.push_back(row[0].value_or(""));
  return names;
}

absl::StatusOr<std::vector<std::string>> Migrator::Verify(const std::string& scratch_dsn) {
  // Under the lock: a migration running meanwhile would look like drift.
  GH_ASSIGN_OR_RETURN(MigrationLock lock,
                      MigrationLock::Acquire(*connection_, options_.migrator_wait, options_.sleep));
  GH_ASSIGN_OR_RETURN(std::vector<AppliedMigration> applied, Applied());
  // Changed or unknown migrations: the schemas cannot be expected to agree.
  if (absl::Status status = CheckApplied(applied, known_); !status.ok()) {
    return std::vector<std::string>{std::string(status.message())};
  }
  GH_ASSIGN_OR_RETURN(std::vector<CatalogEntry> live, DumpCatalog(*connection_));
  if (applied.empty()) {
    // After "to 0" the record of migrations stays; a database never migrated has none.
    std::erase_if(live, [](const CatalogEntry& entry) {
      return entry.object.starts_with("schema_migration");
    });
  }
  GH_ASSIGN_OR_RETURN(std::vector<CatalogEntry> fresh,
                      DumpFreshCatalog(scratch_dsn.empty() ? dsn_ : scratch_dsn,
                                       scratch_dsn.empty() ? options_.password_file : "",
                                       known_.first(applied.size())));
  return CompareCatalogs(fresh, live);
}

}  // namespace gatehouse::migrations
