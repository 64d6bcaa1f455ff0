#include "storage/event_log/event_store_metrics.h"

namespace gatehouse::storage {

void DescribeMetrics(const EventStore& events, base::MetricFamilies& families) {
  families.Gauge("events_waiting", "Events that wait to be written.", events.waiting());
}

}  // namespace gatehouse::storage
