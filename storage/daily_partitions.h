#ifndef GATEHOUSE_STORAGE_DAILY_PARTITIONS_H_
#define GATEHOUSE_STORAGE_DAILY_PARTITIONS_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "base/task.h"
#include "base/time.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// Creates the daily partitions of the tables that grow with time: events and
// webhook attempts. Rows without one go to the default partition, and the next run
// moves them: late maintenance costs time, never a row.
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

 private:
  base::Task<absl::StatusOr<int>> CreateAheadOf(base::CallContext ctx, std::string table,
                                                std::string key, base::Time now, int days_ahead);

  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_DAILY_PARTITIONS_H_
