#include "service/delivery/engine/dispatcher.h"

#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/hash.h"
#include "service/common/event_type.h"
#include "service/delivery/signature.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

// Beyond this before a lease ends nothing new is started under it.
constexpr seconds kLeaseMargin(1);

uint32_t RandomBits() {
  uint32_t bits;
  std::memcpy(&bits, base::RandomBytes(sizeof(bits)).data(), sizeof(bits));
  return bits;
}

HttpRequest MakeRequest(const storage::Endpoint& endpoint, const DeliveryItem& item,
                        base::Time now) {
  const int64_t unix_seconds = std::chrono::floor<seconds>(now).time_since_epoch().count();
  const std::string id = item.event_id.ToString();
  HttpRequest request{.url = endpoint.url, .body = item.body, .timeout = endpoint.timeout};
  request.headers = {
      {"Content-Type", "application/json"},
      {"webhook-id", id},
      {"webhook-timestamp", std::to_string(unix_seconds)},
      {"webhook-signature", SignatureHeader(endpoint.keys, id, unix_seconds, *item.body)},
  };
  request.headers.insert(request.headers.end(), endpoint.headers.begin(), endpoint.headers.end());
  return request;
}

}  // namespace

void Dispatcher::Enqueue(const LanePtr& lane) {
  const DeliveryLane& delivery = lane->delivery;
  if (lane->queued || delivery.stopped() || deps_.tasks.stopping()) return;
  if (delivery.ready() == 0 && delivery.retries_ready() == 0) return;
  lane->queued = true;
  Tenant& tenant = tenants_[delivery.key().tenant_id];
  tenant.runnable.push_back(lane);
  QueueTenant(tenant);
  ScheduleSending();
}

void Dispatcher::QueueTenant(Tenant& tenant) {
  if (tenant.queued || tenant.runnable.empty() ||
      tenant.in_flight >= limits_.in_flight_per_tenant) {
    return;
  }
  tenant.queued = true;
  turns_.push_back(&tenant);
}

void Dispatcher::ScheduleSending() {
  if (sending_ || turns_.empty() || deps_.tasks.stopping()) return;
  sending_ = true;
  deps_.tasks.BeginWork();
  deps_.tasks.loop().Post([this] {
    SendInTurns();
    sending_ = false;
    deps_.tasks.EndWork();
  });
}

void Dispatcher::SendInTurns() {
  while (!turns_.empty() && !deps_.tasks.stopping() && in_flight_ < limits_.in_flight &&
         deps_.flusher.HasRoom()) {
    Tenant& tenant = *turns_.front();
    turns_.pop_front();
    tenant.queued = false;
    SendOne(tenant);
    QueueTenant(tenant);
  }
}

// Of the first of its lanes that has something that may be sent now.
void Dispatcher::SendOne(Tenant& tenant) {
  while (!tenant.runnable.empty()) {
    const LanePtr lane = std::move(tenant.runnable.front());
    tenant.runnable.pop_front();
    lane->queued = false;
    if (!deps_.lanes.IsCurrent(lane) || !TrySend(tenant, lane)) continue;
    Enqueue(lane);
    return;
  }
}

bool Dispatcher::TrySend(Tenant& tenant, const LanePtr& lane) {
  DeliveryLane& delivery = lane->delivery;
  // Settings that changed are read first; then the lane is queued again.
  if (deps_.cache.IsStale(delivery.key().tenant_id)) return false;
  const std::shared_ptr<const storage::Endpoint> endpoint = deps_.cache.Find(delivery.key());
  if (!endpoint || endpoint->state != storage::EndpointState::kEnabled) {
    delivery.Stop();
    return false;
  }
  if (steady_clock::now() + kLeaseMargin > lane->lease_until) return false;
  // Retries get half, so that first attempts never wait for them.
  std::optional<DeliveryItem> item =
      delivery.Take(deps_.clock.Now(), retries_in_flight_ < limits_.in_flight / 2);
  if (!item) return false;
  lane->last_used = steady_clock::now();
  if (!item->body || !MatchesAny(endpoint->event_types, item->type)) {
    delivery.Drop(*item);
    deps_.flusher.MarkDirty(lane);
    return true;
  }
  ++in_flight_;
  ++tenant.in_flight;
  if (item->is_retry) ++retries_in_flight_;
  Send(lane, *endpoint, *std::move(item));
  deps_.refill(lane);
  return true;
}

void Dispatcher::Send(const LanePtr& lane, const storage::Endpoint& endpoint, DeliveryItem item) {
  const base::Time now = deps_.clock.Now();
  HttpRequest request = MakeRequest(endpoint, item, now);
  ++sent_;
  deps_.tasks.BeginWork();
  deps_.send(std::move(request), [this, lane, item = std::move(item), now](HttpResult result) {
    OnDone(lane, item, now, std::move(result));
    deps_.tasks.EndWork();
  });
}

void Dispatcher::OnDone(const LanePtr& lane, const DeliveryItem& item, base::Time start,
                        HttpResult result) {
  DeliveryLane& delivery = lane->delivery;
  Tenant& tenant = tenants_.at(delivery.key().tenant_id);
  --in_flight_;
  --tenant.in_flight;
  if (item.is_retry) --retries_in_flight_;
  ++(result.ok() ? succeeded_ : failed_);
  const size_t bytes_before = delivery.unflushed_bytes();
  delivery.OnResult(item, result, start, deps_.clock.Now(), RandomBits());
  if (deps_.lanes.IsCurrent(lane)) {
    deps_.flusher.AddResult(lane, delivery.unflushed_bytes() - bytes_before);
    lane->last_used = steady_clock::now();
    if (!delivery.disable_reason().empty() && !lane->disabling) {
      lane->disabling = true;
      delivery.Stop();
      deps_.disable(lane);
    }
    Enqueue(lane);
    deps_.refill(lane);
  }
  QueueTenant(tenant);
  ScheduleSending();
}

}  // namespace gatehouse::service::delivery
