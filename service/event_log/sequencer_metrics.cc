#include "service/event_log/sequencer_metrics.h"

#include <chrono>

namespace gatehouse::service {

void DescribeMetrics(const SequencerWorker& sequencer, base::MetricFamilies& families) {
  const SequencerStats stats = sequencer.stats();
  const std::chrono::duration<double> age = std::chrono::steady_clock::now() - stats.last_pass;
  families.Gauge("sequencer_leads", "1 on the instance that gives events their place in the log.",
                 stats.leads);
  families.Gauge("sequencer_halted", "1 if the log stands still: LOG_ROLLED_BACK.", stats.halted);
  families.Counter("sequencer_ordered_events", "Events that this instance gave their place.",
                   stats.ordered);
  families.Counter("sequencer_failed_passes", "Passes of the sequencer that failed.",
                   stats.failed_passes);
  families.Gauge("sequencer_last_pass_age_seconds", "Time since a pass last succeeded.",
                 age.count());
}

}  // namespace gatehouse::service
