#ifndef GATEHOUSE_SERVICE_DELIVERY_ENGINE_QUEUE_READER_H_
#define GATEHOUSE_SERVICE_DELIVERY_ENGINE_QUEUE_READER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/delivery/endpoint_cache.h"
#include "service/delivery/engine/dispatcher.h"
#include "service/delivery/engine/engine_tasks.h"
#include "service/delivery/engine/flusher.h"
#include "service/delivery/engine/queue_map.h"
#include "service/delivery/engine/shared_pages.h"
#include "service/delivery/tenant_log.h"
#include "storage/delivery/delivery_store.h"
#include "storage/event_log/event_log.h"

namespace gatehouse::service::delivery {

// Gives queues their events: from the window that up-to-date ones share, else from a page that it
// reads for the queue, or has read for another one of the tenant; and what is due to be retried.
// Owns how many such reads are under way.
//
// Thread: the engine's loop.
class QueueReader {
 public:
  struct Deps {
    EngineTasks& tasks;
    QueueMap& queues;
    const TenantLogs& logs;
    const EndpointCache& cache;
    storage::EventLog& log;
    storage::DeliveryStore& deliveries;
    Flusher& flusher;
    Dispatcher& dispatcher;
    const base::Clock& clock;
  };

  explicit QueueReader(Deps deps) : deps_(deps) {}

  // Fills the queue up to where its tenant's log is matched, now or by a read that begins.
  void Feed(const QueuePtr& queue);
  void FeedTenant(const base::Uuid& tenant_id);
  // Now and then: all queues, and those that have something to retry.
  void Tend();

 private:
  // What is due of a queue's exceptions.
  struct Due {
    std::vector<DeliveryItem> items;
    // Of the first one that is not among them.
    std::optional<base::Time> next_due;
  };

  // As Feed, and what is to be retried before it.
  void FeedAll(const QueuePtr& queue, base::Time now);
  // It has its turn when a read has ended, after those that came before.
  void StandInLine(const QueuePtr& queue);
  // A read has ended. After one that failed those in line wait until Tend.
  void EndRead(bool ok);
  void ServeLine();
  // From the pages there are, until it has enough. True: a read is under way that brings more.
  bool FeedFromPages(const QueuePtr& queue);
  // Takes what follows what it was given, of items that reach up to `through`.
  void AddItems(const QueuePtr& queue, const storage::Endpoint* endpoint,
                const std::vector<DeliveryItem>& items, int64_t through);
  base::Task<void> ReadEvents(QueuePtr queue);
  bool MayLoadRetries(const LeasedQueue& queue, base::Time now) const;
  base::Task<void> LoadRetries(QueuePtr queue);
  // Adds what follows an exception that is due in its lane, as far as there is room and nothing
  // that is `held` comes.
  base::Task<absl::Status> ReadFollowers(storage::EndpointKey key, storage::ExceptionRecord first,
                                         const std::vector<int64_t>* held, base::Time now,
                                         std::vector<DeliveryItem>* items, size_t* room);
  base::Task<absl::StatusOr<DeliveryItem>> ReadItem(storage::EndpointKey key,
                                                    storage::ExceptionRecord exception);
  // Its events were added: they may be ready, or be something to write.
  void OnAdded(const QueuePtr& queue);
  base::Task<absl::StatusOr<Due>> ReadDue(storage::EndpointKey key, std::vector<int64_t> held,
                                          base::Time now);

  Deps deps_;
  SharedPages pages_;
  // By tenant: queues for which another one's page is being read.
  std::unordered_map<base::Uuid, std::vector<QueuePtr>> waiting_;
  // Under way.
  int reads_ = 0;
  // Those that found as many as may be.
  std::deque<std::weak_ptr<LeasedQueue>> line_;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_ENGINE_QUEUE_READER_H_
