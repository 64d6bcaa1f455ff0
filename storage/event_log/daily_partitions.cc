#include "storage/event_log/daily_partitions.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/status.h"
#include "storage/event_log/queries/event_log_queries.h"
#include "storage/postgres/client/database.h"

namespace gatehouse::storage {

using postgres::Params;
using postgres::Rows;
using postgres::RowView;

namespace {

struct Table {
  const char* name;
  // UUIDs of version 7: a day is a range.
  const char* key;
};
constexpr Table kTables[] = {{"event", "event_id"}, {"webhook_attempt", "attempt_id"}};

int32_t DayOf(base::Time time) {
  return static_cast<int32_t>(
      std::chrono::floor<std::chrono::days>(time).time_since_epoch().count());
}

// What a function of the schema answers.
absl::StatusOr<bool> Answer(const Rows& rows) {
  GH_ASSIGN_OR_RETURN(const std::optional<bool> answer,
                      rows.DecodeOne([](RowView row) { return row.Get<bool>(0); }));
  return answer.value_or(false);
}

}  // namespace

base::Task<absl::StatusOr<int>> DailyPartitions::CreateAhead(base::CallContext ctx, base::Time now,
                                                             int days_ahead) {
  absl::Status failed;
  int created = 0;
  for (const Table& table : kTables) {
    const absl::StatusOr<int> created_here =
        co_await CreateAheadOf(ctx, table.name, table.key, now, days_ahead);
    failed.Update(created_here.status());
    created += created_here.value_or(0);
  }
  GH_CO_RETURN_IF_ERROR(failed);
  co_return created;
}

base::Task<absl::StatusOr<int>> DailyPartitions::CreateAheadOf(base::CallContext ctx,
                                                               std::string table, std::string key,
                                                               base::Time now, int days_ahead) {
  int created = 0;
  // A transaction each: what one day takes to attach does not hold up another.
  for (int day = 0; day <= days_ahead; ++day) {
    GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                           co_await database_.Query(ctx, event_log::queries::kCreatePartition,
                                                    Params::Of(table, key, DayOf(now) + day)));
    GH_CO_ASSIGN_OR_RETURN(const bool was_missing, Answer(rows));
    if (was_missing) ++created;
  }
  co_return created;
}

base::Task<absl::StatusOr<int>> DailyPartitions::SealPast(base::CallContext ctx, base::Time now) {
  for (int sealed = 0;; ++sealed) {
    GH_CO_ASSIGN_OR_RETURN(
        const Rows rows,
        co_await database_.Query(ctx, event_log::queries::kSealPartition, Params::Of(DayOf(now))));
    GH_CO_ASSIGN_OR_RETURN(const bool was_open, Answer(rows));
    if (!was_open) co_return sealed;
  }
}

}  // namespace gatehouse::storage
