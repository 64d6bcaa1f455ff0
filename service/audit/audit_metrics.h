#ifndef GATEHOUSE_SERVICE_AUDIT_AUDIT_METRICS_H_
#define GATEHOUSE_SERVICE_AUDIT_AUDIT_METRICS_H_

#include "base/metric_families.h"
#include "service/audit/audit_service.h"

namespace gatehouse::service {

void DescribeMetrics(const AuditService& audit, base::MetricFamilies& families);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_AUDIT_AUDIT_METRICS_H_
