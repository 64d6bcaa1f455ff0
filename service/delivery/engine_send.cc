#include <cstring>
#include <string>
#include <utility>

#include "base/hash.h"
#include "service/common/event_type.h"
#include "service/common/json.h"
#include "service/delivery/engine_state.h"
#include "service/delivery/signature.h"
#include "service/delivery/webhook_engine.h"
#include "storage/event.h"
#include "storage/event_types.h"

namespace gatehouse::service::delivery {
namespace {

using base::Task;
using std::chrono::seconds;
using std::chrono::steady_clock;

// Nothing is sent while so many results cannot be written: after a kill all of it
// comes again.
constexpr size_t kMaxUnflushed = 20'000;
// The same in bytes of answers, which are up to 16 KiB each: of memory, and of
// what one endpoint can make a flush hold.
constexpr size_t kMaxUnflushedBytes = size_t{16} << 20;
// Beyond this before a lease ends nothing new is started under it.
constexpr seconds kLeaseMargin(1);

uint32_t RandomBits() {
  uint32_t bits;
  std::memcpy(&bits, base::RandomBytes(sizeof(bits)).data(), sizeof(bits));
  return bits;
}

}  // namespace

void WebhookEngine::Enqueue(const LanePtr& lane) {
  if (lane->queued || lane->delivery.stopped() || stopping_) return;
  if (lane->delivery.ready() == 0 && lane->delivery.retries_ready() == 0) return;
  lane->queued = true;
  tenants_.at(lane->delivery.key().tenant_id)->runnable.push_back(lane->delivery.key());
}

// One request per tenant and turn, so that no tenant waits for another's
// backlog, and one per endpoint within a tenant likewise.
void WebhookEngine::Pump() {
  if (pumping_) return;
  pumping_ = true;
  bool progress = true;
  while (progress && in_flight_ < options_.max_in_flight && unflushed_ < kMaxUnflushed &&
         unflushed_bytes_ < kMaxUnflushedBytes) {
    progress = false;
    for (auto& [id, tenant] : tenants_) {
      while (!tenant->runnable.empty() && in_flight_ < options_.max_in_flight &&
             tenant->in_flight < options_.max_in_flight_per_tenant) {
        const auto found = lanes_.find(tenant->runnable.front());
        tenant->runnable.pop_front();
        if (found == lanes_.end()) continue;
        const LanePtr lane = found->second;
        lane->queued = false;
        if (!TrySend(*tenant, lane)) continue;
        Enqueue(lane);
        progress = true;
        break;
      }
    }
  }
  pumping_ = false;
}

bool WebhookEngine::TrySend(Tenant& tenant, const LanePtr& lane) {
  DeliveryLane& delivery = lane->delivery;
  // Settings that changed are read first; then the lane is queued again.
  if (cache_.IsStale(delivery.key().tenant_id)) return false;
  const std::shared_ptr<const storage::Endpoint> endpoint = cache_.Find(delivery.key());
  if (!endpoint || endpoint->state != storage::EndpointState::kEnabled) {
    delivery.Stop();
    return false;
  }
  if (steady_clock::now() + kLeaseMargin > lane->lease_until) return false;
  std::optional<DeliveryItem> item =
      delivery.Take(deps_.clock.Now(), retries_in_flight_ < options_.max_in_flight / 2);
  if (!item) return false;
  lane->last_used = steady_clock::now();
  if (!item->body || !MatchesAny(endpoint->event_types, item->type)) {
    delivery.Drop(*item);
    MarkDirty(lane);
    return true;
  }
  ++in_flight_;
  ++tenant.in_flight;
  if (item->is_retry) ++retries_in_flight_;
  Send(lane, *endpoint, *std::move(item));
  Feed(lane);
  return true;
}

void WebhookEngine::Send(const LanePtr& lane, const storage::Endpoint& endpoint,
                         DeliveryItem item) {
  const base::Time now = deps_.clock.Now();
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
  ++counters_.sent;
  http_->Send(std::move(request), [this, lane, item = std::move(item), now](HttpResult result) {
    OnDone(lane, item, now, std::move(result));
  });
}

void WebhookEngine::OnDone(const LanePtr& lane, const DeliveryItem& item, base::Time start,
                           HttpResult result) {
  DeliveryLane& delivery = lane->delivery;
  --in_flight_;
  --tenants_.at(delivery.key().tenant_id)->in_flight;
  if (item.is_retry) --retries_in_flight_;
  ++(result.ok() ? counters_.succeeded : counters_.failed);
  const size_t bytes_before = delivery.unflushed_bytes();
  delivery.OnResult(item, result, start, deps_.clock.Now(), RandomBits());
  if (IsCurrent(lane)) {
    ++unflushed_;
    unflushed_bytes_ += delivery.unflushed_bytes() - bytes_before;
    MarkDirty(lane);
    lane->last_used = steady_clock::now();
    if (!delivery.disable_reason().empty() && !lane->disabling) {
      lane->disabling = true;
      delivery.Stop();
      Spawn(Disable(lane));
    }
    Enqueue(lane);
    Feed(lane);
  }
  Pump();
  NotifyIfIdle();
}

void WebhookEngine::Spawn(Task<void> task) {
  ++tasks_;
  group_.Spawn(RunTask(std::move(task)));
}

Task<void> WebhookEngine::RunTask(Task<void> task) {
  co_await std::move(task);
  --tasks_;
  NotifyIfIdle();
}

void WebhookEngine::NotifyIfIdle() {
  if (idle_ && in_flight_ == 0 && tasks_ == 0) idle_->Set(true);
}

Task<void> WebhookEngine::Disable(LanePtr lane) {
  const storage::EndpointKey key = lane->delivery.key();
  const std::string reason = lane->delivery.disable_reason();
  absl::Status status = co_await Flush();
  if (status.ok() && IsCurrent(lane)) {
    const base::CallContext ctx = Context(key.tenant_id);
    const base::Time now = deps_.clock.Now();
    storage::Change change{
        .events = {storage::MakeEvent(
            ctx, now, std::string(storage::event_types::kEndpointDisabled),
            {{.type = "endpoint", .id = key.endpoint_id.ToString(), .label = ""}},
            JsonObject().Add("reason", reason).ToString())}};
    status =
        co_await deps_.endpoints.Disable(ctx, key.tenant_id, key.endpoint_id,
                                         lane->delivery.fence(), reason, now, std::move(change));
    if (status.ok()) EndpointChanged(key.tenant_id);
  }
  // A conflict: paused, deleted or disabled meanwhile, which the lane learns by
  // the log. After other errors the next failure tries again.
  if (!status.ok()) LogProblem("webhooks: cannot disable an endpoint", status);
  lane->disabling = false;
}

}  // namespace gatehouse::service::delivery
