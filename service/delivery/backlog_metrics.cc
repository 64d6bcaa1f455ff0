#include "service/delivery/backlog_metrics.h"

namespace gatehouse::service::delivery {

void DescribeMetrics(const BacklogWatch& backlogs, base::MetricFamilies& families) {
  families.Counter(
      "webhook_publishes_refused",
      "Calls that published nothing, since deliveries were further behind than they let "
      "them be.",
      backlogs.refused());
}

}  // namespace gatehouse::service::delivery
