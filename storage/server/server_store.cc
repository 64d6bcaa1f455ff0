#include "storage/server/server_store.h"

#include <chrono>
#include <optional>
#include <utility>

#include "base/status.h"
#include "storage/postgres/client/database.h"
#include "storage/server/queries/server_queries.h"

namespace gatehouse::storage {
namespace {

using postgres::Params;
using postgres::Rows;
using postgres::RowView;

// Longer than another instance takes to find that the one that was at work is gone.
constexpr auto kDeliveryBeginsWithin = std::chrono::minutes(1);

}  // namespace

base::Task<absl::StatusOr<DatabaseInspection>> ServerStore::Inspect(base::CallContext ctx,
                                                                    base::Time now) {
  const auto today =
      static_cast<int32_t>(std::chrono::floor<std::chrono::days>(now).time_since_epoch().count());
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, server::queries::kInspect,
                                                  Params::Of(today, now - kDeliveryBeginsWithin)));
  GH_CO_ASSIGN_OR_RETURN(std::optional<DatabaseInspection> found, rows.DecodeOne([](RowView row) {
    return DatabaseInspection{.postgres_version = row.Get<std::string>(0),
                              .in_recovery = row.Get<bool>(1),
                              .schema_version = row.Get<int32_t>(2),
                              .log_halted = row.Get<bool>(3),
                              .missing_partitions = row.Get<std::vector<std::string>>(4),
                              .idle_endpoints = row.Get<int64_t>(5)};
  }));
  if (!found) co_return base::InternalError("an inspection returned no row");
  co_return *std::move(found);
}

base::Task<absl::StatusOr<DatabaseExamination>> ServerStore::Examine(base::CallContext ctx) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(ctx, server::queries::kExamine, Params()));
  GH_CO_ASSIGN_OR_RETURN(std::optional<DatabaseExamination> found, rows.DecodeOne([](RowView row) {
    return DatabaseExamination{.max_connections = row.Get<int32_t>(0),
                               .connections = row.Get<int64_t>(1),
                               .bytes = row.Get<int64_t>(2),
                               .data_directory = row.Get<std::string>(3),
                               .oldest_transaction_s = row.Get<int64_t>(4),
                               .default_partition_bytes = row.Get<int64_t>(5),
                               .event_days = row.Get<int64_t>(6),
                               .unsealed_days = row.Get<std::optional<int32_t>>(7),
                               .writes_are_safe = row.Get<bool>(8),
                               .commits_are_safe = row.Get<bool>(9),
                               .autovacuum = row.Get<bool>(10)};
  }));
  if (!found) co_return base::InternalError("an examination returned no row");
  co_return *std::move(found);
}

}  // namespace gatehouse::storage
