#include "migrations/plan.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace gatehouse::migrations {
namespace {

std::string Text(std::string_view text) { return std::string(text); }

std::string_view DirectionName(Direction direction) {
  return direction == Direction::kUp ? "up" : "down";
}

// name and checksum are literals by construction: [a-z0-9_] and hex.
std::string Values(const Migration& migration) {
  return absl::StrCat(migration.version, ", '", Text(migration.name), "', '",
                      Text(migration.checksum), "'");
}

// now() is the start of the transaction, so this is how long the migration took.
constexpr char kSinceStart[] = "(extract(epoch FROM clock_timestamp() - now()) * 1000)::bigint";

std::string HistoryInsert(const Migration& migration, Direction direction,
                          const std::string& duration) {
  return absl::StrCat(
      "INSERT INTO gatehouse.schema_migration_history\n"
      "  (version, name, checksum, direction, duration_ms)\nVALUES (",
      Values(migration), ", '", Text(DirectionName(direction)), "', ", duration, ");");
}

std::vector<std::string> TransactionalStatements(const Migration& migration, Direction direction,
                                                 std::chrono::milliseconds lock_timeout) {
  bool up = direction == Direction::kUp;
  std::string record =
      up ? absl::StrCat(
               "INSERT INTO gatehouse.schema_migration\n"
               "  (version, name, checksum, state, applied_time, duration_ms)\nVALUES (",
               Values(migration), ", 'applied', now(), ", kSinceStart, ");")
         : absl::StrCat(
               "DELETE FROM gatehouse.schema_migration WHERE version = ", migration.version, ";");
  return {"BEGIN;",
          absl::StrCat("SET LOCAL lock_timeout = ", lock_timeout.count(), ";"),
          "SET LOCAL search_path = gatehouse;",
          Text(up ? migration.up : migration.down),
          record,
          HistoryInsert(migration, direction, kSinceStart),
          "COMMIT;"};
}

// Marks first, then works, then takes the mark away: a crash in between leaves the mark.
std::vector<std::string> BareStatements(const Migration& migration, Direction direction) {
  bool up = direction == Direction::kUp;
  std::vector<std::string> statements = {
      // CREATE INDEX CONCURRENTLY waits for old transactions without standing in anyone's way;
      // giving up would leave an invalid index.
      "SET lock_timeout = 0;", "SET search_path = gatehouse;"};
  std::string where = absl::StrCat(" WHERE version = ", migration.version);
  if (up) {
    statements.push_back(absl::StrCat(
        "INSERT INTO gatehouse.schema_migration (version, name, checksum, state, applied_time)\n"
        "VALUES (",
        Values(migration), ", 'applying', now());"));
  } else {
    statements.push_back(absl::StrCat(
        "UPDATE gatehouse.schema_migration SET state = 'reverting', applied_time = now()", where,
        ";"));
  }
  for (std::string& statement : SplitStatements(up ? migration.up : migration.down)) {
    statements.push_back(std::move(statement));
  }
  constexpr char kSinceMark[] =
      "(extract(epoch FROM clock_timestamp() - applied_time) * 1000)::bigint";
  std::string change =
      up ? absl::StrCat("UPDATE gatehouse.schema_migration SET state = 'applied', duration_ms = ",
                        kSinceMark, where, " RETURNING duration_ms")
         : absl::StrCat("DELETE FROM gatehouse.schema_migration", where, " RETURNING ", kSinceMark,
                        " AS duration_ms");
  statements.push_back(absl::StrCat(
      "WITH done AS (", change, ")\nINSERT INTO gatehouse.schema_migration_history\n",
      "  (version, name, checksum, direction, duration_ms)\nSELECT ", Values(migration), ", '",
      Text(DirectionName(direction)), "', duration_ms FROM done;"));
  return statements;
}

Step MakeStep(const Migration& migration, Direction direction,
              std::chrono::milliseconds lock_timeout) {
  bool transactional = IsTransactional(direction == Direction::kUp ? migration.up : migration.down);
  return {.version = migration.version,
          .name = migration.name,
          .direction = direction,
          .transactional = transactional,
          .statements = transactional ? TransactionalStatements(migration, direction, lock_timeout)
                                      : BareStatements(migration, direction)};
}

}  // namespace

std::vector<Step> MakePlan(int from, int target, std::span<const Migration> known,
                           std::chrono::milliseconds lock_timeout) {
  std::vector<Step> steps;
  for (int version = from + 1; version <= target; ++version) {
    steps.push_back(MakeStep(known[version - 1], Direction::kUp, lock_timeout));
  }
  for (int version = from; version > target; --version) {
    steps.push_back(MakeStep(known[version - 1], Direction::kDown, lock_timeout));
  }
  return steps;
}

std::string_view BookkeepingSql() {
  return R"sql(CREATE SCHEMA IF NOT EXISTS gatehouse;
CREATE TABLE IF NOT EXISTS gatehouse.schema_migration (
  version      integer PRIMARY KEY,
  name         text NOT NULL,
  checksum     text NOT NULL,
  state        text NOT NULL CHECK (state IN ('applied', 'applying', 'reverting')),
  applied_time timestamptz NOT NULL,
  duration_ms  bigint
);
CREATE TABLE IF NOT EXISTS gatehouse.schema_migration_history (
  entry        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  version      integer NOT NULL,
  name         text NOT NULL,
  checksum     text NOT NULL,
  direction    text NOT NULL CHECK (direction IN ('up', 'down')),
  applied_time timestamptz NOT NULL DEFAULT now(),
  duration_ms  bigint NOT NULL,
  applied_by   text NOT NULL DEFAULT current_user
);
)sql";
}

std::string ClearDirtySql(const AppliedMigration& migration) {
  if (migration.state == AppliedMigration::State::kApplying) {
    return absl::StrCat("DELETE FROM gatehouse.schema_migration WHERE version = ",
                        migration.version, " AND state = 'applying';");
  }
  return absl::StrCat("UPDATE gatehouse.schema_migration SET state = 'applied' WHERE version = ",
                      migration.version, " AND state = 'reverting';");
}

std::string FormatScript(const std::vector<Step>& steps, bool needs_bookkeeping) {
  if (steps.empty()) return "-- Nothing to do.\n";
  std::string script = "-- Run with: psql -v ON_ERROR_STOP=1, while no other migration runs.\n\n";
  if (needs_bookkeeping) absl::StrAppend(&script, Text(BookkeepingSql()), "\n");
  for (const Step& step : steps) {
    absl::StrAppendFormat(&script, "-- %s %04d_%s%s\n", Text(DirectionName(step.direction)),
                          step.version, Text(step.name),
                          step.transactional ? "" : ", without a transaction");
    for (const std::string& statement : step.statements) {
      absl::StrAppend(&script, statement, statement.ends_with('\n') ? "" : "\n");
    }
    absl::StrAppend(&script, "\n");
  }
  return script;
}

}  // namespace gatehouse::migrations
