#include "service/retention/retention_metrics.h"

#include <chrono>
#include <optional>
#include <string>

#include "base/time.h"
#include "service/retention/retention_periods.h"

namespace gatehouse::service {
namespace {

// In Prometheus's way; 0 for never.
double Seconds(std::optional<base::Time> time) {
  return time ? std::chrono::duration<double>(time->time_since_epoch()).count() : 0;
}

}  // namespace

void DescribeMetrics(const RetentionWorker& retention, base::MetricFamilies& families) {
  for (const RetentionPolicy policy : kRetentionPolicies) {
    const RetentionStats stats = retention.stats(policy);
    const base::MetricFamilies::Labels labels = {{"policy", std::string(NameOf(policy))}};
    families.Counter("retention_rows_dropped", "Rows that this instance deleted in slices.",
                     stats.rows_dropped, labels);
    families.Counter("retention_partitions_dropped", "Tables of days that this instance dropped.",
                     stats.partitions_dropped, labels);
    families.Counter("retention_failures", "Sweeps that failed.", stats.failures, labels);
    families.Gauge("retention_last_run_timestamp_seconds",
                   "When a sweep last succeeded; 0: not yet.", Seconds(stats.last_run), labels);
    families.Gauge("retention_oldest_kept_timestamp_seconds",
                   "From when the oldest that is kept is; 0: not known.",
                   Seconds(stats.oldest_kept), labels);
  }
  families.Gauge("retention_held_logs",
                 "Tenants whose log is kept beyond its time, since somebody waits for its events; "
                 "10 at most.",
                 retention.stats(RetentionPolicy::kEvents).held_logs);
}

}  // namespace gatehouse::service
