#include "service/delivery/engine/lease_holder.h"

#include <memory>
#include <utility>

#include "base/log_line.h"
#include "base/status.h"
#include "service/delivery/engine/queue_settings.h"

namespace gatehouse::service::delivery {
namespace {

using base::Task;
using base::Uuid;
using std::chrono::seconds;
using std::chrono::steady_clock;
using storage::DeliveryLease;
using storage::DeliveryStore;

// Leased by one statement.
constexpr int64_t kLeasePage = 1000;
// An endpoint whose next retry is due within this is not worth giving back.
constexpr seconds kSoon(10);

bool IsEnabled(const storage::Endpoint* endpoint) {
  return endpoint != nullptr && endpoint->state == storage::EndpointState::kEnabled;
}

DeliveryStore::Release ReleaseOf(const EndpointQueue& delivery, bool done) {
  return {.key = delivery.key(),
          .fence = delivery.fence(),
          .position = delivery.position(),
          .done = done};
}

}  // namespace

Task<absl::Status> LeaseHolder::LeaseMatched(Uuid tenant_id,
                                             std::vector<TenantLog::Match> matches) {
  std::vector<DeliveryStore::Want> wanted;
  for (const TenantLog::Match& match : matches) {
    const storage::EndpointKey key{tenant_id, match.endpoint_id};
    if (deps_.queues.Contains(key) || !IsEnabled(deps_.cache.Find(key).get())) continue;
    wanted.push_back({.key = key, .first_index = match.first_index});
  }
  if (wanted.empty() || deps_.tasks.stopping()) co_return absl::OkStatus();
  const Turnstile::Pass pass = co_await turn_.Enter();
  co_return co_await TakeWanted(std::move(wanted));
}

Task<absl::Status> LeaseHolder::LeaseDue() {
  // All at once: what a server that is gone had must not wait for the next time.
  for (bool more = true; more && !deps_.tasks.stopping();) {
    const Turnstile::Pass pass = co_await turn_.Enter();
    GH_CO_ASSIGN_OR_RETURN(more, co_await TakeDue());
  }
  co_return absl::OkStatus();
}

Task<absl::Status> LeaseHolder::FreeGone() {
  GH_CO_ASSIGN_OR_RETURN(const int64_t freed,
                         co_await deps_.deliveries.FreeGone(
                             deps_.tasks.Context(base::kDefaultTenantId), options_.instance_id));
  if (freed > 0) {
    base::LogLine(base::LogLevel::kWarning,
                  "webhooks: a server is gone, others take over its endpoints",
                  {{"endpoints", freed}});
  }
  co_return absl::OkStatus();
}

Task<absl::Status> LeaseHolder::TakeWanted(std::vector<DeliveryStore::Want> wanted) {
  // Leased while it waited for its turn.
  std::erase_if(wanted, [this](const auto& want) { return deps_.queues.Contains(want.key); });
  if (wanted.empty()) co_return absl::OkStatus();
  const base::SteadyTime begun = steady_clock::now();
  GH_CO_ASSIGN_OR_RETURN(
      const std::vector<DeliveryLease> leases,
      co_await deps_.deliveries.Lease(deps_.tasks.Context(base::kDefaultTenantId),
                                      options_.instance_id, options_.lease, std::move(wanted)));
  Add(leases, begun);
  co_return absl::OkStatus();
}

Task<absl::StatusOr<bool>> LeaseHolder::TakeDue() {
  const base::SteadyTime begun = steady_clock::now();
  GH_CO_ASSIGN_OR_RETURN(const std::vector<DeliveryLease> leases,
                         co_await deps_.deliveries.LeaseDue(
                             deps_.tasks.Context(base::kDefaultTenantId), options_.instance_id,
                             options_.lease, deps_.clock.Now(), deps_.queues.Keys(), kLeasePage));
  Add(leases, begun);
  co_return leases.size() == kLeasePage;
}

void LeaseHolder::Add(const std::vector<DeliveryLease>& leases, base::SteadyTime begun) {
  for (const DeliveryLease& lease : leases) {
    const std::shared_ptr<const storage::Endpoint> endpoint = deps_.cache.Find(lease.key);
    const bool known = IsEnabled(endpoint.get()) && deps_.logs.contains(lease.key.tenant_id);
    const auto queue = std::make_shared<LeasedQueue>(lease, known ? endpoint->max_in_flight : 1,
                                                     deps_.clock.Now(), options_.alert_bounds);
    if (known) FollowSettings(*endpoint, deps_.clock.Now(), queue->delivery);
    queue->lease_until = begun + options_.lease;
    queue->confirmed = begun;
    queue->last_used = steady_clock::now();
    // To be given back at the next occasion.
    if (!known || deps_.tasks.stopping()) queue->delivery.Stop();
    deps_.queues.Add(queue);
    deps_.reader.Feed(queue);
  }
}

void LeaseHolder::Tend() {
  const base::SteadyTime renew = steady_clock::now() + options_.lease * 2 / 3;
  std::vector<DeliveryStore::Release> releases;
  // First out of sight: whoever finds work for it now leases it anew.
  deps_.queues.RemoveIf([&](const QueuePtr& queue) {
    const bool release = IsAtRest(*queue) && (queue->delivery.stopped() || IsDone(*queue));
    if (release) releases.push_back(ReleaseOf(queue->delivery, !queue->delivery.stopped()));
    return release;
  });
  const base::Time now = deps_.clock.Now();
  deps_.queues.ForEach([&](const QueuePtr& queue) {
    const auto log = deps_.logs.find(queue->delivery.key().tenant_id);
    if (log != deps_.logs.end() && queue->delivery.CheckBacklog(now, log->second.log.matched())) {
      deps_.flusher.MarkDirty(queue);
    }
    // What a loss of presence made doubtful as well, once a renewal settles it.
    const bool doubtful = deps_.presence.certain() && !deps_.presence.Confirms(queue->confirmed);
    if (doubtful || queue->lease_until < renew) deps_.flusher.MarkDirty(queue);
  });
  held_ = static_cast<int64_t>(deps_.queues.size());
  if (!releases.empty()) deps_.tasks.Spawn(Release(std::move(releases)));
}

// Nothing is under way for it, in the database or elsewhere.
bool LeaseHolder::IsAtRest(const LeasedQueue& queue) const {
  return queue.delivery.in_flight() == 0 && !queue.delivery.dirty() && !queue.reading &&
         !queue.loading_retries && !queue.disabling && !deps_.flusher.busy();
}

// It has had nothing to do for a while, and will not have soon.
bool LeaseHolder::IsDone(const LeasedQueue& queue) const {
  const EndpointQueue& delivery = queue.delivery;
  const TenantLog& log = deps_.logs.at(delivery.key().tenant_id).log;
  if (!delivery.IdleAt(log.matched()) || log.durable() < log.matched()) return false;
  if (delivery.next_due() && *delivery.next_due() < deps_.clock.Now() + kSoon) return false;
  return steady_clock::now() - queue.last_used > options_.idle_time;
}

Task<void> LeaseHolder::GiveBackAll(bool written) {
  std::vector<DeliveryStore::Release> releases;
  deps_.queues.RemoveIf([&](const QueuePtr& queue) {
    const auto log = deps_.logs.find(queue->delivery.key().tenant_id);
    const bool done =
        written && log != deps_.logs.end() && queue->delivery.IdleAt(log->second.log.matched());
    releases.push_back(ReleaseOf(queue->delivery, done));
    return true;
  });
  if (!releases.empty()) co_await Release(std::move(releases));
}

Task<void> LeaseHolder::Release(std::vector<DeliveryStore::Release> releases) {
  // If this fails, the leases end by themselves.
  const absl::Status status = co_await deps_.deliveries.ReleaseLeases(
      deps_.tasks.Context(base::kDefaultTenantId), std::move(releases));
  if (!status.ok()) deps_.tasks.LogProblem("webhooks: cannot give endpoints back", status);
}

}  // namespace gatehouse::service::delivery
