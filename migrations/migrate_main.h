#ifndef GATEHOUSE_MIGRATIONS_MIGRATE_MAIN_H_
#define GATEHOUSE_MIGRATIONS_MIGRATE_MAIN_H_

#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "migrations/migration.h"

namespace gatehouse::migrations {

// Exit codes of `gatehouse migrate`; scripts branch on them (docs/operating/migrations.md).
enum MigrateExit {
  kMigrateDone = 0,
  kMigrateFailed = 1,         // A statement failed. Earlier migrations of the run stay applied.
  kMigrateBadUsage = 2,       // Unknown command, flag or version; no DSN, or a bad one.
  kMigrateNoDatabase = 3,     // The database cannot be reached.
  kMigrateNotAsExpected = 4,  // Differences, pending (status --check), changed, unfinished, newer.
  kMigrateLocked = 5,         // Another migrator did not finish in time.
};

struct MigrateEnvironment {
  // From the environment or the file of the configuration; --dsn wins over it.
  std::string configured_dsn = {};
  // A file whose first line is the password of that DSN.
  std::string password_file = {};
  std::span<const Migration> migrations;
  std::ostream& out;
  std::ostream& err;
};

// `gatehouse migrate`. `args` are what follows "migrate": {"up"}, {"to", "3", "--dsn", "..."}.
// Blocks until done; returns a MigrateExit.
int MigrateMain(const std::vector<std::string>& args, const MigrateEnvironment& environment);

}  // namespace gatehouse::migrations

#endif  // GATEHOUSE_MIGRATIONS_MIGRATE_MAIN_H_
