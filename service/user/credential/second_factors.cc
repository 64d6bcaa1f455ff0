#include <optional>
#include <utility>
#include <vector>

#include "auth/permission/permissions.h"
#include "auth/second_factor/qr_code.h"
#include "auth/second_factor/recovery_codes.h"
#include "auth/second_factor/totp.h"
#include "auth/step_up/step_up.h"
#include "base/reason.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/validate.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

absl::Status NothingToConfirm() {
  return base::MakeError(absl::StatusCode::kFailedPrecondition,
                         "there is no authenticator app to confirm: call EnrollTotp first",
                         {.reason = base::Reason::kSecondFactorState});
}

}  // namespace

UserService::Result<v1::EnrollTotpResponse> UserService::EnrollTotp(base::CallContext ctx,
                                                                    v1::EnrollTotpRequest request,
                                                                    MutationKey key) {
  GH_CO_ASSIGN_OR_RETURN(const storage::User user, co_await ReadSelf(ctx));
  GH_CO_ASSIGN_OR_RETURN(const storage::SecondFactors factors,
                         co_await deps_.second_factors.GetFactors(ctx, user.tenant_id, user.id));
  // One who has an app is told so below.
  GH_CO_RETURN_IF_ERROR(deps_.step_up.Require(ctx.principal(), factors.asks_for_passkeys));
  GH_CO_RETURN_IF_ERROR(
      (co_await VerifyOwnPassword(ctx, user, request.current_password())).status());
  const base::Time now = deps_.clock.Now();
  storage::TotpFactor factor{.tenant_id = user.tenant_id,
                             .user_id = user.id,
                             .secret = auth::MakeTotpSecret(),
                             .create_time = now};
  v1::EnrollTotpResponse response;
  // What retries get is kept without the secret.
  storage::Change change{
      .events = {UserEvent(ctx, now, storage::event_types::kUserTotpEnrolled, user)},
      .idempotency = key.WithResponse(response, now)};
  GH_CO_RETURN_IF_ERROR(co_await deps_.second_factors.Put(ctx, factor, std::move(change)));
  response.set_secret(auth::TotpSecretText(factor.secret));
  response.set_uri(auth::TotpUri(deps_.display_name, user.username, factor.secret));
  response.set_qr_code_png(auth::QrCodePng(response.uri()));
  co_return response;
}

UserService::Result<v1::ConfirmTotpResponse> UserService::ConfirmTotp(
    base::CallContext ctx, v1::ConfirmTotpRequest request, MutationKey key) {
  GH_CO_ASSIGN_OR_RETURN(const storage::User user, co_await ReadSelf(ctx));
  GH_CO_RETURN_IF_ERROR(co_await limits_.Take(ctx, &limits_.own_codes, user.id));
  GH_CO_ASSIGN_OR_RETURN(std::optional<storage::TotpFactor> factor,
                         co_await deps_.second_factors.Get(ctx, user.tenant_id, user.id));
  if (!factor || factor->confirm_time) co_return NothingToConfirm();
  const base::Time now = deps_.clock.Now();
  const std::optional<int64_t> step = auth::MatchTotp(factor->secret, request.code(), now);
  if (!step) co_return base::InvalidField("code", "is not what the app shows now");
  limits_.own_codes.GiveBack(ctx, user.id);

  const auth::RecoveryCodes::Made recovery = deps_.recovery_codes.Make(user.id);
  v1::ConfirmTotpResponse response;
  storage::Change change{
      .events = {UserEvent(ctx, now, storage::event_types::kUserSecondFactorAdded, user)},
      .idempotency = key.WithResponse(response, now)};
  GH_CO_RETURN_IF_ERROR(co_await deps_.second_factors.Confirm(
      ctx, *std::move(factor), *step, recovery.hashes, now, std::move(change)));
  response.mutable_recovery_codes()->Assign(recovery.codes.begin(), recovery.codes.end());
  co_return response;
}

UserService::Result<v1::RemoveTotpResponse> UserService::RemoveTotp(base::CallContext ctx,
                                                                    v1::RemoveTotpRequest request,
                                                                    MutationKey key) {
  FieldChecks checks;
  base::Uuid id = checks.OptionalUuid("user_id", request.user_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  if (id.is_nil()) id = ctx.principal().id;
  GH_CO_RETURN_IF_ERROR(
      auth::RequireSelfOr(ctx.principal(), id, auth::Permission::kUsersSetPassword));
  GH_CO_ASSIGN_OR_RETURN(const storage::User user, co_await ReadUser(ctx, id));
  if (IsSelf(ctx.principal(), user)) {
    if (request.current_password().empty()) {
      co_return base::InvalidField("current_password", "is required of users themselves");
    }
    GH_CO_RETURN_IF_ERROR(RequireStepUp(ctx, user));
    GH_CO_RETURN_IF_ERROR(
        (co_await VerifyOwnPassword(ctx, user, request.current_password())).status());
  } else {
    GH_CO_RETURN_IF_ERROR(co_await RequireRoleWithinOwn(ctx, user.role));
    GH_CO_RETURN_IF_ERROR(deps_.step_up.Require(ctx.principal()));
  }
  const v1::RemoveTotpResponse response;
  const base::Time now = deps_.clock.Now();
  storage::Change change{
      .events = {UserEvent(ctx, now, storage::event_types::kUserSecondFactorRemoved, user)},
      .idempotency = key.WithResponse(response, now)};
  GH_CO_RETURN_IF_ERROR(
      co_await deps_.second_factors.Remove(ctx, user.tenant_id, user.id, now, std::move(change)));
  co_return response;
}

UserService::Result<v1::ReplaceRecoveryCodesResponse> UserService::ReplaceRecoveryCodes(
    base::CallContext ctx, v1::ReplaceRecoveryCodesRequest request, MutationKey key) {
  GH_CO_ASSIGN_OR_RETURN(const storage::User user, co_await ReadSelf(ctx));
  GH_CO_RETURN_IF_ERROR(RequireStepUp(ctx, user));
  GH_CO_RETURN_IF_ERROR(
      (co_await VerifyOwnPassword(ctx, user, request.current_password())).status());
  const auth::RecoveryCodes::Made recovery = deps_.recovery_codes.Make(user.id);
  const base::Time now = deps_.clock.Now();
  v1::ReplaceRecoveryCodesResponse response;
  storage::Change change{
      .events = {UserEvent(ctx, now, storage::event_types::kUserRecoveryCodesReplaced, user)},
      .idempotency = key.WithResponse(response, now)};
  GH_CO_RETURN_IF_ERROR(co_await deps_.second_factors.ReplaceRecoveryCodes(
      ctx, user.tenant_id, user.id, recovery.hashes, std::move(change)));
  response.mutable_recovery_codes()->Assign(recovery.codes.begin(), recovery.codes.end());
  co_return response;
}

}  // namespace gatehouse::service
