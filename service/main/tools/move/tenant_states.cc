#include "service/main/tools/move/tenant_states.h"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/tenant/tenant_directory.h"
#include "base/reason.h"
#include "base/status.h"
#include "service/common/json.h"
#include "storage/change.h"
#include "storage/event.h"
#include "storage/event_types.h"
#include "storage/tenant_event.h"

namespace gatehouse::service {
namespace {

using storage::Tenant;
using storage::TenantState;

// Operators change a tenant now and then, not all the time.
constexpr int kMaxTries = 5;

std::string_view NameOf(TenantState state) {
  switch (state) {
    case TenantState::kActive:
      return "ACTIVE";
    case TenantState::kFrozen:
      return "FROZEN";
    case TenantState::kMoved:
      return "MOVED";
  }
  return "";
}

storage::ChangeEvents EventsOf(const base::CallContext& ctx, base::Time now, const Tenant& tenant,
                               const MoveOfState& change) {
  std::vector<std::string> fields = {"state"};
  if (!change.moved_to.empty()) fields.emplace_back("moved_to");
  const std::string details = JsonObject()
                                  .Add("fields", fields)
                                  .Add("state", NameOf(change.state))
                                  .AddBool("moved", true)
                                  .ToString();
  const std::vector<storage::EventTarget> targets = {
      {.type = "tenant", .id = tenant.id.ToString(), .label = tenant.name}};
  const storage::Event updated = storage::MakeEvent(
      ctx, now, std::string(storage::event_types::kTenantUpdated), targets, details);
  if (change.told == MoveOfState::Told::kOperator) return {updated};
  storage::Event own = storage::ForTenant(updated, tenant.id);
  if (change.told == MoveOfState::Told::kBoth) return {updated, std::move(own)};
  return {storage::MakeEvent(ctx, now, std::string(storage::event_types::kTenantCreated), targets,
                             details),
          std::move(own)};
}

}  // namespace

base::Task<absl::Status> SetTenantState(base::CallContext ctx, storage::TenantStore* tenants,
                                        base::Time now, base::Uuid id, MoveOfState change) {
  absl::Status updated;
  for (int tries = 0; tries < kMaxTries; ++tries) {
    GH_CO_ASSIGN_OR_RETURN(std::optional<Tenant> tenant, co_await tenants->Get(ctx, id));
    if (!tenant) co_return auth::TenantNotFound();
    if (tenant->state == change.state && tenant->moved_to == change.moved_to) {
      co_return absl::OkStatus();
    }
    tenant->state = change.state;
    tenant->moved_to = change.moved_to;
    tenant->update_time = now;
    storage::Change with_events{.events = EventsOf(ctx, now, *tenant, change)};
    updated = co_await tenants->Update(ctx, *std::move(tenant), std::move(with_events));
    if (!base::HasReason(updated, base::Reason::kEtagMismatch)) break;
  }
  co_return updated;
}

}  // namespace gatehouse::service
