#ifndef GATEHOUSE_MIGRATIONS_PLAN_H_
#define GATEHOUSE_MIGRATIONS_PLAN_H_

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "migrations/migration.h"
#include "migrations/schema_state.h"

namespace gatehouse::migrations {

// One migration in one direction, as the exact statements that run it, its row in
// gatehouse.schema_migration included. What a dry run prints is what a run sends.
struct Step {
  int version;
  std::string_view name;
  Direction direction;
  bool transactional;
  std::vector<std::string> statements;
};

// The steps from what is applied (1..from) to `target`, both within 0..known.size(). `lock_timeout`
// bounds the wait of each statement for a lock: behind a waiting ALTER TABLE every query of that
// table queues, so it must give up soon and try again.
std::vector<Step> MakePlan(int from, int target, std::span<const Migration> known,
                           std::chrono::milliseconds lock_timeout);

// Makes the schema and the two tables that record migrations, where they are missing.
std::string_view BookkeepingSql();

// Takes back the mark of a migration without a transaction that did not finish, so that its step
// can be planned anew.
std::string ClearDirtySql(const AppliedMigration& migration);

// The plan as one script for psql.
std::string FormatScript(const std::vector<Step>& steps, bool needs_bookkeeping);

}  // namespace gatehouse::migrations

#endif  // GATEHOUSE_MIGRATIONS_PLAN_H_
