#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth/tenant/tenant_directory.h"
#include "base/status.h"
#include "gatehouse/v1/tenant.pb.h"
#include "service/admin/operator_rules.h"
#include "service/common/page_size.h"
#include "service/common/page_token.h"
#include "service/common/validate.h"
#include "service/tenant/tenant_fields.h"
#include "service/tenant/tenant_service.h"

namespace gatehouse::service {

TenantService::Result<v1::GetTenantResponse> TenantService::GetTenant(
    base::CallContext ctx, v1::GetTenantRequest request) {
  GH_CO_RETURN_IF_ERROR(RequireOperator(ctx.principal(), auth::Permission::kAdminRead));
  FieldChecks checks;
  absl::StatusOr<std::optional<storage::Tenant>> found = std::nullopt;
  switch (request.key_case()) {
    case v1::GetTenantRequest::kTenantId: {
      const std::optional<base::Uuid> id = checks.RequireUuid("tenant_id", request.tenant_id());
      if (id) found = co_await deps_.tenants.Get(ctx, *id);
      break;
    }
    case v1::GetTenantRequest::kName:
      // What is no name cannot be sent to the database, and is none there.
      if (storage::IsTenantName(request.name())) {
        found = co_await deps_.tenants.GetByName(ctx, request.name());
      }
      break;
    case v1::GetTenantRequest::KEY_NOT_SET:
      checks.Fail("key", "one of tenant_id and name must be set");
  }
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_RETURN_IF_ERROR(found.status());
  if (!*found) co_return auth::TenantNotFound();
  v1::GetTenantResponse response;
  GH_CO_RETURN_IF_ERROR(ToProto(**found, *response.mutable_tenant()));
  co_return response;
}

TenantService::Result<v1::ListTenantsResponse> TenantService::ListTenants(
    base::CallContext ctx, v1::ListTenantsRequest request) {
  GH_CO_RETURN_IF_ERROR(RequireOperator(ctx.principal(), auth::Permission::kAdminRead));
  GH_CO_ASSIGN_OR_RETURN(const int32_t page_size, PageSize(request.page_size()));
  const PageScope scope{
      .method = "ListTenants", .tenant_id = ctx.principal().tenant_id, .query = {}};
  GH_CO_ASSIGN_OR_RETURN(const std::string after,
                         deps_.page_tokens.TextBehind(scope, request.page_token()));
  // One more than wanted tells whether there is a next page.
  GH_CO_ASSIGN_OR_RETURN(const storage::TenantStore::Page page,
                         co_await deps_.tenants.List(ctx, after, int64_t{page_size} + 1,
                                                     static_cast<int64_t>(kMaxPageBytes)));
  v1::ListTenantsResponse response;
  size_t bytes = 0;
  bool more = page.cut;
  for (const storage::Tenant& tenant : page.tenants) {
    if (response.tenants_size() == page_size || bytes > kMaxPageBytes) {
      more = true;
      break;
    }
    v1::Tenant& added = *response.add_tenants();
    GH_CO_RETURN_IF_ERROR(ToProto(tenant, added));
    bytes += added.ByteSizeLong();
  }
  if (more) {
    response.set_next_page_token(
        deps_.page_tokens.Make(scope, {response.tenants().rbegin()->name()}));
  }
  co_return response;
}

}  // namespace gatehouse::service
