#include "service/session/login/login_failures_metrics.h"

namespace gatehouse::service {

void DescribeMetrics(const LoginFailures& failures, base::MetricFamilies& families) {
  families.Counter("logins_refused",
                   "Logins refused because their address had failed too often at the account.",
                   failures.refused());
  families.Gauge("login_failures_counted",
                 "Counts of failed logins that wait to be written as one event each.",
                 failures.counted());
}

}  // namespace gatehouse::service
