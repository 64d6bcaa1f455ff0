#ifndef GATEHOUSE_STORAGE_EVENT_PARTITIONS_H_
#define GATEHOUSE_STORAGE_EVENT_PARTITIONS_H_

#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "base/task.h"
#include "base/time.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// Creates the daily partitions of the event table. Events without one go to
// the default partition, and the next run moves them: late maintenance costs
// time, never an event.
//
// Stateless; any loop of `database`, which outlives it.
class EventPartitions {
 public:
  explicit EventPartitions(postgres::Database& database) : database_(database) {}

  // Creates what is missing from the day of `now` (UTC) to `days_ahead` days
  // after it; returns how many partitions that were.
  base::Task<absl::StatusOr<int>> CreateAhead(base::CallContext ctx, base::Time now,
                                              int days_ahead);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_EVENT_PARTITIONS_H_
