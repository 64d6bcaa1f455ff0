#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/log.h"
#include "base/status.h"
#include "service/common/event_type.h"
#include "service/webhook/signature.h"
#include "service/workers/webhook/engine_state.h"
#include "service/workers/webhook/webhook_engine.h"
#include "storage/event.h"
#include "storage/event_types.h"

namespace gatehouse::service::webhook {
namespace {

using base::Task;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// A flush does not wait longer once so many results are to be written, and
// nothing is sent while so many cannot be: after a kill all of it comes again.
constexpr size_t kFlushNow = 500;
constexpr size_t kMaxUnflushed = 20'000;
// The same in bytes of answers, which are up to 16 KiB each: of memory, and of
// what one endpoint can make a flush hold.
constexpr size_t kMaxUnflushedBytes = size_t{16} << 20;
// Of one flush: bounds its memory and its time in the database.
constexpr size_t kMaxFlushAttempts = 2'000;
constexpr size_t kMaxFlushBytes = size_t{4} << 20;
constexpr milliseconds kFlushRetryDelay(500);
// Beyond this before a lease ends nothing new is started under it.
constexpr seconds kLeaseMargin(1);

// After so many, half a second apart, the database means it.
constexpr int kMaxRefusals = 3;

// Whether the database refuses what it was given, rather than being in trouble.
bool IsRefusal(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kCancelled:
      return false;
    default:
      return true;
  }
}

std::vector<storage::DeliveryFlush> ByEndpoint(const storage::DeliveryFlush& flush) {
  std::map<storage::EndpointKey, storage::DeliveryFlush> parts;
  for (const auto& progress : flush.progress) parts[progress.key].progress.push_back(progress);
  for (const auto& attempt : flush.attempts) parts[attempt.key].attempts.push_back(attempt);
  for (const auto& failed : flush.exceptions) parts[failed.key].exceptions.push_back(failed);
  for (const auto& settled : flush.settled) parts[settled.key].settled.push_back(settled);
  std::vector<storage::DeliveryFlush> list;
  for (auto& [key, part] : parts) list.push_back(std::move(part));
  return list;
}

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

void WebhookEngine::MarkDirty(const LanePtr& lane) {
  dirty_.insert(lane->delivery.key());
  flush_wanted_.Set(true);
  if (unflushed_ >= kFlushNow) flush_now_.Set(true);
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

Task<void> WebhookEngine::RunFlush() {
  const base::CancelToken::Registration wake = group_.cancel().OnCancel([this] {
    flush_wanted_.Set(true);
    flush_now_.Set(true);
  });
  while (!group_.cancel().cancelled()) {
    co_await flush_wanted_;
    flush_wanted_ = {};
    flush_now_ = {};
    const base::Loop::Timer timer = loop_.At(steady_clock::now() + options_.flush_interval,
                                             [now = flush_now_] { now.Set(true); });
    co_await flush_now_;
    if (group_.cancel().cancelled()) break;
    const absl::Status status = co_await Flush();
    if (status.ok()) continue;
    LogProblem("webhooks: cannot write results", status);
    flush_wanted_.Set(true);
    co_await loop_.SleepUntil(steady_clock::now() + kFlushRetryDelay, group_.cancel());
  }
}

Task<absl::Status> WebhookEngine::Flush() {
  co_await flush_turn_.Enter();
  absl::Status status;
  do {
    status = co_await WriteFlush();
  } while (status.ok() && (!dirty_.empty() || !unconfirmed_.empty()));
  flush_turn_.Leave();
  GH_CO_RETURN_IF_ERROR(status);
  co_return co_await MarkAll();
}

Task<absl::Status> WebhookEngine::WriteFlush() {
  if (unconfirmed_.empty()) {
    size_t bytes = 0;
    while (!dirty_.empty() && unconfirmed_.attempts.size() < kMaxFlushAttempts &&
           bytes < kMaxFlushBytes) {
      const auto lane = lanes_.find(*dirty_.begin());
      dirty_.erase(dirty_.begin());
      if (lane == lanes_.end()) continue;
      bytes += lane->second->delivery.unflushed_bytes();
      lane->second->delivery.CollectInto(unconfirmed_);
    }
  }
  if (unconfirmed_.empty()) co_return absl::OkStatus();
  const absl::Status status = co_await Write(unconfirmed_);
  if (!status.ok()) {
    if (!IsRefusal(status) || ++refusals_ < kMaxRefusals) co_return status;
    GH_CO_RETURN_IF_ERROR(co_await WriteByEndpoint());
  }
  refusals_ = 0;
  unflushed_ -= unconfirmed_.attempts.size();
  for (const storage::AttemptRecord& attempt : unconfirmed_.attempts) {
    unflushed_bytes_ -= attempt.response_head.size();
  }
  unconfirmed_ = {};
  Pump();
  co_return absl::OkStatus();
}

Task<absl::Status> WebhookEngine::Write(storage::DeliveryFlush flush) {
  const base::SteadyTime until = steady_clock::now() + options_.lease;
  GH_CO_ASSIGN_OR_RETURN(
      const std::vector<storage::EndpointKey> live,
      co_await deps_.deliveries.Flush(Context(base::kDefaultTenantId), options_.instance_id,
                                      options_.lease, flush));
  ++counters_.flushes;
  const std::set<storage::EndpointKey> kept(live.begin(), live.end());
  for (const storage::DeliveryProgress& progress : flush.progress) {
    const auto lane = lanes_.find(progress.key);
    if (lane == lanes_.end() || lane->second->delivery.fence() != progress.fence) continue;
    if (kept.contains(progress.key)) {
      lane->second->lease_until = until;
      continue;
    }
    // Somebody else delivers to it now, or it was deleted.
    ++counters_.leases_lost;
    DropLane(progress.key);
  }
  co_return absl::OkStatus();
}

// One endpoint whose results the database refuses must not hold up the others: the
// record of its attempts is lost then, with a line in the log, and if that is
// not enough it has to wait for its next deliverer.
Task<absl::Status> WebhookEngine::WriteByEndpoint() {
  for (storage::DeliveryFlush& part : ByEndpoint(unconfirmed_)) {
    const storage::EndpointKey key = part.progress.front().key;
    absl::Status status = co_await Write(part);
    if (IsRefusal(status)) {
      base::Log(base::LogLevel::kError, "webhooks: records of attempts are refused and dropped",
                {{"endpoint", key.endpoint_id.ToString()},
                 {"attempts", part.attempts.size()},
                 {"error", std::string(status.message())}});
      part.attempts.clear();
      status = co_await Write(part);
    }
    if (IsRefusal(status)) {
      LogProblem("webhooks: the position of an endpoint is refused", status);
      DropLane(key);
      continue;
    }
    GH_CO_RETURN_IF_ERROR(status);
  }
  co_return absl::OkStatus();
}

void WebhookEngine::DropLane(const storage::EndpointKey& key) {
  const auto lane = lanes_.find(key);
  if (lane == lanes_.end()) return;
  // What it had still to write, nobody will.
  unflushed_ -= lane->second->delivery.unflushed();
  unflushed_bytes_ -= lane->second->delivery.unflushed_bytes();
  lane->second->delivery.Stop();
  lanes_.erase(lane);
}

Task<void> WebhookEngine::Disable(LanePtr lane) {
  const storage::EndpointKey key = lane->delivery.key();
  const std::string reason = lane->delivery.disable_reason();
  absl::Status status = co_await Flush();
  if (status.ok() && IsCurrent(lane)) {
    const base::CallContext ctx = Context(key.tenant_id);
    const base::Time now = deps_.clock.Now();
    storage::Change change;
    change.events.push_back(
        storage::MakeEvent(ctx, now, std::string(storage::event_types::kEndpointDisabled),
                           {{.type = "endpoint", .id = key.endpoint_id.ToString(), .label = ""}},
                           R"({"reason":")" + reason + R"("})"));
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

}  // namespace gatehouse::service::webhook
