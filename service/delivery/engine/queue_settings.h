#ifndef GATEHOUSE_SERVICE_DELIVERY_ENGINE_QUEUE_SETTINGS_H_
#define GATEHOUSE_SERVICE_DELIVERY_ENGINE_QUEUE_SETTINGS_H_

#include "base/time.h"
#include "service/delivery/queue/endpoint_queue.h"
#include "service/delivery/queue/retry_schedule.h"
#include "storage/endpoint/endpoint.h"

namespace gatehouse::service::delivery {

// What of an endpoint's settings its queue goes by; the rest is looked up for each request.
inline void FollowSettings(const storage::Endpoint& endpoint, base::Time now,
                           EndpointQueue& queue) {
  queue.set_max_in_flight(endpoint.max_in_flight);
  queue.set_pace(
      {.rate = endpoint.max_per_second, .burst = static_cast<double>(endpoint.max_burst)}, now);
  queue.set_retry_delays(RetryDelaysOf(endpoint));
}

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_ENGINE_QUEUE_SETTINGS_H_
