// Roles of the tenant's own.

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "auth/permission/permissions.h"
#include "auth/verdict/authenticator.h"
#include "base/reason.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/change_attempts.h"
#include "service/common/etag.h"
#include "service/common/field_mask.h"
#include "service/common/page_size.h"
#include "service/common/role_rules.h"
#include "service/common/timestamps.h"
#include "service/common/validate.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"
#include "storage/after_change.h"

namespace gatehouse::service {
namespace {

constexpr std::array<std::string_view, 1> kRoleFields = {"permissions"};

absl::Status RoleTaken() {
  return base::MakeError(absl::StatusCode::kAlreadyExists, "there is a role of that name",
                         {.reason = base::Reason::kRoleTaken});
}

absl::Status BuiltIn() {
  return base::MakeError(absl::StatusCode::kPermissionDenied, "built-in roles cannot be changed",
                         {.reason = base::Reason::kPermissionDenied});
}

absl::StatusOr<std::vector<std::string>> PermissionsOf(const v1::Role& role) {
  const std::vector<std::string> names(role.permissions().begin(), role.permissions().end());
  return OrderedPermissions("role.permissions", names);
}

void ToProto(const storage::Role& role, v1::Role& out) {
  out.set_name(role.name);
  out.mutable_permissions()->Assign(role.permissions.begin(), role.permissions.end());
  SetTimestamp(role.create_time, out.mutable_create_time());
  SetTimestamp(role.update_time, out.mutable_update_time());
  out.set_etag(MakeEtag(role.version));
}

v1::Role BuiltInRole(std::string_view name) {
  v1::Role role;
  role.set_name(std::string(name));
  for (std::string& permission : auth::PermissionNames(auth::PermissionsOfRole(name))) {
    role.add_permissions(std::move(permission));
  }
  role.set_built_in(true);
  return role;
}

}  // namespace

UserService::Result<v1::CreateRoleResponse> UserService::CreateRole(base::CallContext ctx,
                                                                    v1::CreateRoleRequest request,
                                                                    MutationKey key) {
  const base::Time now = deps_.clock.Now();
  storage::Role role{.tenant_id = ctx.principal().tenant_id,
                     .name = request.role().name(),
                     .create_time = now,
                     .update_time = now};
  FieldChecks checks;
  if (!storage::IsRoleName(role.name)) {
    checks.Fail("role.name", kRoleNameRule);
  }
  absl::StatusOr<std::vector<std::string>> permissions = PermissionsOf(request.role());
  checks.Check(permissions.status());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  role.permissions = *std::move(permissions);
  GH_CO_RETURN_IF_ERROR(
      auth::RequireWithinOwn(ctx.principal(), auth::KnownPermissions(role.permissions)));
  if (storage::IsBuiltInRole(role.name)) co_return RoleTaken();

  v1::CreateRoleResponse response;
  ToProto(role, *response.mutable_role());
  if (request.validate_only()) {
    GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::Role> found,
                           co_await deps_.roles.Get(ctx, role.tenant_id, role.name));
    if (found) co_return RoleTaken();
    co_return response;
  }
  storage::Change change{.events = {RoleCreated(ctx, now, role)},
                         .idempotency = key.WithResponse(response, now)};
  const absl::Status created = co_await deps_.roles.Create(ctx, std::move(role), std::move(change));
  if (base::HasReason(created, base::Reason::kConflict)) co_return RoleTaken();
  GH_CO_RETURN_IF_ERROR(created);
  co_return response;
}

UserService::Result<v1::GetRoleResponse> UserService::GetRole(base::CallContext ctx,
                                                              v1::GetRoleRequest request) {
  v1::GetRoleResponse response;
  if (storage::IsBuiltInRole(request.name())) {
    *response.mutable_role() = BuiltInRole(request.name());
    co_return response;
  }
  // What is no name cannot be sent to the database, and is none there.
  if (!storage::IsRoleName(request.name())) co_return RoleNotFound();
  GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::Role> role,
                         co_await deps_.roles.Get(ctx, ctx.principal().tenant_id, request.name()));
  if (!role) co_return RoleNotFound();
  ToProto(*role, *response.mutable_role());
  co_return response;
}

UserService::Result<v1::ListRolesResponse> UserService::ListRoles(base::CallContext ctx,
                                                                  v1::ListRolesRequest request) {
  const base::Uuid tenant_id = ctx.principal().tenant_id;
  GH_CO_ASSIGN_OR_RETURN(const int32_t page_size, PageSize(request.page_size()));
  const PageScope scope{.method = ctx.method(), .tenant_id = tenant_id, .query = {}};
  GH_CO_ASSIGN_OR_RETURN(const std::string after,
                         deps_.page_tokens.TextBehind(scope, request.page_token()));
  // One more than wanted tells whether there is a next page.
  GH_CO_ASSIGN_OR_RETURN(const std::vector<storage::Role> own,
                         co_await deps_.roles.List(ctx, tenant_id, after, page_size + 1));
  std::vector<v1::Role> roles;
  for (const std::string_view name : storage::kBuiltInRoles) {
    if (name > after) roles.push_back(BuiltInRole(name));
  }
  for (const storage::Role& role : own) ToProto(role, roles.emplace_back());
  std::ranges::sort(roles, {}, [](const v1::Role& role) { return role.name(); });

  v1::ListRolesResponse response;
  for (v1::Role& role : roles) {
    if (response.roles_size() == page_size) {
      response.set_next_page_token(
          deps_.page_tokens.Make(scope, {response.roles(page_size - 1).name()}));
      break;
    }
    *response.add_roles() = std::move(role);
  }
  co_return response;
}

UserService::Result<storage::Role> UserService::ReadOwnRole(base::CallContext ctx,
                                                            std::string name) {
  if (storage::IsBuiltInRole(name)) co_return BuiltIn();
  if (!storage::IsRoleName(name)) co_return RoleNotFound();
  GH_CO_ASSIGN_OR_RETURN(std::optional<storage::Role> role,
                         co_await deps_.roles.Get(ctx, ctx.principal().tenant_id, name));
  if (!role) co_return RoleNotFound();
  GH_CO_RETURN_IF_ERROR(
      auth::RequireWithinOwn(ctx.principal(), auth::KnownPermissions(role->permissions)));
  co_return *std::move(role);
}

UserService::Result<v1::UpdateRoleResponse> UserService::UpdateRole(base::CallContext ctx,
                                                                    v1::UpdateRoleRequest request,
                                                                    MutationKey key) {
  GH_CO_RETURN_IF_ERROR(ResolveMask("update_mask", request.update_mask(), kRoleFields).status());
  GH_CO_ASSIGN_OR_RETURN(const std::vector<std::string> permissions, PermissionsOf(request.role()));
  GH_CO_RETURN_IF_ERROR(
      auth::RequireWithinOwn(ctx.principal(), auth::KnownPermissions(permissions)));
  for (ChangeAttempts attempts(request.role().etag()); attempts.Next();) {
    GH_CO_ASSIGN_OR_RETURN(const storage::Role current,
                           co_await ReadOwnRole(ctx, request.role().name()));
    GH_CO_RETURN_IF_ERROR(CheckEtag(request.role().etag(), current.version));
    const base::Time now = deps_.clock.Now();
    v1::UpdateRoleResponse response;
    if (current.permissions == permissions) {
      ToProto(current, *response.mutable_role());
      co_return co_await deps_.once.Unchanged(ctx, key, now, response);
    }
    storage::Role next = current;
    next.permissions = permissions;
    next.update_time = now;
    ToProto(storage::AfterChange(next), *response.mutable_role());
    if (request.validate_only()) co_return response;
    storage::Change change{.events = {RoleUpdated(ctx, now, current, permissions)},
                           .idempotency = key.WithResponse(response, now)};
    const absl::Status updated =
        co_await deps_.roles.Update(ctx, std::move(next), std::move(change));
    if (attempts.Outrun(updated)) continue;
    GH_CO_RETURN_IF_ERROR(updated);
    deps_.authenticator.InvalidateAll();
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("role");
}

UserService::Result<v1::DeleteRoleResponse> UserService::DeleteRole(base::CallContext ctx,
                                                                    v1::DeleteRoleRequest request,
                                                                    MutationKey key) {
  const v1::DeleteRoleResponse response;
  for (ChangeAttempts attempts(request.etag()); attempts.Next();) {
    GH_CO_ASSIGN_OR_RETURN(const storage::Role role, co_await ReadOwnRole(ctx, request.name()));
    GH_CO_RETURN_IF_ERROR(CheckEtag(request.etag(), role.version));
    if (request.validate_only()) co_return response;
    const base::Time now = deps_.clock.Now();
    storage::Change change{.events = {RoleDeleted(ctx, now, role)},
                           .idempotency = key.WithResponse(response, now)};
    const absl::Status deleted = co_await deps_.roles.Delete(ctx, role, std::move(change));
    if (attempts.Outrun(deleted)) continue;
    GH_CO_RETURN_IF_ERROR(deleted);
    deps_.authenticator.InvalidateAll();
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("role");
}

}  // namespace gatehouse::service
