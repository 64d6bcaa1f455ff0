#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/permission/permissions.h"
#include "auth/verdict/authenticator.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/change_attempts.h"
#include "service/common/etag.h"
#include "service/common/field_mask.h"
#include "service/common/json.h"
#include "service/common/validate.h"
#include "service/user/user_conversion.h"
#include "service/user/user_fields.h"
#include "service/user/user_mails.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"
#include "storage/after_change.h"
#include "storage/change.h"
#include "storage/event_types.h"
#include "storage/session/session.h"

namespace gatehouse::service {
namespace {

// Why the sessions of a user end with a change; nullopt if they do not.
std::optional<std::string> EndOfSessions(const storage::User& before, const storage::User& after) {
  if (after.state != before.state && after.state == storage::UserState::kDisabled) {
    return std::string(storage::revoke_reasons::kUserDisabled);
  }
  if (after.role != before.role) return std::string(storage::revoke_reasons::kRoleChanged);
  return std::nullopt;
}

bool TriesNames(const std::vector<std::string>& changed) {
  return std::ranges::any_of(
      changed, [](const std::string& field) { return field == "username" || field == "email"; });
}

// The user that `request` makes of `current`.
absl::StatusOr<storage::User> Updated(const v1::UpdateUserRequest& request,
                                      const storage::User& current) {
  GH_RETURN_IF_ERROR(CheckEtag(request.user().etag(), current.version));
  GH_ASSIGN_OR_RETURN(const std::vector<std::string> fields,
                      ResolveMask("update_mask", request.update_mask(), kUserFields));
  storage::User next = current;
  FieldChecks checks;
  ApplyUserFields(request.user(), fields, next, checks);
  GH_RETURN_IF_ERROR(checks.ToStatus());
  return next;
}

}  // namespace

UserService::Result<v1::UpdateUserResponse> UserService::UpdateUser(base::CallContext ctx,
                                                                    v1::UpdateUserRequest request,
                                                                    MutationKey key) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("user_id", request.user_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_RETURN_IF_ERROR(auth::RequireSelfOr(ctx.principal(), *id, auth::Permission::kUsersWrite));
  bool names_allowed = false;
  for (ChangeAttempts attempts(request.user().etag()); attempts.Next();) {
    GH_CO_ASSIGN_OR_RETURN(const storage::User current, co_await ReadUser(ctx, *id));
    GH_CO_ASSIGN_OR_RETURN(storage::User next, Updated(request, current));
    const std::vector<std::string> changed = ChangedUserFields(current, next);
    GH_CO_RETURN_IF_ERROR(co_await MayChange(ctx, current, next.role, changed));
    // Once for a call, however often it tries.
    if (TriesNames(changed) && !std::exchange(names_allowed, true)) {
      GH_CO_RETURN_IF_ERROR(co_await MayTryNames(ctx));
    }

    const base::Time now = deps_.clock.Now();
    v1::UpdateUserResponse response;
    if (changed.empty()) {
      GH_CO_RETURN_IF_ERROR(ToProto(current, *response.mutable_user()));
      co_return co_await deps_.once.Unchanged(ctx, key, now, response);
    }
    next.update_time = now;
    GH_CO_RETURN_IF_ERROR(ToProto(storage::AfterChange(next), *response.mutable_user()));
    if (request.validate_only()) {
      GH_CO_RETURN_IF_ERROR(co_await CheckRoleExists(ctx, next.role));
      GH_CO_RETURN_IF_ERROR(co_await CheckNamesAreFree(ctx, next));
      co_return response;
    }

    const std::optional<std::string> end_sessions = EndOfSessions(current, next);
    std::optional<storage::ChangeEvents> events = UpdateEvents(ctx, now, current, next);
    if (!events) co_return base::InternalError("a field of users has no event that tells of it");
    storage::Change change{.events = *std::move(events),
                           .idempotency = key.WithResponse(response, now)};
    TellFormerAddress(deps_.mail_composer, current, next, now, change);
    if (end_sessions) {
      change.events.Add(SessionsRevokedEvent(ctx, now, next, *end_sessions));
    }
    const absl::StatusOr<int64_t> epoch =
        co_await deps_.users.Update(ctx, next, end_sessions, std::move(change));
    if (attempts.Outrun(epoch.status())) continue;
    GH_CO_RETURN_IF_ERROR(epoch.status());
    if (end_sessions) {
      deps_.authenticator.UserRevoked(next.tenant_id, next.id, *epoch);
    } else if (next.username != current.username) {
      deps_.authenticator.Forget(next.id);
    }
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("user");
}

base::Task<absl::Status> UserService::MayTryNames(base::CallContext ctx) {
  const base::Principal& caller = ctx.principal();
  if (auth::HasPermission(caller, auth::Permission::kUsersRead)) co_return absl::OkStatus();
  co_return co_await limits_.Take(ctx, &limits_.tried_names, caller.id);
}

base::Task<absl::Status> UserService::MayChange(base::CallContext ctx, storage::User before,
                                                std::string role_after,
                                                std::vector<std::string> changed) {
  if (IsSelf(ctx.principal(), before)) {
    GH_CO_RETURN_IF_ERROR(CheckOwnChange(changed));
    // Who reads the mails of the address can have the password reset, or a link that logs in.
    const bool other_address = std::ranges::find(changed, "email") != changed.end();
    co_return other_address ? RequireStepUp(ctx, before) : absl::OkStatus();
  }
  GH_CO_RETURN_IF_ERROR(co_await RequireRoleWithinOwn(ctx, before.role));
  if (role_after == before.role) co_return absl::OkStatus();
  co_return co_await RequireRoleWithinOwn(ctx, std::move(role_after));
}

}  // namespace gatehouse::service
