#include "migrations/migrate_main.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/command_line_error.h"
#include "base/log_line.h"
#include "base/status.h"
#include "migrations/migrator.h"
#include "storage/postgres/client/dsn.h"

namespace gatehouse::migrations {
namespace {

// CLI11's own checks for positive numbers show the limits of a double, in 300 digits.
constexpr int kMostNumber = std::numeric_limits<int>::max();

// What the command line asked for.
struct Flags {
  std::string dsn;
  std::string scratch_dsn;
  int version = 0;
  int steps = 1;
  int limit = 50;
  int64_t lock_timeout_ms = 5000;
  int64_t wait_ms = 60000;
  bool retry_dirty = false;
  bool check = false;
  std::string sql_direction = "up";
  std::optional<int> sql_argument;
};

int ExitCode(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kMigrateDone;
    case absl::StatusCode::kInvalidArgument:
      return kMigrateBadUsage;
    case absl::StatusCode::kUnavailable:
      return kMigrateNoDatabase;
    case absl::StatusCode::kFailedPrecondition:
      return kMigrateNotAsExpected;
    case absl::StatusCode::kAborted:
      return kMigrateLocked;
    default:
      return kMigrateFailed;
  }
}

int Fail(const absl::Status& status, const MigrateEnvironment& environment) {
  // What Postgres told comes before: the reason is the last line.
  base::FlushLogLines();
  environment.err << "gatehouse migrate: " << status.message() << "\n";
  return ExitCode(status);
}

int ReportMoves(const absl::StatusOr<int>& moves, Migrator& migrator,
                const MigrateEnvironment& environment) {
  if (!moves.ok()) return Fail(moves.status(), environment);
  auto applied = migrator.Applied();
  if (!applied.ok()) return Fail(applied.status(), environment);
  environment.out << (*moves == 0 ? "nothing to do" : "done") << ", schema version "
                  << applied->size() << "\n";
  return kMigrateDone;
}

const char* StateText(AppliedMigration::State state) {
  switch (state) {
    case AppliedMigration::State::kApplied:
      return "applied";
    case AppliedMigration::State::kApplying:
      return "UNFINISHED up";
    case AppliedMigration::State::kReverting:
      return "UNFINISHED down";
  }
  return "?";
}

absl::Status PrintStatus(Migrator& migrator, bool check, std::ostream& out) {
  GH_ASSIGN_OR_RETURN(std::vector<AppliedMigration> applied, migrator.Applied());
  auto known = migrator.known();
  for (const AppliedMigration& row : applied) {
    bool unknown = row.version < 1 || row.version > static_cast<int>(known.size());
    bool changed = !unknown && known[row.version - 1].checksum != row.checksum;
    out << absl::StrFormat("%04d_%-32s %-15s %s%s\n", row.version, row.name, StateText(row.state),
                           row.applied_time,
                           unknown   ? "  (not known to this program)"
                           : changed ? "  (CHANGED since it was applied)"
                                     : "");
  }
  for (size_t i = applied.size(); i < known.size(); ++i) {
    out << absl::StrFormat("%04d_%-32s pending\n", known[i].version, std::string(known[i].name));
  }
  GH_ASSIGN_OR_RETURN(std::vector<std::string> invalid, migrator.InvalidIndexes());
  for (const std::string& name : invalid) {
    out << "invalid index, left by an unfinished migration: DROP INDEX CONCURRENTLY " << name
        << ";\n";
  }
  absl::Status current = CheckCurrent(applied, known);
  out << (current.ok() ? "the schema is current" : std::string(current.message())) << "\n";
  return check ? current : absl::OkStatus();
}

absl::Status PrintHistory(Migrator& migrator, int limit, std::ostream& out) {
  GH_ASSIGN_OR_RETURN(std::vector<HistoryEntry> history, migrator.History(limit));
  if (history.empty()) out << "no migration has run on this database\n";
  for (const HistoryEntry& entry : history) {
    out << absl::StrFormat("%s %-4s %04d_%-32s %6s ms  by %s\n", entry.applied_time,
                           entry.direction, entry.version, entry.name, entry.duration_ms,
                           entry.applied_by);
  }
  return absl::OkStatus();
}

absl::Status PrintSql(Migrator& migrator, const Flags& flags, std::ostream& out) {
  absl::StatusOr<std::string> script;
  if (flags.sql_direction == "to" && !flags.sql_argument) {
    return base::InvalidField("version", "sql to needs a version");
  }
  if (flags.sql_direction == "down") {
    script = migrator.ScriptDown(flags.sql_argument.value_or(1));
  } else {
    script = migrator.ScriptTo(flags.sql_direction == "to" ? flags.sql_argument : std::nullopt);
  }
  GH_RETURN_IF_ERROR(script.status());
  out << *script;
  return absl::OkStatus();
}

absl::Status PrintVerify(Migrator& migrator, const std::string& scratch_dsn, std::ostream& out) {
  GH_ASSIGN_OR_RETURN(std::vector<std::string> differences, migrator.Verify(scratch_dsn));
  for (const std::string& difference : differences) out << difference << "\n";
  if (differences.empty()) {
    out << "the schema is as the migrations make it\n";
    return absl::OkStatus();
  }
  return base::MakeError(absl::StatusCode::kFailedPrecondition,
                         absl::StrFormat("%d differences", differences.size()),
                         {.reason = base::Reason::kSchemaMismatch});
}

// The commands, and the flags they fill.
struct CommandLine {
  CLI::App app{"Moves the database schema between versions", "gatehouse migrate"};
  Flags flags;

  CommandLine() {
    app.require_subcommand(1);
    app.fallthrough();
    app.add_option("--dsn", flags.dsn,
                   "libpq connection string, without a password; else GATEHOUSE_DATABASE_DSN, else "
                   "database.dsn of the configuration");
    app.add_option("--wait-ms", flags.wait_ms, "How long to wait for another migrator")
        ->check(CLI::Range(0, kMostNumber));
    AddMoves();
    AddReports();
  }

  void AddMoves() {
    for (CLI::App* move : {app.add_subcommand("up", "Apply everything that is pending"),
                           app.add_subcommand("down", "Take back the last migrations"),
                           app.add_subcommand("to", "Go to a version, up or down")}) {
      move->add_option("--lock-timeout-ms", flags.lock_timeout_ms,
                       "How long one statement waits for a lock, before it gives way and tries "
                       "again")
          ->check(CLI::Range(1, kMostNumber));
      move->add_flag("--retry-dirty", flags.retry_dirty,
                     "Run the migration that did not finish again");
    }
    app.get_subcommand("down")
        ->add_option("steps", flags.steps, "How many, 1 unless given")
        ->check(CLI::Range(1, kMostNumber));
    app.get_subcommand("to")
        ->add_option("version", flags.version, "The version to end at; 0 is empty")
        ->required();
  }

  void AddReports() {
    app.add_subcommand("status", "What is applied and what is pending")
        ->add_flag("--check", flags.check, "Exit 4 unless the schema is current");
    app.add_subcommand("history", "What ran, newest first")
        ->add_option("--limit", flags.limit, "How many entries")
        ->check(CLI::Range(1, kMostNumber));
    CLI::App* sql = app.add_subcommand("sql", "Print the SQL that would run; run nothing");
    sql->add_option("direction", flags.sql_direction, "up, down or to")
        ->check(CLI::IsMember({"up", "down", "to"}));
    sql->add_option("number", flags.sql_argument, "Steps for down, version for to");
    app.add_subcommand("verify", "Compare the schema with one made anew from the migrations")
        ->add_option("--scratch-dsn", flags.scratch_dsn,
                     "Server for the temporary database, if this one must not have it; without a "
                     "password");
  }
};

// Every user of the machine sees the arguments of a process.
absl::Status CheckHasNoPassword(const char* flag, const std::string& dsn) {
  if (dsn.empty()) return absl::OkStatus();
  GH_ASSIGN_OR_RETURN(const auto keywords, storage::postgres::ParseDsn(dsn));
  for (const auto& [keyword, value] : keywords) {
    if (keyword != "password" && keyword != "sslpassword") continue;
    return base::InvalidField(flag,
                              "no password here, where every user of the machine sees it: put it "
                              "into a passfile, or give the DSN as GATEHOUSE_DATABASE_DSN");
  }
  return absl::OkStatus();
}

int RunCommand(const std::string& command, const Flags& flags, Migrator& migrator,
               const MigrateEnvironment& environment) {
  if (command == "up") return ReportMoves(migrator.Up(), migrator, environment);
  if (command == "down") return ReportMoves(migrator.Down(flags.steps), migrator, environment);
  if (command == "to") return ReportMoves(migrator.To(flags.version), migrator, environment);
  absl::Status status;
  if (command == "status") status = PrintStatus(migrator, flags.check, environment.out);
  if (command == "history") status = PrintHistory(migrator, flags.limit, environment.out);
  if (command == "sql") status = PrintSql(migrator, flags, environment.out);
  if (command == "verify") status = PrintVerify(migrator, flags.scratch_dsn, environment.out);
  return status.ok() ? kMigrateDone : Fail(status, environment);
}

}  // namespace

int MigrateMain(const std::vector<std::string>& args, const MigrateEnvironment& environment) {
  CommandLine line;
  try {
    // CLI11 takes the arguments from the back.
    std::vector<std::string> reversed(args.rbegin(), args.rend());
    line.app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    const bool help = base::ExplainCommandLineError(line.app, error, "gatehouse migrate",
                                                    environment.out, environment.err);
    return help ? kMigrateDone : kMigrateBadUsage;
  }
  absl::Status safe = CheckHasNoPassword("--dsn", line.flags.dsn);
  safe.Update(CheckHasNoPassword("--scratch-dsn", line.flags.scratch_dsn));
  if (!safe.ok()) return Fail(safe, environment);
  std::string dsn = line.flags.dsn.empty() ? environment.configured_dsn : line.flags.dsn;
  if (dsn.empty()) {
    return Fail(absl::InvalidArgumentError("no database: give --dsn, GATEHOUSE_DATABASE_DSN or "
                                           "database.dsn in the configuration"),
                environment);
  }
  MigratorOptions options;
  options.password_file = environment.password_file;
  options.lock_timeout = std::chrono::milliseconds(line.flags.lock_timeout_ms);
  options.migrator_wait = std::chrono::milliseconds(line.flags.wait_ms);
  options.retry_dirty = line.flags.retry_dirty;
  options.progress = [&environment](std::string_view text) {
    environment.out << text << std::endl;
  };
  auto migrator = Migrator::Open(dsn, environment.migrations, std::move(options));
  if (!migrator.ok()) return Fail(migrator.status(), environment);
  return RunCommand(line.app.get_subcommands().front()->get_name(), line.flags, **migrator,
                    environment);
}

}  // namespace gatehouse::migrations
