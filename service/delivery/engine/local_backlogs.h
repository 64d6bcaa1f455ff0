#ifndef GATEHOUSE_SERVICE_DELIVERY_ENGINE_LOCAL_BACKLOGS_H_
#define GATEHOUSE_SERVICE_DELIVERY_ENGINE_LOCAL_BACKLOGS_H_

#include <chrono>
#include <optional>
#include <unordered_map>

#include "base/async/mutex.h"
#include "base/async/one_shot.h"
#include "base/async/task.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/delivery/engine/engine_tasks.h"
#include "service/delivery/engine/queue_map.h"
#include "service/delivery/tenant_log.h"

namespace gatehouse::service::delivery {

// How far deliveries are behind at the endpoints that are leased here, of each tenant that somebody
// asks about: the first event, in the order of the log, that a healthy endpoint
// (EndpointQueue::IsHealthy) has still to get, in flight or not read yet included.
//
// It is noted on the engine's loop, from what queues know anyway: sending locks nothing, and costs
// nothing while nobody asks.
//
// Thread: the loop, unless said otherwise.
class LocalBacklogs {
 public:
  // From the end of a look to the next; longer where a look takes long.
  static constexpr std::chrono::milliseconds kPause{10};
  // So long after the last question of a tenant it is looked for it.
  static constexpr base::Duration kInterest = std::chrono::seconds(60);

  struct Deps {
    EngineTasks& tasks;
    const QueueMap& queues;
    const TenantLogs& logs;
    const base::Clock& clock;
  };

  explicit LocalBacklogs(Deps deps) : deps_(deps) {}

  // When that event was recorded, as last noted; nullopt if there is none, if the tenant was not
  // asked about before, and once the engine stops. From any thread.
  std::optional<base::Time> Oldest(const base::Uuid& tenant_id) GH_EXCLUDES(mutex_);

  // Notes while anybody asks, until the tasks are cancelled or the engine stops.
  base::Task<void> Run();
  // Once. False if nobody asks.
  bool Note() GH_EXCLUDES(mutex_);

 private:
  struct Asked {
    base::Time last;
    std::optional<base::Time> oldest = std::nullopt;
  };

  std::optional<base::Time> Look(const base::Uuid& tenant_id, base::Time now) const;
  void Forget() GH_EXCLUDES(mutex_);

  Deps deps_;
  // Somebody asks.
  base::OneShot<bool> wanted_;
  base::Mutex mutex_;
  std::unordered_map<base::Uuid, Asked> asked_ GH_GUARDED_BY(mutex_);
  // Run notes, or was told to.
  bool noting_ GH_GUARDED_BY(mutex_) = false;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_ENGINE_LOCAL_BACKLOGS_H_
