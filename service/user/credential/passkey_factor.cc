// Whether logins of a user by password ask for one of its passkeys.

#include <optional>
#include <string>
#include <utility>

#include "auth/passkey/relying_party.h"
#include "auth/permission/permissions.h"
#include "auth/second_factor/recovery_codes.h"
#include "auth/step_up/step_up.h"
#include "base/reason.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/json.h"
#include "service/common/validate.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

absl::Status CheckForm(const v1::SetPasskeyFactorRequest& request, bool self) {
  FieldChecks checks;
  if (self && request.current_password().empty()) {
    checks.Fail("current_password", "is required of users themselves");
  }
  // Its recovery codes are for nobody else to see.
  if (!self && request.enabled()) checks.Fail("enabled", "only users themselves can set it");
  return checks.ToStatus();
}

storage::Event FactorEvent(const base::CallContext& ctx, base::Time now, const storage::User& user,
                           bool enabled) {
  return UserEvent(ctx, now,
                   enabled ? storage::event_types::kUserSecondFactorAdded
                           : storage::event_types::kUserSecondFactorRemoved,
                   user, JsonObject().Add("factor", "PASSKEY").ToString());
}

absl::Status NoPasskey() {
  return base::MakeError(absl::StatusCode::kFailedPrecondition,
                         "the user has no passkey to be asked for: make one first",
                         {.reason = base::Reason::kSecondFactorState});
}

}  // namespace

UserService::Result<v1::SetPasskeyFactorResponse> UserService::SetPasskeyFactor(
    base::CallContext ctx, v1::SetPasskeyFactorRequest request, MutationKey key) {
  FieldChecks checks;
  base::Uuid id = checks.OptionalUuid("user_id", request.user_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  if (id.is_nil()) id = ctx.principal().id;
  GH_CO_RETURN_IF_ERROR(
      auth::RequireSelfOr(ctx.principal(), id, auth::Permission::kUsersSetPassword));
  const bool self =
      ctx.principal().kind == base::Principal::Kind::kUser && ctx.principal().id == id;
  GH_CO_RETURN_IF_ERROR(CheckForm(request, self));
  if (request.enabled()) GH_CO_RETURN_IF_ERROR(deps_.relying_party.RequireEnabled());
  GH_CO_ASSIGN_OR_RETURN(const storage::User user, co_await ReadUser(ctx, id));
  if (self) {
    GH_CO_RETURN_IF_ERROR(RequireStepUp(ctx, user));
    GH_CO_RETURN_IF_ERROR(
        (co_await VerifyOwnPassword(ctx, user, request.current_password())).status());
  } else {
    GH_CO_RETURN_IF_ERROR(co_await RequireRoleWithinOwn(ctx, user.role));
    GH_CO_RETURN_IF_ERROR(deps_.step_up.Require(ctx.principal()));
  }
  GH_CO_ASSIGN_OR_RETURN(const storage::SecondFactors factors,
                         co_await deps_.second_factors.GetFactors(ctx, user.tenant_id, user.id));
  const base::Time now = deps_.clock.Now();
  v1::SetPasskeyFactorResponse response;
  if (factors.asks_for_passkeys == request.enabled()) {
    co_return co_await deps_.once.Unchanged(ctx, key, now, response);
  }
  // What retries get is kept without the codes.
  storage::Change change{.events = {FactorEvent(ctx, now, user, request.enabled())},
                         .idempotency = key.WithResponse(response, now)};
  if (!request.enabled()) {
    GH_CO_RETURN_IF_ERROR(co_await deps_.second_factors.StopAskingForPasskeys(
        ctx, user.tenant_id, user.id, now, std::move(change)));
    co_return response;
  }
  if (!factors.has_passkeys) co_return NoPasskey();
  auth::RecoveryCodes::Made recovery;
  if (!factors.has_app) recovery = deps_.recovery_codes.Make(user.id);
  GH_CO_RETURN_IF_ERROR(co_await deps_.second_factors.AskForPasskeys(
      ctx, user.tenant_id, user.id, recovery.hashes, now, std::move(change)));
  response.mutable_recovery_codes()->Assign(recovery.codes.begin(), recovery.codes.end());
  co_return response;
}

}  // namespace gatehouse::service
