#ifndef GATEHOUSE_SERVICE_DELIVERY_WEBHOOK_ENGINE_H_
#define GATEHOUSE_SERVICE_DELIVERY_WEBHOOK_ENGINE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/loop.h"
#include "base/async/one_shot.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "base/worker.h"
#include "service/delivery/defaults.h"
#include "service/delivery/endpoint_cache_stats.h"
#include "service/delivery/http/http_sender.h"
#include "service/delivery/queue/endpoint_alerts.h"
#include "storage/delivery/delivery_store.h"
#include "storage/endpoint/endpoint_store.h"
#include "storage/event_log/event_log.h"
#include "storage/log_feed.h"

namespace gatehouse::service::delivery {

struct EngineParts;

struct EngineOptions {
  // Whose leases these are. An instance that starts again under the same id
  // takes its old leases over at once; under a new one it waits for their end.
  base::Uuid instance_id;
  // How long an endpoint waits for a new deliverer after its own has vanished without a
  // word, or hangs; one that was seen (OnSeen) is missed at once. Several times the interval
  // at which it is renewed.
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
  // From when on somebody should look at an endpoint.
  AlertBounds alert_bounds = {};
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
  int64_t endpoints = 0;
  // Results that are not written yet.
  int64_t unflushed = 0;
};

// Delivers the log to webhook endpoints: follows it, matches it against the
// endpoints of each tenant, leases those that have work, sends, and writes
// results and positions in batches (docs/webhooks.md).
//
// Each of these is a part of its own in engine/, with its own state; this makes them, connects
// them, and starts and stops them.
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

  // The endpoint was created, changed or deleted here, or any of the tenant's was if
  // none is named, and that is committed. From any thread; from the loop's it counts
  // from the next request on.
  void EndpointChanged(base::Uuid tenant_id, std::optional<base::Uuid> endpoint_id = std::nullopt);

  // Reads the settings of all endpoints again, soon. From any thread.
  void ReadEndpointsAgain();

  // Of the settings that are in memory. From any thread.
  EndpointCacheStats cache_stats() const;

  // When the first event of the tenant's log was recorded that an endpoint which this instance
  // delivers to has still to get: in flight, waiting for its turn, or not read yet. Those do not
  // count that are switched off, taken to be down, asked to be left alone or held back by their own
  // rate, nor do events whose first attempt has failed. nullopt: there is none. As of some 10 ms
  // ago: each question has it looked for the tenant for a minute more, and the first one learns
  // nothing. From any thread.
  std::optional<base::Time> OldestUndelivered(const base::Uuid& tenant_id);

  // Sends one request that is no delivery: the same guard, connections and limits on the answer,
  // no retry, nothing written. RESOURCE_EXHAUSTED, SERVER_OVERLOADED while kMaxSends are under way;
  // CANCELLED when ctx is, and the request goes on. From any loop, also of an engine that does not
  // run.
  base::Task<absl::StatusOr<HttpResult>> Send(base::CallContext ctx, HttpRequest request);
  // Beside the deliveries, which wait for nobody's sake.
  static constexpr size_t kMaxSends = 16;

  // Of the connection that shows other instances that this one lives: while it stands, and
  // from when it broke on. From any thread.
  void OnSeen();
  void OnUnseen(int64_t lock_key);

  // Steps by hand, for tests, instead of Start: sends what there is to send now, looking
  // for it everywhere, and waits for the answers; then Flush writes them.
  base::Task<absl::Status> Deliver();
  base::Task<absl::Status> Flush();
  // What a running engine does when fresh entries of a tenant it follows come, up to the
  // answers; and its upkeep between events.
  base::Task<absl::Status> Hear(std::shared_ptr<const storage::LogBatch> news);
  base::Task<void> Tend();
  // Looks for what OldestUndelivered answers. On the loop.
  void NoteBacklogs();

  // The public keys of an endpoint, of whatever tenant, as PublicKeys::JsonOf. From any thread,
  // also of an engine that does not run any more.
  std::string PublicKeysJson(std::string_view endpoint_id) const;

  // From any thread.
  EngineStats stats() const;

 private:
  // What becomes of a request, for the loop of whoever waits for it.
  using Answer = base::OneShot<absl::StatusOr<HttpResult>>;
  void StartSend(HttpRequest request, Answer answer, base::Loop* caller);
  base::Task<absl::Status> FindWork();
  base::Task<void> RunUpkeep();
  void TendAll();
  base::Task<void> Drain(base::SteadyTime deadline, std::promise<void>* drained);

  base::Loop& loop_;
  const base::Clock& clock_;
  // Of the threads that start and stop it.
  bool started_ = false;
  bool ended_ = false;
  // Gone once the engine has ended.
  std::unique_ptr<HttpSender> http_;
  // By Send, under way.
  size_t sends_ = 0;
  const std::unique_ptr<EngineParts> parts_;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_WEBHOOK_ENGINE_H_
