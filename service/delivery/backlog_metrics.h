#ifndef GATEHOUSE_SERVICE_DELIVERY_BACKLOG_METRICS_H_
#define GATEHOUSE_SERVICE_DELIVERY_BACKLOG_METRICS_H_

#include "base/metric_families.h"
#include "service/delivery/backlog_watch.h"

namespace gatehouse::service::delivery {

void DescribeMetrics(const BacklogWatch& backlogs, base::MetricFamilies& families);

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_BACKLOG_METRICS_H_
