#ifndef GATEHOUSE_STORAGE_EVENT_LOG_EVENT_STORE_METRICS_H_
#define GATEHOUSE_STORAGE_EVENT_LOG_EVENT_STORE_METRICS_H_

#include "base/metric_families.h"
#include "storage/event_log/event_store.h"

namespace gatehouse::storage {

void DescribeMetrics(const EventStore& events, base::MetricFamilies& families);

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_EVENT_LOG_EVENT_STORE_METRICS_H_
