#ifndef GATEHOUSE_SERVICE_SCHEMA_EVENT_SCHEMAS_METRICS_H_
#define GATEHOUSE_SERVICE_SCHEMA_EVENT_SCHEMAS_METRICS_H_

#include "base/metric_families.h"
#include "service/schema/event_schemas.h"

namespace gatehouse::service {

void DescribeMetrics(const EventSchemas& schemas, base::MetricFamilies& families);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SCHEMA_EVENT_SCHEMAS_METRICS_H_
