#ifndef GATEHOUSE_SERVICE_RETENTION_RETENTION_METRICS_H_
#define GATEHOUSE_SERVICE_RETENTION_RETENTION_METRICS_H_

#include "base/metric_families.h"
#include "service/retention/retention_worker.h"

namespace gatehouse::service {

void DescribeMetrics(const RetentionWorker& retention, base::MetricFamilies& families);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_RETENTION_RETENTION_METRICS_H_
