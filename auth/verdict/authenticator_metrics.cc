#include "auth/verdict/authenticator_metrics.h"

#include <algorithm>
#include <chrono>

#include "auth/verdict/verdict_cache.h"

namespace gatehouse::auth {

void DescribeMetrics(const Authenticator& authenticator, base::MetricFamilies& families) {
  const VerdictCache::Stats cache = authenticator.cache_stats();
  families.Gauge("verdict_cache_entries", "Credentials whose verdict is in memory.", cache.entries);
  families.Counter("verdict_cache_hits", "Credentials found in memory.", cache.hits);
  families.Counter("verdict_cache_misses", "Credentials not found in memory, or stale there.",
                   cache.misses);
  families.Counter("verdict_cache_evictions", "Verdicts given up because the cache was full.",
                   cache.evictions);
  families.Gauge("revocations", "Recent revocations kept in memory.",
                 authenticator.revocation_count());
  const std::chrono::duration<double> lag =
      std::chrono::steady_clock::now() - authenticator.revocations_known_until();
  families.Gauge("revocation_lag_seconds", "Age of what is known of other servers' revocations.",
                 std::max(0.0, lag.count()));
}

}  // namespace gatehouse::auth
