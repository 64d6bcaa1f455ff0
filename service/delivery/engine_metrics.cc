#include "service/delivery/engine_metrics.h"

namespace gatehouse::service::delivery {

void DescribeMetrics(const WebhookEngine& engine, base::MetricFamilies& families) {
  const EngineStats stats = engine.stats();
  families.Counter("webhook_requests", "Requests sent to webhook endpoints.", stats.sent);
  families.Counter("webhook_attempts", "Attempts that ended, by result.", stats.succeeded,
                   {{"result", "succeeded"}});
  families.Counter("webhook_attempts", "Attempts that ended, by result.", stats.failed,
                   {{"result", "failed"}});
  families.Gauge("webhook_in_flight", "Requests that wait for an answer.", stats.in_flight);
  families.Gauge("webhook_endpoints", "Endpoints that this instance delivers to now.",
                 stats.endpoints);
  families.Gauge("webhook_results_unwritten", "Results that are not in the database yet.",
                 stats.unflushed);
  families.Counter("webhook_flushes", "Statements that wrote results.", stats.flushes);
  families.Counter("webhook_leases_lost", "Endpoints that another instance took over.",
                   stats.leases_lost);
}

}  // namespace gatehouse::service::delivery
