#ifndef GATEHOUSE_AUTH_VERDICT_AUTHENTICATOR_METRICS_H_
#define GATEHOUSE_AUTH_VERDICT_AUTHENTICATOR_METRICS_H_

#include "auth/verdict/authenticator.h"
#include "base/metric_families.h"

namespace gatehouse::auth {

void DescribeMetrics(const Authenticator& authenticator, base::MetricFamilies& families);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_VERDICT_AUTHENTICATOR_METRICS_H_
