#ifndef GATEHOUSE_SERVICE_MAIN_AREA_METRICS_AREA_H_
#define GATEHOUSE_SERVICE_MAIN_AREA_METRICS_AREA_H_

#include <prometheus/collectable.h>

#include <vector>

#include "service/main/area/auth_area.h"
#include "service/main/area/service_area.h"
#include "service/main/area/storage_area.h"
#include "service/main/area/worker_area.h"

namespace gatehouse::service {

// Collects what the parts of the server count, as Prometheus metrics: read when they
// are asked for, so that nothing is counted twice. Each part describes its own, in a
// file *_metrics.cc beside it; docs/operating/metrics.md says what each means.
//
// Lifetime: within that of the areas. Thread-safe; never waits for a loop, so that
// a server that hangs still shows its figures.
class MetricsArea : public prometheus::Collectable {
 public:
  MetricsArea(const StorageArea& storage, const AuthArea& auth, const WorkerArea& workers,
              const ServiceArea& services)
      : storage_(storage), auth_(auth), workers_(workers), services_(services) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const StorageArea& storage_;
  const AuthArea& auth_;
  const WorkerArea& workers_;
  const ServiceArea& services_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_AREA_METRICS_AREA_H_
