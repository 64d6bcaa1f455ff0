#include "storage/postgres/client/standby/standby_metrics.h"

#include <chrono>

#include "storage/postgres/client/database_metrics.h"

namespace gatehouse::storage::postgres {

void DescribeStandby(const Database& database, base::MetricFamilies& families) {
  if (database.standby() != nullptr) DescribeMetrics(*database.standby(), "standby", families);
  const StandbyStats stats = database.standby_stats();
  constexpr char kHelp[] = "Reads that may lag, by what became of them at the standby.";
  families.Counter("standby_reads", kHelp, stats.answered, {{"result", "answered"}});
  families.Counter("standby_reads", kHelp, stats.away, {{"result", "away"}});
  families.Counter("standby_reads", kHelp, stats.behind, {{"result", "behind"}});
  families.Counter("standby_reads", kHelp, stats.failed, {{"result", "failed"}});
  families.Gauge("standby_usable", "1 while the standby is asked.", stats.usable ? 1 : 0);
  families.Gauge("standby_lag_seconds", "How far behind the standby was found to be.",
                 std::chrono::duration<double>(stats.lag).count());
}

}  // namespace gatehouse::storage::postgres
