#ifndef GATEHOUSE_STORAGE_EVENT_LOG_DAILY_PARTITIONS_H_
#define GATEHOUSE_STORAGE_EVENT_LOG_DAILY_PARTITIONS_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// Keeps the daily partitions of the tables that grow with time: events and
// webhook attempts. Rows without one go to the default partition, and the next run
// moves them: late maintenance costs time, never a row. Days of events that are over
// are sealed, so that the sequencer need not look into them.
//
// Stateless; any loop of `database`, which outlives it.
class DailyPartitions {
 public:
  explicit DailyPartitions(postgres::Database& database) : database_(database) {}

  // Creates what is missing from the day of `now` (UTC) to `days_ahead` days
  // after it; returns how many partitions that were. A table that fails does not
  // hold up the others; the first error is returned.
  base::Task<absl::StatusOr<int>> CreateAhead(base::CallContext ctx, base::Time now,
                                              int days_ahead);

  // Seals what the sequencer is through with of the days after which two whole days are
  // past, by `now` and by the database's own clock; returns how many partitions that
  // were. From then on their events can be read and erased, and a server whose
  // clock is so far behind cannot add any (CLOCK_BEHIND).
  base::Task<absl::StatusOr<int>> SealPast(base::CallContext ctx, base::Time now);

 private:
  base::Task<absl::StatusOr<int>> CreateAheadOf(base::CallContext ctx, std::string table,
                                                std::string key, base::Time now, int days_ahead);

  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_EVENT_LOG_DAILY_PARTITIONS_H_
