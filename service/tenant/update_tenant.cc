#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth/tenant/tenant_directory.h"
#include "base/status.h"
#include "gatehouse/v1/tenant.pb.h"
#include "service/admin/operator_rules.h"
#include "service/common/change_attempts.h"
#include "service/common/etag.h"
#include "service/common/field_mask.h"
#include "service/common/json.h"
#include "service/common/validate.h"
#include "service/tenant/tenant_fields.h"
#include "service/tenant/tenant_service.h"
#include "storage/after_change.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

// The tenant that `request` makes of `current`.
absl::StatusOr<storage::Tenant> Updated(const v1::UpdateTenantRequest& request,
                                        const storage::Tenant& current) {
  GH_RETURN_IF_ERROR(CheckEtag(request.tenant().etag(), current.version));
  GH_ASSIGN_OR_RETURN(const std::vector<std::string> fields,
                      ResolveMask("update_mask", request.update_mask(), kTenantFields));
  storage::Tenant next = current;
  FieldChecks checks;
  ApplyTenantFields(request.tenant(), fields, next, checks);
  GH_RETURN_IF_ERROR(checks.ToStatus());
  return next;
}

std::string DetailsOf(const std::vector<std::string>& changed, const storage::Tenant& before,
                      const storage::Tenant& after) {
  JsonObject details;
  details.Add("fields", changed);
  if (before.state != after.state) details.Add("state", TenantStateName(after.state));
  return details.ToString();
}

}  // namespace

TenantService::Result<v1::UpdateTenantResponse> TenantService::UpdateTenant(
    base::CallContext ctx, v1::UpdateTenantRequest request, MutationKey key) {
  GH_CO_RETURN_IF_ERROR(RequireOperator(ctx.principal(), auth::Permission::kAdminWrite));
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("tenant_id", request.tenant_id());
  checks.Check(ResolveMask("update_mask", request.update_mask(), kTenantFields).status());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  for (ChangeAttempts attempts(request.tenant().etag()); attempts.Next();) {
    GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::Tenant> current,
                           co_await deps_.tenants.Get(ctx, *id));
    if (!current) co_return auth::TenantNotFound();
    GH_CO_ASSIGN_OR_RETURN(storage::Tenant next, Updated(request, *current));
    const std::vector<std::string> changed = ChangedTenantFields(*current, next);

    const base::Time now = deps_.clock.Now();
    v1::UpdateTenantResponse response;
    if (changed.empty()) {
      GH_CO_RETURN_IF_ERROR(ToProto(*current, *response.mutable_tenant()));
      co_return co_await deps_.once.Unchanged(ctx, key, now, response);
    }
    next.update_time = now;
    const storage::Tenant after = storage::AfterChange(next);
    GH_CO_RETURN_IF_ERROR(ToProto(after, *response.mutable_tenant()));
    if (request.validate_only()) {
      GH_CO_RETURN_IF_ERROR(co_await deps_.tenants.RequireFree(ctx, next));
      co_return response;
    }
    storage::Change change{.events = TenantEvents(ctx, now, storage::event_types::kTenantUpdated,
                                                  next, DetailsOf(changed, *current, next)),
                           .idempotency = key.WithResponse(response, now)};
    const absl::Status updated =
        co_await deps_.tenants.Update(ctx, std::move(next), std::move(change));
    if (attempts.Outrun(updated)) continue;
    GH_CO_RETURN_IF_ERROR(updated);
    deps_.directory.Put(after);
    if (after.state != current->state) deps_.on_frozen(after.id);
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("tenant");
}

}  // namespace gatehouse::service
