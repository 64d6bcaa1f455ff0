#include "service/delivery/engine/endpoint_settings.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "base/status.h"
#include "service/common/json.h"
#include "service/delivery/engine/queue_settings.h"
#include "storage/event.h"
#include "storage/event_types.h"

namespace gatehouse::service::delivery {

using base::Task;
using base::Uuid;

namespace {

// Nothing is sent for a tenant whose settings cannot be read.
constexpr std::chrono::milliseconds kReadPause(500);

}  // namespace

Task<absl::Status> EndpointSettings::Load() {
  if (loaded_) co_return absl::OkStatus();
  GH_CO_RETURN_IF_ERROR(co_await deps_.cache.LoadAll(deps_.tasks.Context(base::kDefaultTenantId)));
  loaded_ = true;
  co_return absl::OkStatus();
}

Task<absl::Status> EndpointSettings::Refresh(Uuid tenant_id) {
  deps_.cache.MarkStale(tenant_id);
  GH_CO_RETURN_IF_ERROR(co_await deps_.cache.Reload(deps_.tasks.Context(tenant_id), tenant_id));
  Apply(tenant_id);
  co_return absl::OkStatus();
}

void EndpointSettings::OnChanged(Uuid tenant_id, std::optional<Uuid> endpoint_id) {
  deps_.cache.MarkStale(tenant_id, endpoint_id);
  if (reading_.insert(tenant_id).second) deps_.tasks.Spawn(Reload(tenant_id));
}

void EndpointSettings::OnAllChanged() {
  all_changed_ = true;
  if (!std::exchange(reading_all_, true)) deps_.tasks.Spawn(ReloadAll());
}

Task<void> EndpointSettings::ReloadAll() {
  while (std::exchange(all_changed_, false) && loaded_) {
    // One after the other: of the others' settings nothing is known to be old until their turn.
    for (const Uuid& tenant_id : deps_.cache.tenants()) co_await ReloadSurely(tenant_id);
    if (deps_.tasks.stopping()) break;
    const absl::Status status = co_await deps_.leases.LeaseDue();
    if (!status.ok()) deps_.tasks.LogProblem("webhooks: cannot look for work", status);
  }
  reading_all_ = false;
}

// No entry of a log says that it changed, so nobody else comes back to it.
Task<void> EndpointSettings::ReloadSurely(Uuid tenant_id) {
  absl::Status status;
  do {
    if (deps_.tasks.stopping()) co_return;
    status = co_await Refresh(tenant_id);
    if (status.ok()) break;
    deps_.tasks.LogProblem("webhooks: cannot read an endpoint's settings", status);
  } while (co_await deps_.tasks.loop().SleepUntil(std::chrono::steady_clock::now() + kReadPause,
                                                  deps_.tasks.cancel()));
  if (status.ok()) deps_.reader.FeedTenant(tenant_id);
}

Task<void> EndpointSettings::Reload(Uuid tenant_id) {
  while (loaded_ && !deps_.tasks.stopping() && deps_.cache.HasStale(tenant_id)) {
    const absl::Status status = co_await ReloadOnce(tenant_id);
    if (status.ok()) continue;
    deps_.tasks.LogProblem("webhooks: cannot read an endpoint's settings", status);
    break;
  }
  reading_.erase(tenant_id);
}

Task<absl::Status> EndpointSettings::ReloadOnce(Uuid tenant_id) {
  GH_CO_RETURN_IF_ERROR(co_await deps_.cache.Reload(deps_.tasks.Context(tenant_id), tenant_id));
  Apply(tenant_id);
  const absl::Status leased = co_await deps_.leases.LeaseDue();
  deps_.reader.FeedTenant(tenant_id);
  co_return leased;
}

void EndpointSettings::Apply(const Uuid& tenant_id) {
  deps_.queues.ForTenant(tenant_id, [this](const QueuePtr& queue) {
    const std::shared_ptr<const storage::Endpoint> endpoint =
        deps_.cache.Find(queue->delivery.key());
    if (!endpoint || endpoint->state != storage::EndpointState::kEnabled) {
      queue->delivery.Stop();
      return;
    }
    FollowSettings(*endpoint, deps_.clock.Now(), queue->delivery);
    deps_.dispatcher.RequestTurn(queue);
  });
}

Task<void> EndpointSettings::RunDisable(QueuePtr queue) {
  const absl::Status status = co_await WriteDisabled(queue);
  // A conflict: paused, deleted or disabled meanwhile, which the queue learns by
  // the log. After other errors the next failure tries again.
  if (!status.ok()) deps_.tasks.LogProblem("webhooks: cannot disable an endpoint", status);
  queue->disabling = false;
}

Task<absl::Status> EndpointSettings::WriteDisabled(QueuePtr queue) {
  const storage::EndpointKey key = queue->delivery.key();
  const std::string reason = queue->delivery.disable_reason();
  GH_CO_RETURN_IF_ERROR(co_await deps_.flusher.Flush());
  if (!deps_.queues.IsCurrent(queue)) co_return absl::OkStatus();
  const base::CallContext ctx = deps_.tasks.Context(key.tenant_id);
  const base::Time now = deps_.clock.Now();
  storage::Change change{.events = {storage::MakeEvent(
                             ctx, now, std::string(storage::event_types::kEndpointDisabled),
                             {{.type = "endpoint", .id = key.endpoint_id.ToString(), .label = ""}},
                             JsonObject().Add("reason", reason).ToString())}};
  GH_CO_RETURN_IF_ERROR(co_await deps_.endpoints.Disable(ctx, key.tenant_id, key.endpoint_id,
                                                         queue->delivery.fence(), reason, now,
                                                         std::move(change)));
  OnChanged(key.tenant_id, key.endpoint_id);
  co_return absl::OkStatus();
}

}  // namespace gatehouse::service::delivery
