#ifndef GATEHOUSE_STORAGE_EVENT_LOG_SEQUENCER_DATABASE_H_
#define GATEHOUSE_STORAGE_EVENT_LOG_SEQUENCER_DATABASE_H_

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "base/async/loop.h"
#include "storage/postgres/client/database.h"

namespace gatehouse::storage {

// A Database for the Sequencer alone: all its passes have to go over one
// connection, which holds the lock that says who leads; not through a pooler, which would give
// that connection to others in between.
inline absl::StatusOr<std::unique_ptr<postgres::Database>> OpenSequencerDatabase(
    postgres::DatabaseConfig config, base::Loop& loop) {
  config.application_name = "gatehouse-sequencer";
  config.lanes_per_loop = 1;
  config.batch_lanes_per_loop = 1;
  config.exclusive_per_loop = 1;
  // For sequence.sql. The planner cannot know how few rows lie above the cursor: statistics of a
  // partition that is being filled are always out of date, and a sequential scan of it would be
  // chosen some day.
  config.session_settings = {{"enable_seqscan", "off"}, {"jit", "off"}};
  return postgres::Database::Open(std::move(config), {&loop});
}

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_EVENT_LOG_SEQUENCER_DATABASE_H_
