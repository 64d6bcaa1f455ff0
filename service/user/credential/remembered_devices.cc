// Devices on which a user logs in without a second factor.

#include <utility>
#include <vector>

#include "auth/permission/permissions.h"
#include "base/reason.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/validate.h"
#include "service/user/credential/credential_conversion.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"
#include "storage/event_types.h"

namespace gatehouse::service {

UserService::Result<v1::ListRememberedDevicesResponse> UserService::ListRememberedDevices(
    base::CallContext ctx, v1::ListRememberedDevicesRequest request) {
  FieldChecks checks;
  base::Uuid id = checks.OptionalUuid("user_id", request.user_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  if (id.is_nil()) id = ctx.principal().id;
  GH_CO_RETURN_IF_ERROR(auth::RequireSelfOr(ctx.principal(), id, auth::Permission::kUsersRead));
  GH_CO_ASSIGN_OR_RETURN(const storage::User user, co_await ReadUser(ctx, id));
  GH_CO_ASSIGN_OR_RETURN(
      const std::vector<storage::RememberedDevice> devices,
      co_await deps_.second_factors.ListDevices(ctx, user.tenant_id, user.id, deps_.clock.Now()));
  v1::ListRememberedDevicesResponse response;
  for (const storage::RememberedDevice& device : devices) ToProto(device, *response.add_devices());
  co_return response;
}

UserService::Result<v1::ForgetDevicesResponse> UserService::ForgetDevices(
    base::CallContext ctx, v1::ForgetDevicesRequest request, MutationKey key) {
  FieldChecks checks;
  base::Uuid id = checks.OptionalUuid("user_id", request.user_id());
  const base::Uuid device_id = checks.OptionalUuid("device_id", request.device_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  if (id.is_nil()) id = ctx.principal().id;
  GH_CO_RETURN_IF_ERROR(
      auth::RequireSelfOr(ctx.principal(), id, auth::Permission::kUsersSetPassword));
  GH_CO_ASSIGN_OR_RETURN(const storage::User user, co_await ReadUser(ctx, id));
  if (!IsSelf(ctx.principal(), user)) {
    GH_CO_RETURN_IF_ERROR(co_await RequireRoleWithinOwn(ctx, user.role));
  }
  const v1::ForgetDevicesResponse response;
  if (request.validate_only()) co_return response;
  const base::Time now = deps_.clock.Now();
  storage::Event event = UserEvent(ctx, now, storage::event_types::kUserDevicesForgotten, user);
  if (!device_id.is_nil()) event.targets.push_back({"device", device_id.ToString(), ""});
  storage::Change change{.events = {std::move(event)},
                         .idempotency = key.WithResponse(response, now)};
  const absl::Status forgotten = co_await deps_.second_factors.ForgetDevices(
      ctx, user.tenant_id, user.id, device_id, now, std::move(change));
  if (base::HasReason(forgotten, base::Reason::kEtagMismatch)) {
    co_return co_await deps_.once.Unchanged(ctx, key, now, response);
  }
  GH_CO_RETURN_IF_ERROR(forgotten);
  co_return response;
}

}  // namespace gatehouse::service
