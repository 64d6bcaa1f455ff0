#ifndef GATEHOUSE_SERVICE_DELIVERY_ENGINE_DISPATCHER_H_
#define GATEHOUSE_SERVICE_DELIVERY_ENGINE_DISPATCHER_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <utility>

#include "base/time.h"
#include "base/uuid.h"
#include "service/delivery/endpoint_cache.h"
#include "service/delivery/engine/engine_tasks.h"
#include "service/delivery/engine/flusher.h"
#include "service/delivery/engine/presence.h"
#include "service/delivery/engine/queue_map.h"
#include "service/delivery/http/http_sender.h"
#include "service/delivery/queue/endpoint_queue.h"
#include "storage/endpoint/endpoint.h"

namespace gatehouse::service::delivery {

// Decides whose request is sent next, and takes the answers: which queues wait for their turn,
// and how many requests are in flight, of the process, of each tenant, and of retries.
//
// Tenants take turns, so that none waits for another's backlog, and so do the queues of one
// tenant. Whoever gives a queue something to send requests its turn; sending itself begins when
// the loop comes round to it, once for all requests until then.
//
// Thread: the engine's loop; the counters may be read from any. Once the engine is stopping
// nothing is sent any more, and queues that wait stay unsettled.
class Dispatcher {
 public:
  using DoneFn = std::function<void(HttpResult)>;
  // Sends one request; calls back once, later, on the loop.
  using SendFn = std::function<void(HttpRequest request, DoneFn done)>;

  struct Deps {
    EngineTasks& tasks;
    const Presence& presence;
    QueueMap& queues;
    const EndpointCache& cache;
    Flusher& flusher;
    const base::Clock& clock;
    SendFn send;
    // A request of the queue was sent or answered: it may want to be filled up.
    std::function<void(const QueuePtr&)> refill;
    // The queue, which is stopped, asks for its endpoint to be switched off.
    std::function<void(const QueuePtr&)> disable;
  };
  struct Limits {
    int in_flight = 0;
    int in_flight_per_tenant = 0;
  };

  Dispatcher(Deps deps, Limits limits) : deps_(std::move(deps)), limits_(limits) {}

  // If there is something to send in it, it gets its turn.
  void RequestTurn(const QueuePtr& queue);
  // The flusher has room again.
  void Resume() { ScheduleSending(); }

  // At the end, on the loop: no queue gets a turn by itself any more.
  void ForgetTimers();

  int in_flight() const { return in_flight_; }
  // Since the start.
  uint64_t sent() const { return sent_; }
  uint64_t succeeded() const { return succeeded_; }
  uint64_t failed() const { return failed_; }

 private:
  struct Tenant {
    // Queues that may have something to send, each at most once; some have lost their lease.
    std::deque<QueuePtr> runnable;
    int in_flight = 0;
    // It stands in turns_.
    bool waiting = false;
  };

  void AddTurn(Tenant& tenant);
  void ScheduleSending();
  void SendInTurns();
  void SendOne(Tenant& tenant);
  bool TrySend(Tenant& tenant, const QueuePtr& queue);
  void AwaitPace(const QueuePtr& queue);
  void Send(const QueuePtr& queue, const storage::Endpoint& endpoint, DeliveryItem item);
  void OnDone(const QueuePtr& queue, const DeliveryItem& item, base::Time start, HttpResult result);

  Deps deps_;
  Limits limits_;
  std::map<base::Uuid, Tenant> tenants_;
  // Those that have runnable queues and may send, in the order of their turns.
  std::deque<Tenant*> turns_;
  // Sending is posted, or runs.
  bool sending_ = false;
  int retries_in_flight_ = 0;
  std::atomic<int> in_flight_ = 0;
  std::atomic<uint64_t> sent_ = 0;
  std::atomic<uint64_t> succeeded_ = 0;
  std::atomic<uint64_t> failed_ = 0;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_ENGINE_DISPATCHER_H_
