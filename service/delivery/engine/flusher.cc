#include "service/delivery/engine/flusher.h"

#include <map>
#include <string>
#include <utility>

#include "base/log_line.h"
#include "base/status.h"

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
constexpr milliseconds kRetryDelay(500);
// What comes while something is written is written as well, but not for ever: under load there is
// always some of it, while retries that are due and positions wait for the end.
constexpr int kMaxRounds = 3;
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
  for (const auto& release : flush.releases) parts[release.key].releases.push_back(release);
  for (const auto& alert : flush.alerts) {
    parts[{alert.key.tenant_id, alert.key.endpoint_id}].alerts.push_back(alert);
  }
  std::vector<storage::DeliveryFlush> list;
  for (auto& [key, part] : parts) list.push_back(std::move(part));
  return list;
}

}  // namespace

void Flusher::MarkDirty(const QueuePtr& queue) {
  dirty_.insert(queue->delivery.key());
  wanted_.Set(true);
  if (unflushed_ >= kFlushNow) now_.Set(true);
}

void Flusher::AddResult(const QueuePtr& queue, size_t bytes) {
  ++unflushed_;
  unflushed_bytes_ += bytes;
  MarkDirty(queue);
}

Task<void> Flusher::Run() {
  const base::CancelToken cancel = deps_.tasks.cancel();
  const base::CancelToken::Registration wake = cancel.OnCancel([this] {
    wanted_.Set(true);
    now_.Set(true);
  });
  while (!cancel.cancelled()) {
    co_await wanted_;
    wanted_ = {};
    now_ = {};
    const base::Loop::Timer timer = deps_.tasks.loop().At(steady_clock::now() + options_.interval,
                                                          [now = now_] { now.Set(true); });
    co_await now_;
    if (cancel.cancelled()) break;
    const absl::Status status = co_await Flush();
    if (status.ok()) continue;
    deps_.tasks.LogProblem("webhooks: cannot write results", status);
    wanted_.Set(true);
    co_await deps_.tasks.loop().SleepUntil(steady_clock::now() + kRetryDelay, cancel);
  }
}

Task<absl::Status> Flusher::Flush() {
  {
    const Turnstile::Pass pass = co_await turn_.Enter();
    int rounds = 0;
    do {
      writing_.merge(dirty_);
      dirty_.clear();
      do {
        GH_CO_RETURN_IF_ERROR(co_await WriteNext());
      } while (!writing_.empty() || !unconfirmed_.empty());
    } while (!dirty_.empty() && ++rounds < kMaxRounds);
  }
  co_return co_await deps_.mark();
}

Task<absl::Status> Flusher::WriteNext() {
  if (unconfirmed_.empty()) {
    size_t bytes = 0;
    while (!writing_.empty() && unconfirmed_.attempts.size() < kMaxFlushAttempts &&
           bytes < kMaxFlushBytes) {
      const QueuePtr queue = deps_.queues.Find(*writing_.begin());
      writing_.erase(writing_.begin());
      if (!queue) continue;
      bytes += queue->delivery.unflushed_bytes();
      queue->delivery.CollectInto(unconfirmed_);
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
  deps_.on_written();
  co_return absl::OkStatus();
}

Task<absl::Status> Flusher::Write(storage::DeliveryFlush flush) {
  const base::SteadyTime begun = steady_clock::now();
  GH_CO_ASSIGN_OR_RETURN(const storage::FlushOutcome outcome, co_await deps_.write(flush));
  ++flushes_;
  const std::set<storage::EndpointKey> kept(outcome.live.begin(), outcome.live.end());
  for (const storage::DeliveryProgress& progress : flush.progress) {
    const QueuePtr queue = deps_.queues.Find(progress.key);
    if (!queue || queue->delivery.fence() != progress.fence) continue;
    if (kept.contains(progress.key)) {
      queue->lease_until = begun + options_.lease;
      queue->confirmed = begun;
      continue;
    }
    // Somebody else delivers to it now, or it was deleted.
    ++leases_lost_;
    Drop(progress.key);
  }
  Release(flush, outcome);
  co_return absl::OkStatus();
}

void Flusher::Release(const storage::DeliveryFlush& flush, const storage::FlushOutcome& outcome) {
  const std::set<storage::FlushOutcome::Released> more(outcome.released.begin(),
                                                       outcome.released.end());
  for (const storage::OrderRelease& release : flush.releases) {
    const QueuePtr queue = deps_.queues.Find(release.key);
    if (!queue || queue->delivery.fence() != release.fence) continue;
    queue->delivery.OnReleased(
        release.ordering_key,
        more.contains({.key = release.key, .ordering_key = release.ordering_key}));
    if (queue->delivery.dirty()) MarkDirty(queue);
    if (deps_.on_released) deps_.on_released(queue);
  }
}

// One endpoint whose results the database refuses must not hold up the others: the
// record of its attempts is lost then, with a line in the log, and if that is
// not enough it has to wait for its next deliverer.
Task<absl::Status> Flusher::WriteByEndpoint() {
  for (storage::DeliveryFlush& part : ByEndpoint(unconfirmed_)) {
    const storage::EndpointKey key = part.progress.front().key;
    absl::Status status = co_await Write(part);
    if (IsRefusal(status)) {
      base::LogLine(base::LogLevel::kError, "webhooks: records of attempts are refused and dropped",
                    {{"endpoint", key.endpoint_id.ToString()},
                     {"attempts", part.attempts.size()},
                     {"error", std::string(status.message())}});
      part.attempts.clear();
      part.alerts.clear();
      status = co_await Write(part);
    }
    if (IsRefusal(status)) {
      deps_.tasks.LogProblem("webhooks: the position of an endpoint is refused", status);
      Drop(key);
      continue;
    }
    GH_CO_RETURN_IF_ERROR(status);
  }
  co_return absl::OkStatus();
}

void Flusher::Drop(const storage::EndpointKey& key) {
  const QueuePtr queue = deps_.queues.Find(key);
  if (!queue) return;
  // What it had still to write, nobody will.
  unflushed_ -= queue->delivery.unflushed();
  unflushed_bytes_ -= queue->delivery.unflushed_bytes();
  queue->delivery.Stop();
  deps_.queues.Remove(key);
}

}  // namespace gatehouse::service::delivery
