#ifndef GATEHOUSE_SERVICE_WEBHOOK_REPLAY_REPLAY_METRICS_H_
#define GATEHOUSE_SERVICE_WEBHOOK_REPLAY_REPLAY_METRICS_H_

#include "base/metric_families.h"
#include "service/webhook/replay/replay_worker.h"

namespace gatehouse::service {

void DescribeMetrics(const ReplayWorker& replays, base::MetricFamilies& families);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WEBHOOK_REPLAY_REPLAY_METRICS_H_
