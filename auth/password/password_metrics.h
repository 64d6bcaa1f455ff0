#ifndef GATEHOUSE_AUTH_PASSWORD_PASSWORD_METRICS_H_
#define GATEHOUSE_AUTH_PASSWORD_PASSWORD_METRICS_H_

#include "auth/password/password_hasher.h"
#include "base/metric_families.h"

namespace gatehouse::auth {

void DescribeMetrics(const PasswordHasher& hasher, base::MetricFamilies& families);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_PASSWORD_PASSWORD_METRICS_H_
