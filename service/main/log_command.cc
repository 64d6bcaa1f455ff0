#include <chrono>
#include <iostream>
#include <memory>
#include <utility>

#include "base/async/loop.h"
#include "base/async/run_on_loop.h"
#include "base/log_line.h"
#include "base/status.h"
#include "base/system_context.h"
#include "migrations/schema_state.h"
#include "service/main/area/storage_area.h"
#include "service/main/commands.h"
#include "service/main/config_check.h"
#include "service/main/exit_codes.h"
#include "service/main/serve_command.h"
#include "storage/event_log/sequencer.h"
#include "storage/postgres/client/database.h"

namespace gatehouse::service {
namespace {

using storage::postgres::Database;

// It looks at every event there is, in one statement; the servers' limit is for calls.
constexpr auto kTimeout = std::chrono::hours(1);
// A running server's sequencer may be in the way of one try, for a moment.
constexpr int kTries = 20;

base::Task<absl::StatusOr<int64_t>> Reset(storage::Sequencer* sequencer, base::CallContext ctx) {
  absl::StatusOr<int64_t> ordered = co_await sequencer->Reset(ctx);
  for (int tries = 1; tries < kTries && absl::IsAborted(ordered.status()); ++tries) {
    ordered = co_await sequencer->Reset(ctx);
  }
  co_return ordered;
}

absl::StatusOr<int64_t> ResetLog(const config::Config& settings) {
  GH_RETURN_IF_ERROR(CheckDatabaseSettings(settings.database));
  GH_RETURN_IF_ERROR(migrations::CheckDatabaseAndSchema(settings.database.direct(),
                                                        settings.database.password_file));
  base::Loop loop("log-reset");
  loop.Start();
  storage::postgres::DatabaseConfig config = DirectConfigOf(settings.database);
  config.statement_timeout = kTimeout;
  config.lanes_per_loop = 1;
  config.batch_lanes_per_loop = 1;
  GH_ASSIGN_OR_RETURN(const std::unique_ptr<Database> database,
                      Database::Open(std::move(config), {&loop}));
  storage::Sequencer sequencer(*database, /*instance=*/"log reset");
  return base::RunOnLoop<absl::StatusOr<int64_t>>(
      loop, [&] { return Reset(&sequencer, base::SystemContext(loop, "log_reset", kTimeout)); });
}

}  // namespace

int RunLogReset(const config::Config& config) {
  base::SetLogLevel(*base::ParseLogLevel(config.log.level));
  const absl::StatusOr<int64_t> ordered = ResetLog(config);
  if (!ordered.ok()) return Fail(ordered.status());
  std::cout << "The log goes on from here. Events that got their place now: " << *ordered << "\n";
  return kExitOk;
}

}  // namespace gatehouse::service
