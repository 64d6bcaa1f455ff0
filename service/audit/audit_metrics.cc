#include "service/audit/audit_metrics.h"

namespace gatehouse::service {

void DescribeMetrics(const AuditService& audit, base::MetricFamilies& families) {
  families.Gauge("tails_waiting", "Streams of events that wait for their turn to read.",
                 audit.tail().waiting());
}

}  // namespace gatehouse::service
