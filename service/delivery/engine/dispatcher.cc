#include "service/delivery/engine/dispatcher.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "base/hash.h"
#include "service/delivery/delivery_request.h"
#include "service/delivery/wanted_events.h"

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

}  // namespace

void Dispatcher::RequestTurn(const QueuePtr& queue) {
  const EndpointQueue& delivery = queue->delivery;
  if (queue->waiting || delivery.stopped() || deps_.tasks.stopping()) return;
  if (delivery.ready() == 0 && delivery.retries_ready() == 0) return;
  queue->waiting = true;
  Tenant& tenant = tenants_[delivery.key().tenant_id];
  tenant.runnable.push_back(queue);
  AddTurn(tenant);
  ScheduleSending();
}

void Dispatcher::AddTurn(Tenant& tenant) {
  if (tenant.waiting || tenant.runnable.empty() ||
      tenant.in_flight >= limits_.in_flight_per_tenant) {
    return;
  }
  tenant.waiting = true;
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
    tenant.waiting = false;
    SendOne(tenant);
    AddTurn(tenant);
  }
}

// Of the first of its queues that has something that may be sent now.
void Dispatcher::SendOne(Tenant& tenant) {
  while (!tenant.runnable.empty()) {
    const QueuePtr queue = std::move(tenant.runnable.front());
    tenant.runnable.pop_front();
    queue->waiting = false;
    if (!deps_.queues.IsCurrent(queue) || !TrySend(tenant, queue)) continue;
    RequestTurn(queue);
    return;
  }
}

bool Dispatcher::TrySend(Tenant& tenant, const QueuePtr& queue) {
  EndpointQueue& delivery = queue->delivery;
  // Settings that changed are read first; then its turn is requested again.
  if (deps_.cache.IsStale(delivery.key())) return false;
  const std::shared_ptr<const storage::Endpoint> endpoint = deps_.cache.Find(delivery.key());
  if (!endpoint || endpoint->state != storage::EndpointState::kEnabled) {
    delivery.Stop();
    return false;
  }
  if (steady_clock::now() + kLeaseMargin > queue->lease_until) return false;
  if (!deps_.presence.Confirms(queue->confirmed)) return false;
  // Retries get half, so that first attempts never wait for them.
  std::optional<DeliveryItem> item =
      delivery.Take(deps_.clock.Now(), retries_in_flight_ < limits_.in_flight / 2);
  if (!item) {
    AwaitPace(queue);
    return false;
  }
  queue->last_used = steady_clock::now();
  // Settings may have changed since it was read.
  const WantedEvents wanted(endpoint->event_types, endpoint->payload_filter);
  if (!item->body || !wanted.Wants(item->type, *item->body)) {
    delivery.Drop(*item, deps_.clock.Now());
    deps_.flusher.MarkDirty(queue);
    return true;
  }
  ++in_flight_;
  ++tenant.in_flight;
  if (item->is_retry) ++retries_in_flight_;
  Send(queue, *endpoint, *std::move(item));
  deps_.refill(queue);
  return true;
}

// If its rate is what holds it back, its next turn comes when that allows it.
void Dispatcher::AwaitPace(const QueuePtr& queue) {
  const std::optional<base::Time> until = queue->delivery.paced_until();
  if (!until || queue->paced) return;
  queue->paced = true;
  queue->pace_timer = deps_.tasks.loop().At(steady_clock::now() + (*until - deps_.clock.Now()),
                                            [this, waiting = std::weak_ptr<LeasedQueue>(queue)] {
                                              const QueuePtr paced = waiting.lock();
                                              if (!paced) return;
                                              paced->paced = false;
                                              RequestTurn(paced);
                                            });
}

void Dispatcher::ForgetTimers() {
  const auto forget = [](const QueuePtr& queue) { queue->pace_timer.Reset(); };
  deps_.queues.ForEach(forget);
  for (const auto& [id, tenant] : tenants_) std::ranges::for_each(tenant.runnable, forget);
}

void Dispatcher::Send(const QueuePtr& queue, const storage::Endpoint& endpoint, DeliveryItem item) {
  const base::Time now = deps_.clock.Now();
  HttpRequest request = MakeDeliveryRequest(endpoint, item.event_id, item.body, now);
  ++sent_;
  deps_.tasks.BeginWork();
  deps_.send(std::move(request), [this, queue, item = std::move(item), now](HttpResult result) {
    OnDone(queue, item, now, std::move(result));
    deps_.tasks.EndWork();
  });
}

void Dispatcher::OnDone(const QueuePtr& queue, const DeliveryItem& item, base::Time start,
                        HttpResult result) {
  EndpointQueue& delivery = queue->delivery;
  Tenant& tenant = tenants_.at(delivery.key().tenant_id);
  --in_flight_;
  --tenant.in_flight;
  if (item.is_retry) --retries_in_flight_;
  ++(result.ok() ? succeeded_ : failed_);
  const size_t bytes_before = delivery.unflushed_bytes();
  delivery.OnResult(item, result, start, deps_.clock.Now(), RandomBits());
  if (deps_.queues.IsCurrent(queue)) {
    deps_.flusher.AddResult(queue, delivery.unflushed_bytes() - bytes_before);
    queue->last_used = steady_clock::now();
    if (!delivery.disable_reason().empty() && !queue->disabling) {
      queue->disabling = true;
      delivery.Stop();
      deps_.disable(queue);
    }
    RequestTurn(queue);
    deps_.refill(queue);
  }
  AddTurn(tenant);
  ScheduleSending();
}

}  // namespace gatehouse::service::delivery
