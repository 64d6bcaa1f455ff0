#ifndef GATEHOUSE_SERVICE_DELIVERY_ENGINE_LOG_MATCHER_H_
#define GATEHOUSE_SERVICE_DELIVERY_ENGINE_LOG_MATCHER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/async/task.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/delivery/endpoint_cache.h"
#include "service/delivery/engine/endpoint_settings.h"
#include "service/delivery/engine/engine_tasks.h"
#include "service/delivery/engine/flusher.h"
#include "service/delivery/engine/lease_holder.h"
#include "service/delivery/engine/queue_map.h"
#include "service/delivery/engine/queue_reader.h"
#include "service/delivery/tenant_log.h"
#include "storage/delivery/delivery_store.h"
#include "storage/event_log/event_log.h"
#include "storage/log_feed.h"

namespace gatehouse::service::delivery {

// Follows the logs of all tenants that have endpoints: matches what comes against them, has
// those leased that have work, tells queues what is to be sent again, reads the window that
// up-to-date queues share, and makes durable how far each log is matched. It alone changes `logs`,
// in which no tenant is ever removed.
//
// Thread: the engine's loop.
class LogMatcher {
 public:
  using News = std::vector<std::shared_ptr<const storage::LogBatch>>;

  struct Deps {
    EngineTasks& tasks;
    QueueMap& queues;
    TenantLogs& logs;
    const EndpointCache& cache;
    storage::EventLog& log;
    storage::DeliveryStore& deliveries;
    storage::LogFeed& feed;
    Flusher& flusher;
    QueueReader& reader;
    LeaseHolder& leases;
    EndpointSettings& settings;
    const base::Clock& clock;
  };

  explicit LogMatcher(Deps deps) : deps_(deps) {}

  // Follows until the tasks are cancelled or the engine stops.
  base::Task<void> Run();
  // Looks everywhere for entries that are not matched yet, and matches them. The first time reads
  // the settings of all endpoints; of tenants that come later, theirs.
  base::Task<absl::Status> Poll();
  // Matches what there is of a tenant, a known one, beginning with `news`, which the feed
  // brought in order.
  base::Task<absl::Status> Follow(base::Uuid tenant_id, News news);
  // Makes durable how far all logs are matched.
  base::Task<absl::Status> MarkAll();

 private:
  base::Task<absl::Status> Take(storage::LogFeed::News news, bool poll);
  base::Task<absl::Status> MatchNext(base::Uuid tenant_id, std::vector<storage::LogEntry> entries);
  base::Task<absl::Status> Redeliver(base::Uuid tenant_id, int64_t first_index, int64_t last_index);
  base::Task<absl::Status> Mark(base::Uuid tenant_id);
  base::Task<absl::Status> FillWindow(base::Uuid tenant_id);
  base::Task<absl::Status> ReadWindow(base::Uuid tenant_id, std::vector<std::string> types);

  Deps deps_;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_ENGINE_LOG_MATCHER_H_
