#ifndef GATEHOUSE_SERVICE_SESSION_LOGIN_LOGIN_FAILURES_METRICS_H_
#define GATEHOUSE_SERVICE_SESSION_LOGIN_LOGIN_FAILURES_METRICS_H_

#include "base/metric_families.h"
#include "service/session/login/login_failures.h"

namespace gatehouse::service {

void DescribeMetrics(const LoginFailures& failures, base::MetricFamilies& families);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SESSION_LOGIN_LOGIN_FAILURES_METRICS_H_
