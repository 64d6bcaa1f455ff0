#ifndef GATEHOUSE_SERVICE_DELIVERY_ENGINE_ENDPOINT_SETTINGS_H_
#define GATEHOUSE_SERVICE_DELIVERY_ENGINE_ENDPOINT_SETTINGS_H_

#include <optional>
#include <set>

#include "absl/status/status.h"
#include "base/async/task.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/delivery/endpoint_cache.h"
#include "service/delivery/engine/dispatcher.h"
#include "service/delivery/engine/engine_tasks.h"
#include "service/delivery/engine/flusher.h"
#include "service/delivery/engine/lease_holder.h"
#include "service/delivery/engine/queue_map.h"
#include "service/delivery/engine/queue_reader.h"
#include "storage/endpoint/endpoint_store.h"

namespace gatehouse::service::delivery {

// Carries changes of settings from the database to the cache and the queues, and writes the one
// change that the engine makes itself: it switches off endpoints that will not have deliveries.
//
// Thread: the engine's loop.
class EndpointSettings {
 public:
  struct Deps {
    EngineTasks& tasks;
    QueueMap& queues;
    EndpointCache& cache;
    storage::EndpointStore& endpoints;
    Flusher& flusher;
    Dispatcher& dispatcher;
    QueueReader& reader;
    LeaseHolder& leases;
    const base::Clock& clock;
  };

  explicit EndpointSettings(Deps deps) : deps_(deps) {}

  // Reads all there are, unless that is done.
  base::Task<absl::Status> Load();
  bool loaded() const { return loaded_; }

  // What was read of a tenant is old: reads it anew, and is done once queues follow it.
  base::Task<absl::Status> Refresh(base::Uuid tenant_id);
  // The same from outside the log, of one endpoint or of all: nothing is sent with the old
  // settings from now on, and what the new ones begin is begun.
  void OnChanged(base::Uuid tenant_id, std::optional<base::Uuid> endpoint_id = std::nullopt);
  // Of every tenant, one after the other, until it has worked: somebody changed them past the
  // server.
  void OnAllChanged();

  // Switches off the endpoint of a queue, which is stopped, for the reason that it gives.
  void Disable(const QueuePtr& queue) { deps_.tasks.Spawn(RunDisable(queue)); }

 private:
  // Until nothing of the tenant is stale.
  base::Task<void> Reload(base::Uuid tenant_id);
  base::Task<absl::Status> ReloadOnce(base::Uuid tenant_id);
  base::Task<void> ReloadAll();
  base::Task<void> ReloadSurely(base::Uuid tenant_id);
  base::Task<void> RunDisable(QueuePtr queue);
  base::Task<absl::Status> WriteDisabled(QueuePtr queue);
  void Apply(const base::Uuid& tenant_id);

  Deps deps_;
  bool loaded_ = false;
  // Tenants of which Reload is under way.
  std::set<base::Uuid> reading_;
  // ReloadAll is under way, or has to begin once more.
  bool reading_all_ = false;
  bool all_changed_ = false;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_ENGINE_ENDPOINT_SETTINGS_H_
