#include "service/delivery/engine/local_backlogs.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/async/cancel.h"

namespace gatehouse::service::delivery {
namespace {

using base::Time;
using base::Uuid;
using std::chrono::steady_clock;

// Of the loop's time, looks take at most one part in so many: with ten thousand endpoints one takes
// a millisecond or so.
constexpr int kShare = 20;

}  // namespace

std::optional<Time> LocalBacklogs::Oldest(const Uuid& tenant_id) {
  const Time now = deps_.clock.Now();
  const base::MutexLock lock(mutex_);
  Asked& asked = asked_[tenant_id];
  asked.last = now;
  if (!std::exchange(noting_, true)) {
    deps_.tasks.loop().Post([this] { wanted_.Set(true); });
  }
  return asked.oldest;
}

base::Task<void> LocalBacklogs::Run() {
  const base::CancelToken cancel = deps_.tasks.cancel();
  const base::CancelToken::Registration wake = cancel.OnCancel([this] { wanted_.Set(true); });
  const auto may_note = [this, &cancel] { return !cancel.cancelled() && !deps_.tasks.stopping(); };
  while (may_note()) {
    co_await wanted_;
    wanted_ = {};
    while (may_note()) {
      const base::SteadyTime begun = steady_clock::now();
      if (!Note()) break;
      const base::SteadyTime end = steady_clock::now();
      co_await deps_.tasks.loop().SleepUntil(
          end + std::max<base::SteadyTime::duration>(kPause, kShare * (end - begun)), cancel);
    }
  }
  Forget();
}

bool LocalBacklogs::Note() {
  const Time now = deps_.clock.Now();
  std::vector<std::pair<Uuid, std::optional<Time>>> noted;
  {
    const base::MutexLock lock(mutex_);
    std::erase_if(asked_, [now](const auto& entry) { return now - entry.second.last > kInterest; });
    noting_ = !asked_.empty();
    for (const auto& [tenant_id, asked] : asked_) noted.emplace_back(tenant_id, std::nullopt);
  }
  // Whoever asks does not wait for it.
  for (auto& [tenant_id, oldest] : noted) oldest = Look(tenant_id, now);
  const base::MutexLock lock(mutex_);
  for (const auto& [tenant_id, oldest] : noted) asked_[tenant_id].oldest = oldest;
  return !noted.empty();
}

std::optional<Time> LocalBacklogs::Look(const Uuid& tenant_id, Time now) const {
  const auto followed = deps_.logs.find(tenant_id);
  if (followed == deps_.logs.end()) return std::nullopt;
  const TenantLog& log = followed->second.log;
  std::optional<Time> oldest;
  deps_.queues.ForTenant(tenant_id, [&](const QueuePtr& queue) {
    const EndpointQueue& delivery = queue->delivery;
    if (!delivery.IsHealthy(now)) return;
    std::optional<Time> first = delivery.oldest_unsettled();
    // It has still to read on; whether it wants what is there shows then.
    if (!first && delivery.scanned() < log.matched()) {
      first = log.RecordedAt(delivery.scanned() + 1);
    }
    if (first) oldest = oldest ? std::min(*oldest, *first) : *first;
  });
  return oldest;
}

// Else what was noted last would count for ever.
void LocalBacklogs::Forget() {
  const base::MutexLock lock(mutex_);
  asked_.clear();
}

}  // namespace gatehouse::service::delivery
