#ifndef GATEHOUSE_SERVICE_DELIVERY_ENGINE_STATE_H_
#define GATEHOUSE_SERVICE_DELIVERY_ENGINE_STATE_H_

#include <cstdint>
#include <deque>

#include "service/delivery/webhook_engine.h"

namespace gatehouse::service::delivery {

// What the engine keeps with each leased endpoint. Shared by the requests in
// flight: a lane that lost its lease leaves WebhookEngine::lanes_, and results
// that come later are no longer its own to write.
struct WebhookEngine::Lane {
  Lane(const storage::DeliveryLease& lease, int max_in_flight, base::Time now)
      : delivery(lease, max_in_flight, now) {}

  DeliveryLane delivery;
  // In its tenant's runnable queue.
  bool queued = false;
  bool reading = false;
  bool loading_retries = false;
  bool disabling = false;
  // Events to read at a time: few large ones, many small ones.
  int32_t read_limit = 64;
  // Nothing is sent after this: somebody else may be at it.
  base::SteadyTime lease_until;
  base::SteadyTime last_used;
};

struct WebhookEngine::Tenant {
  Tenant(const base::Uuid& tenant_id, int64_t position) : log(tenant_id, position) {}

  TenantLog log;
  // The window is being filled, or about to be: lanes that are up to date need not read.
  bool filling = false;
  bool marking = false;
  bool reloading = false;
  // Lanes that may have something to send; each at most once.
  std::deque<storage::EndpointKey> runnable;
  int in_flight = 0;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_ENGINE_STATE_H_
