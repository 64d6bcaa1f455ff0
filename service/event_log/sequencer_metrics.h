#ifndef GATEHOUSE_SERVICE_EVENT_LOG_SEQUENCER_METRICS_H_
#define GATEHOUSE_SERVICE_EVENT_LOG_SEQUENCER_METRICS_H_

#include "base/metric_families.h"
#include "service/event_log/sequencer_worker.h"

namespace gatehouse::service {

void DescribeMetrics(const SequencerWorker& sequencer, base::MetricFamilies& families);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_EVENT_LOG_SEQUENCER_METRICS_H_
