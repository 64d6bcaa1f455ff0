#ifndef GATEHOUSE_SERVICE_DELIVERY_ENGINE_METRICS_H_
#define GATEHOUSE_SERVICE_DELIVERY_ENGINE_METRICS_H_

#include "base/metric_families.h"
#include "service/delivery/webhook_engine.h"

namespace gatehouse::service::delivery {

void DescribeMetrics(const WebhookEngine& engine, base::MetricFamilies& families);

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_ENGINE_METRICS_H_
