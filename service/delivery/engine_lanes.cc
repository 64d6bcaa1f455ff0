#include <algorithm>
#include <string>
#include <utility>

#include "base/status.h"
#include "service/delivery/engine_state.h"
#include "service/delivery/webhook_engine.h"

namespace gatehouse::service::delivery {
namespace {

using base::Task;
using base::Uuid;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using storage::DeliveryLease;
using storage::DeliveryStore;

// How often due retries, canaries and idle lanes are looked at: retries are at
// least seconds apart.
constexpr milliseconds kTick(200);
// How often work that nobody is at is looked for: after a kill, a failed lease,
// or when another instance marked it.
constexpr seconds kScanInterval(1);
constexpr int64_t kScanLimit = 1000;
// Ready events and their bytes beyond which a lane reads no more.
constexpr size_t kEnoughReady = 256;
constexpr size_t kEnoughBytes = size_t{2} << 20;
constexpr int32_t kMinReadLimit = 8;
constexpr int32_t kMaxReadLimit = 500;
// Statements of lanes at a time: the database serves others too.
constexpr int kMaxReads = 32;
constexpr int64_t kRetryPage = 32;

}  // namespace

bool WebhookEngine::IsCurrent(const LanePtr& lane) const {
  const auto found = lanes_.find(lane->delivery.key());
  return found != lanes_.end() && found->second == lane;
}

Task<absl::Status> WebhookEngine::LeaseMatched(Uuid tenant_id,
                                               std::vector<TenantLog::Match> matches) {
  std::vector<DeliveryStore::Want> wanted;
  for (const TenantLog::Match& match : matches) {
    const storage::EndpointKey key{tenant_id, match.endpoint_id};
    const std::shared_ptr<const storage::Endpoint> endpoint = cache_.Find(key);
    if (lanes_.contains(key) || !endpoint || endpoint->state != storage::EndpointState::kEnabled) {
      continue;
    }
    wanted.push_back({.key = key, .first_index = match.first_index});
  }
  if (wanted.empty() || stopping_) co_return absl::OkStatus();
  co_await lease_turn_.Enter();
  const absl::Status status = co_await TakeLeases(std::move(wanted));
  lease_turn_.Leave();
  co_return status;
}

Task<absl::Status> WebhookEngine::LeaseDue() {
  if (stopping_) co_return absl::OkStatus();
  co_await lease_turn_.Enter();
  const absl::Status status = co_await TakeLeases({});
  lease_turn_.Leave();
  co_return status;
}

// Those `wanted`; without any, whatever has work and nobody is at.
Task<absl::Status> WebhookEngine::TakeLeases(std::vector<DeliveryStore::Want> wanted) {
  const bool any = wanted.empty();
  std::erase_if(wanted, [this](const auto& want) { return lanes_.contains(want.key); });
  if (!any && wanted.empty()) co_return absl::OkStatus();
  std::vector<storage::EndpointKey> held;
  for (const auto& [key, lane] : lanes_) held.push_back(key);
  const base::CallContext ctx = Context(base::kDefaultTenantId);
  const base::SteadyTime until = steady_clock::now() + options_.lease;
  absl::StatusOr<std::vector<DeliveryLease>> leases;
  if (any) {
    leases = co_await deps_.deliveries.LeaseDue(ctx, options_.instance_id, options_.lease,
                                                deps_.clock.Now(), std::move(held), kScanLimit);
  } else {
    leases = co_await deps_.deliveries.Lease(ctx, options_.instance_id, options_.lease,
                                             std::move(wanted));
  }
  GH_CO_RETURN_IF_ERROR(leases.status());
  for (const DeliveryLease& lease : *leases) {
    AddLane(lease, until);
    Feed(lanes_.at(lease.key));
  }
  Pump();
  co_return absl::OkStatus();
}

void WebhookEngine::AddLane(const DeliveryLease& lease, base::SteadyTime until) {
  const std::shared_ptr<const storage::Endpoint> endpoint = cache_.Find(lease.key);
  const bool known = endpoint && endpoint->state == storage::EndpointState::kEnabled &&
                     tenants_.contains(lease.key.tenant_id);
  auto lane = std::make_shared<Lane>(lease, known ? endpoint->max_in_flight : 1, deps_.clock.Now());
  lane->lease_until = until;
  lane->last_used = steady_clock::now();
  // To be given back at the next tick.
  if (!known || stopping_) lane->delivery.Stop();
  lanes_[lease.key] = std::move(lane);
}

void WebhookEngine::FeedTenant(const Uuid& tenant_id) {
  for (auto lane = lanes_.lower_bound({tenant_id, Uuid()});
       lane != lanes_.end() && lane->first.tenant_id == tenant_id; ++lane) {
    Feed(lane->second);
  }
}

void WebhookEngine::Feed(const LanePtr& lane) {
  DeliveryLane& delivery = lane->delivery;
  if (delivery.stopped() || stopping_ || delivery.ready() >= kEnoughReady ||
      delivery.ready_bytes() >= kEnoughBytes) {
    return;
  }
  const Tenant& tenant = *tenants_.at(delivery.key().tenant_id);
  const TenantLog& log = tenant.log;
  if (delivery.scanned() < log.window_end() && delivery.scanned() + 1 >= log.window_begin()) {
    const std::shared_ptr<const storage::Endpoint> endpoint = cache_.Find(delivery.key());
    if (!endpoint) return;
    if (log.WindowHolds(endpoint->event_types)) {
      delivery.AddEvents(log.EventsAfter(delivery.scanned(), endpoint->event_types),
                         log.window_end());
      lane->last_used = steady_clock::now();
      Enqueue(lane);
    }
  }
  const bool window_comes = tenant.filling && delivery.scanned() >= log.window_end();
  if (delivery.scanned() >= log.matched() || window_comes || lane->reading || reads_ >= kMaxReads) {
    return;
  }
  lane->reading = true;
  ++reads_;
  Spawn(ReadLane(lane));
}

Task<void> WebhookEngine::ReadLane(LanePtr lane) {
  DeliveryLane& delivery = lane->delivery;
  const Uuid tenant_id = delivery.key().tenant_id;
  const std::shared_ptr<const storage::Endpoint> endpoint = cache_.Find(delivery.key());
  std::vector<std::string> types;
  if (endpoint && std::ranges::find(endpoint->event_types, "*") == endpoint->event_types.end()) {
    types = endpoint->event_types;
  }
  // Beyond this the endpoint may have other settings than the ones read with.
  const int64_t matched = tenants_.at(tenant_id)->log.matched();
  absl::StatusOr<storage::EventLog::Range> range = co_await deps_.log.ReadRange(
      Context(tenant_id), tenant_id, delivery.scanned() + 1, lane->read_limit, std::move(types));
  lane->reading = false;
  --reads_;
  if (!range.ok()) LogProblem("webhooks: cannot read events", range.status());
  if (range.ok() && IsCurrent(lane) && !delivery.stopped()) {
    std::vector<DeliveryItem> items;
    size_t bytes = 0;
    for (const storage::LoggedEvent& event : range->events) {
      if (event.index > matched) break;
      if (event.index <= delivery.scanned()) continue;
      items.push_back(MakeItem(event));
      bytes += items.back().body->size();
    }
    if (!items.empty()) {
      const size_t fitting = kEnoughBytes / (bytes / items.size() + 1);
      lane->read_limit = std::clamp(static_cast<int32_t>(std::min<size_t>(fitting, kMaxReadLimit)),
                                    kMinReadLimit, kMaxReadLimit);
    }
    delivery.AddEvents(std::move(items), std::min(range->last_index, matched));
    lane->last_used = steady_clock::now();
    Enqueue(lane);
    Feed(lane);
    Pump();
  }
}

Task<void> WebhookEngine::LoadRetries(LanePtr lane) {
  DeliveryLane& delivery = lane->delivery;
  const storage::EndpointKey key = delivery.key();
  const base::Time now = deps_.clock.Now();
  delivery.BeginRetries();
  absl::StatusOr<std::vector<storage::ExceptionRecord>> exceptions =
      co_await deps_.deliveries.ListExceptions(Context(key.tenant_id), key, delivery.retries_held(),
                                               kRetryPage);
  absl::Status status = exceptions.status();
  std::vector<DeliveryItem> items;
  std::optional<base::Time> next_due;
  for (size_t i = 0; status.ok() && i < exceptions->size(); ++i) {
    const storage::ExceptionRecord& exception = (*exceptions)[i];
    next_due = exception.due;
    if (exception.due > now) break;
    absl::StatusOr<std::optional<storage::LoggedEvent>> event =
        co_await deps_.log.Get(Context(key.tenant_id), key.tenant_id, exception.event_id);
    status = event.status();
    if (!status.ok()) break;
    // Without a body: its retention has ended, there is nothing to send any more.
    DeliveryItem item = *event ? MakeItem(**event) : DeliveryItem();
    item.index = exception.event_index;
    item.event_id = exception.event_id;
    item.type = exception.event_type;
    item.attempts = exception.attempts;
    items.push_back(std::move(item));
    // A full page: there may be more that is due.
    if (i + 1 == exceptions->size() && exceptions->size() < kRetryPage) next_due.reset();
  }
  lane->loading_retries = false;
  --reads_;
  if (!status.ok()) {
    LogProblem("webhooks: cannot read what is to be retried", status);
  } else if (IsCurrent(lane) && !delivery.stopped()) {
    delivery.AddRetries(std::move(items), next_due);
    lane->last_used = steady_clock::now();
    Enqueue(lane);
    Pump();
  }
}

bool WebhookEngine::MayRelease(const Lane& lane, bool& done) const {
  const DeliveryLane& delivery = lane.delivery;
  if (delivery.in_flight() > 0 || delivery.dirty() || lane.reading || lane.loading_retries ||
      lane.disabling || flush_turn_.busy) {
    return false;
  }
  done = false;
  if (delivery.stopped()) return true;
  done = true;
  const TenantLog& log = tenants_.at(delivery.key().tenant_id)->log;
  if (!delivery.IdleAt(log.matched()) || log.durable() < log.matched()) return false;
  const base::Time soon = deps_.clock.Now() + seconds(10);
  if (delivery.next_due() && *delivery.next_due() < soon) return false;
  return steady_clock::now() - lane.last_used > options_.idle_time;
}

void WebhookEngine::Tick() {
  const base::Time now = deps_.clock.Now();
  const base::SteadyTime renew = steady_clock::now() + options_.lease * 2 / 3;
  std::vector<DeliveryStore::Release> releases;
  for (auto next = lanes_.begin(); next != lanes_.end();) {
    const LanePtr lane = next->second;
    ++next;
    DeliveryLane& delivery = lane->delivery;
    bool done = false;
    if (MayRelease(*lane, done)) {
      releases.push_back({.key = delivery.key(),
                          .fence = delivery.fence(),
                          .position = delivery.position(),
                          .done = done});
      // First out of sight: whoever finds work for it now leases it anew.
      lanes_.erase(delivery.key());
      continue;
    }
    if (lane->lease_until < renew) MarkDirty(lane);
    if (delivery.next_due() && *delivery.next_due() <= now && delivery.retries_ready() == 0 &&
        !lane->loading_retries && !delivery.dirty() && !flush_turn_.busy && !delivery.stopped() &&
        delivery.breaker().MayStart(now) && reads_ < kMaxReads) {
      lane->loading_retries = true;
      ++reads_;
      Spawn(LoadRetries(lane));
    }
    Feed(lane);
    // A canary, or a retry that had to wait for its share.
    Enqueue(lane);
  }
  counters_.lanes = static_cast<int64_t>(lanes_.size());
  Pump();
  if (!releases.empty()) Spawn(ReleaseLanes(std::move(releases)));
}

Task<void> WebhookEngine::ReleaseLanes(std::vector<DeliveryStore::Release> releases) {
  // If this fails, the leases end by themselves.
  const absl::Status status =
      co_await deps_.deliveries.ReleaseLeases(Context(base::kDefaultTenantId), std::move(releases));
  if (!status.ok()) LogProblem("webhooks: cannot give endpoints back", status);
}

Task<void> WebhookEngine::RunUpkeep() {
  base::SteadyTime next_scan = steady_clock::now();
  while (co_await loop_.SleepUntil(steady_clock::now() + kTick, group_.cancel())) {
    if (stopping_ || !loaded_) continue;
    Tick();
    if (steady_clock::now() < next_scan) continue;
    next_scan = steady_clock::now() + kScanInterval;
    const absl::Status status = co_await LeaseDue();
    if (!status.ok()) LogProblem("webhooks: cannot look for work", status);
  }
}

}  // namespace gatehouse::service::delivery
