#include "service/schema/event_schemas_metrics.h"

namespace gatehouse::service {

void DescribeMetrics(const EventSchemas& schemas, base::MetricFamilies& families) {
  const EventSchemas::Stats stats = schemas.stats();
  families.Counter("event_schema_reads", "Statements that read the schemas of event types.",
                   stats.reads);
  families.Gauge("event_schema_tenants", "Tenants whose schemas of event types are in memory.",
                 stats.tenants);
  families.Gauge("event_schema_bytes", "Memory of schemas of event types, roughly.", stats.weight);
}

}  // namespace gatehouse::service
