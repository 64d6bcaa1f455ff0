#include "storage/event_partitions.h"

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/status.h"
#include "storage/postgres/client/database.h"
#include "storage/postgres/queries/event_log/event_log_queries.h"

namespace gatehouse::storage {

using postgres::Params;
using postgres::Rows;
using postgres::RowView;

base::Task<absl::StatusOr<int>> EventPartitions::CreateAhead(base::CallContext ctx, base::Time now,
                                                             int days_ahead) {
  const auto today = std::chrono::floor<std::chrono::days>(now).time_since_epoch().count();
  int created = 0;
  // A transaction each: what one day takes to attach does not hold up another.
  for (int day = 0; day <= days_ahead; ++day) {
    GH_CO_ASSIGN_OR_RETURN(const Rows rows, co_await database_.Query(
                                                ctx, postgres::queries::event_log::kCreatePartition,
                                                Params::Of(static_cast<int32_t>(today + day))));
    GH_CO_ASSIGN_OR_RETURN(const std::optional<bool> was_missing,
                           rows.DecodeOne([](RowView row) { return row.Get<bool>(0); }));
    if (was_missing.value_or(false)) ++created;
  }
  co_return created;
}

}  // namespace gatehouse::storage
