#ifndef GATEHOUSE_SERVICE_DELIVERY_WEBHOOK_ENGINE_H_
#define GATEHOUSE_SERVICE_DELIVERY_WEBHOOK_ENGINE_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "base/call_context.h"
#include "base/cancel.h"
#include "base/loop.h"
#include "base/one_shot.h"
#include "base/task.h"
#include "base/task_group.h"
#include "base/time.h"
#include "base/uuid.h"
#include "base/worker.h"
#include "service/delivery/defaults.h"
#include "service/delivery/delivery_lane.h"
#include "service/delivery/endpoint_cache.h"
#include "service/delivery/http/http_sender.h"
#include "service/delivery/tenant_log.h"
#include "storage/delivery/delivery_store.h"
#include "storage/endpoint/endpoint_store.h"
#include "storage/event_log/event_log.h"
#include "storage/log_feed.h"

namespace gatehouse::service::delivery {

struct EngineOptions {
  // Whose leases these are. An instance that starts again under the same id
  // takes its old leases over at once; under a new one it waits for their end.
  base::Uuid instance_id;
  // How long an endpoint waits for a new deliverer after its own was killed.
  // Several times the interval at which it is renewed.
  std::chrono::milliseconds lease{15'000};
  // What was sent is written this much later, together: a kill in between makes
  // it be sent again.
  std::chrono::milliseconds flush_interval{50};
  // An endpoint that has had nothing to do for this long is given back. Long enough that a
  // busy one is leased once, not for each event.
  std::chrono::milliseconds idle_time{2'000};
  // Requests at a time, of the process and of one tenant. Retries get half, so
  // that first attempts never wait for them.
  int max_in_flight = kDefaultMaxInFlight;
  int max_in_flight_per_tenant = 256;
  HttpSender::Options http = {};
};

// Counters since the start, and how things are now.
struct EngineStats {
  uint64_t sent = 0;
  uint64_t succeeded = 0;
  uint64_t failed = 0;
  uint64_t flushes = 0;
  uint64_t leases_lost = 0;
  int64_t in_flight = 0;
  // Endpoints that this instance has the lease of, as of the last tick.
  int64_t lanes = 0;
  // Results that are not written yet.
  int64_t unflushed = 0;
};

// Delivers the log to webhook endpoints: follows it, matches it against the
// endpoints of each tenant, leases those that have work, sends, and writes
// results and positions in batches (docs/webhooks.md).
//
// Lifetime: Start() begins; Stop() ends it in order, Abort() at once; the
// destructor comes after either. What it is given outlives it.
// Thread: `loop`, unless said otherwise.
class WebhookEngine final : public base::Worker {
 public:
  struct Deps {
    storage::EndpointStore& endpoints;
    storage::DeliveryStore& deliveries;
    storage::EventLog& log;
    storage::LogFeed& feed;
    const base::Clock& clock;
  };

  WebhookEngine(base::Loop& loop, Deps deps, EngineOptions options);
  ~WebhookEngine() override;
  WebhookEngine(const WebhookEngine&) = delete;
  WebhookEngine& operator=(const WebhookEngine&) = delete;

  void Start() override;
  // Takes nothing new, lets what is in flight end within `grace`, writes it and
  // gives the leases back.
  void Stop(std::chrono::milliseconds grace) override;

  // Ends its tasks and requests, writes nothing and gives nothing back: what a
  // kill leaves. Nothing after Stop. Not from the loop's thread.
  void Abort();

  // An endpoint of the tenant was created, changed or deleted here, and that is
  // committed. From any thread; from the loop's it counts from the next request on.
  void EndpointChanged(base::Uuid tenant_id);

  // Steps by hand, for tests, instead of Start: sends what there is to send now, looking
  // for it everywhere, and waits for the answers; then Flush writes them.
  base::Task<absl::Status> Deliver();
  base::Task<absl::Status> Flush();
  // What a running engine does when fresh entries of a tenant it follows come, up to the
  // answers; and its upkeep between events.
  base::Task<absl::Status> Hear(std::shared_ptr<const storage::LogBatch> news);
  base::Task<void> Tend();

  // From any thread.
  EngineStats stats() const;

 private:
  // Written on the loop, read by metrics.
  struct Counters {
    std::atomic<uint64_t> sent = 0;
    std::atomic<uint64_t> succeeded = 0;
    std::atomic<uint64_t> failed = 0;
    std::atomic<uint64_t> flushes = 0;
    std::atomic<uint64_t> leases_lost = 0;
    std::atomic<int64_t> lanes = 0;
  };
  struct Lane;
  struct Tenant;
  // Lets one task through at a time, in order.
  struct Turnstile {
    bool busy = false;
    std::deque<base::OneShot<bool>> waiting = {};

    base::Task<void> Enter();
    void Leave();
  };
  using LanePtr = std::shared_ptr<Lane>;

  base::CallContext Context(const base::Uuid& tenant_id) const;
  void LogProblem(const char* what, const absl::Status& status) const;

  // engine_follow.cc: from the log to lanes.
  base::Task<void> RunFollow();
  base::Task<absl::Status> Load();
  base::Task<absl::Status> Poll();
  base::Task<absl::Status> Follow(base::Uuid tenant_id,
                                  std::vector<std::shared_ptr<const storage::LogBatch>> news);
  base::Task<absl::Status> MatchNext(base::Uuid tenant_id, std::vector<storage::LogEntry> entries);
  base::Task<absl::Status> FillWindow(base::Uuid tenant_id);
  base::Task<absl::Status> Mark(base::Uuid tenant_id);
  base::Task<absl::Status> MarkAll();
  base::Task<void> ReloadTenant(base::Uuid tenant_id);
  void ApplySettings(const base::Uuid& tenant_id);

  // engine_lanes.cc: leases, reading, upkeep.
  base::Task<absl::Status> LeaseMatched(base::Uuid tenant_id,
                                        std::vector<TenantLog::Match> matches);
  base::Task<absl::Status> LeaseDue();
  base::Task<absl::Status> TakeLeases(std::vector<storage::DeliveryStore::Want> wanted);
  void AddLane(const storage::DeliveryLease& lease, base::SteadyTime until);
  void FeedTenant(const base::Uuid& tenant_id);
  void Feed(const LanePtr& lane);
  base::Task<void> ReadLane(LanePtr lane);
  base::Task<void> LoadRetries(LanePtr lane);
  void Tick();
  base::Task<void> RunUpkeep();
  base::Task<void> ReleaseLanes(std::vector<storage::DeliveryStore::Release> releases);
  bool MayRelease(const Lane& lane, bool& done) const;
  bool IsCurrent(const LanePtr& lane) const;

  // engine_send.cc: from lanes to receivers and back.
  void Enqueue(const LanePtr& lane);
  void Pump();
  bool TrySend(Tenant& tenant, const LanePtr& lane);
  void Send(const LanePtr& lane, const storage::Endpoint& endpoint, DeliveryItem item);
  void OnDone(const LanePtr& lane, const DeliveryItem& item, base::Time start, HttpResult result);
  base::Task<void> Disable(LanePtr lane);
  // Runs `task` in the group; Deliver waits for it.
  void Spawn(base::Task<void> task);
  base::Task<void> RunTask(base::Task<void> task);
  void NotifyIfIdle();

  // engine_flush.cc: from results to the database.
  void MarkDirty(const LanePtr& lane);
  base::Task<void> RunFlush();
  base::Task<absl::Status> WriteFlush();
  base::Task<absl::Status> Write(storage::DeliveryFlush flush);
  base::Task<absl::Status> WriteByEndpoint();
  void DropLane(const storage::EndpointKey& key);

  // webhook_engine.cc: the end.
  base::Task<void> AwaitIdle();
  base::Task<void> Drain(base::SteadyTime deadline, std::promise<void>* drained);

  base::Loop& loop_;
  Deps deps_;
  EngineOptions options_;
  EndpointCache cache_;
  std::unique_ptr<HttpSender> http_;
  std::unique_ptr<storage::LogFeed::Subscription> subscription_;

  // Of the threads that start and stop it.
  bool started_ = false;
  bool ended_ = false;
  bool loaded_ = false;
  bool stopping_ = false;
  // Of every statement; cancelled at the end of the stop at the latest.
  const base::CancelToken statements_;
  std::unordered_map<base::Uuid, std::unique_ptr<Tenant>> tenants_;
  std::map<storage::EndpointKey, LanePtr> lanes_;
  std::set<storage::EndpointKey> dirty_;
  // Written but not confirmed: to be written again before anything else.
  storage::DeliveryFlush unconfirmed_;
  // How often the database has refused it.
  int refusals_ = 0;
  // What is written again must be written in order.
  Turnstile flush_turn_;
  // Two leases of one endpoint at a time would both send.
  Turnstile lease_turn_;
  // Something is to be written; it is so much that it must not wait.
  base::OneShot<bool> flush_wanted_;
  base::OneShot<bool> flush_now_;
  // Results that are not written yet.
  std::atomic<size_t> unflushed_ = 0;
  size_t unflushed_bytes_ = 0;
  std::atomic<int> in_flight_ = 0;
  int retries_in_flight_ = 0;
  // Reads of lanes under way.
  int reads_ = 0;
  // Spawned and not ended.
  int tasks_ = 0;
  bool pumping_ = false;
  std::optional<base::OneShot<bool>> idle_;
  Counters counters_;

  // Last: its tasks use everything above.
  base::TaskGroup group_;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_WEBHOOK_ENGINE_H_
