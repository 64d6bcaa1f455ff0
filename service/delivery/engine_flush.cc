#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/status.h"
#include "service/delivery/engine_state.h"
#include "service/delivery/webhook_engine.h"

namespace gatehouse::service::delivery {
namespace {

using base::Task;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A flush does not wait longer once so many results are to be written.
constexpr size_t kFlushNow = 500;
// Of one flush: bounds its memory and its time in the database.
constexpr size_t kMaxFlushAttempts = 2'000;
constexpr size_t kMaxFlushBytes = size_t{4} << 20;
constexpr milliseconds kFlushRetryDelay(500);
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

}  // namespace

void WebhookEngine::MarkDirty(const LanePtr& lane) {
  dirty_.insert(lane->delivery.key());
  flush_wanted_.Set(true);
  if (unflushed_ >= kFlushNow) flush_now_.Set(true);
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

}  // namespace gatehouse::service::delivery
