#include "service/webhook/replay/replay_metrics.h"

namespace gatehouse::service {

void DescribeMetrics(const ReplayWorker& replays, base::MetricFamilies& families) {
  families.Counter("webhook_replayed", "Events that replays scheduled to be sent again.",
                   replays.scheduled());
}

}  // namespace gatehouse::service
