// Passkeys of users: how they are made, named and removed. Logins by them are SessionService's.

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth/passkey/passkey_challenge.h"
#include "auth/passkey/passkey_key.h"
#include "auth/passkey/passkey_response.h"
#include "auth/passkey/relying_party.h"
#include "auth/permission/permissions.h"
#include "auth/step_up/step_up.h"
#include "base/reason.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/json.h"
#include "service/common/validate.h"
#include "service/user/credential/credential_conversion.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

constexpr size_t kMaxDisplayNameBytes = 100;

absl::Status PasskeyNotFound() {
  return base::MakeError(absl::StatusCode::kNotFound, "the user has no such passkey",
                         {.reason = base::Reason::kPasskeyNotFound});
}

absl::Status TooManyPasskeys() {
  return base::MakeError(absl::StatusCode::kResourceExhausted,
                         "the user has as many passkeys as it may: remove one before",
                         {.reason = base::Reason::kLimitReached, .quota = "passkeys of a user"});
}

storage::Event PasskeyEvent(const base::CallContext& ctx, base::Time now, std::string_view type,
                            const storage::User& user, const storage::Passkey& passkey,
                            std::string details_json = "{}") {
  storage::Event event = UserEvent(ctx, now, type, user, std::move(details_json));
  event.targets.push_back({"passkey", passkey.id.ToString(), passkey.display_name});
  return event;
}

storage::Event AddedEvent(const base::CallContext& ctx, const storage::User& user,
                          const storage::Passkey& passkey, auth::PasskeyAlgorithm algorithm) {
  return PasskeyEvent(ctx, passkey.create_time, storage::event_types::kUserPasskeyAdded, user,
                      passkey,
                      JsonObject()
                          .Add("algorithm", auth::PasskeyAlgorithmName(algorithm))
                          .Add("aaguid", passkey.aaguid.ToString())
                          .ToString());
}

std::string ShownName(const storage::User& user) {
  const std::string blank = user.first_name.empty() || user.last_name.empty() ? "" : " ";
  const std::string name = user.first_name + blank + user.last_name;
  return name.empty() ? user.username : name;
}

absl::Status CheckDisplayName(const std::string& name) {
  FieldChecks checks;
  checks.Length("display_name", name, 0, kMaxDisplayNameBytes);
  return checks.ToStatus();
}

}  // namespace

absl::Status UserService::RequireStepUp(const base::CallContext& ctx,
                                        const storage::User& user) const {
  return deps_.step_up.Require(ctx.principal(), user.second_factor_time.has_value());
}

UserService::Result<storage::Passkey> UserService::ReadPasskey(base::CallContext ctx,
                                                               base::Uuid user_id, base::Uuid id) {
  GH_CO_ASSIGN_OR_RETURN(std::vector<storage::Passkey> passkeys,
                         co_await deps_.passkeys.List(ctx, ctx.principal().tenant_id, user_id));
  const auto found = std::ranges::find(passkeys, id, &storage::Passkey::id);
  if (found == passkeys.end()) co_return PasskeyNotFound();
  co_return std::move(*found);
}

UserService::Result<v1::StartPasskeyRegistrationResponse> UserService::StartPasskeyRegistration(
    base::CallContext ctx, v1::StartPasskeyRegistrationRequest /*request*/) {
  GH_CO_RETURN_IF_ERROR(deps_.relying_party.RequireEnabled());
  GH_CO_ASSIGN_OR_RETURN(const storage::User user, co_await ReadSelf(ctx));
  GH_CO_RETURN_IF_ERROR(RequireStepUp(ctx, user));
  GH_CO_ASSIGN_OR_RETURN(const std::vector<storage::Passkey> passkeys,
                         co_await deps_.passkeys.List(ctx, user.tenant_id, user.id));
  if (passkeys.size() >= storage::PasskeyStore::kMaxPerUser) co_return TooManyPasskeys();
  std::vector<auth::PasskeyHint> exclude;
  for (const storage::Passkey& passkey : passkeys) {
    exclude.push_back({.credential_id = passkey.credential_id, .transports = passkey.transports});
  }
  v1::StartPasskeyRegistrationResponse response;
  response.set_options_json(deps_.relying_party.CreationOptions({.tenant_id = user.tenant_id,
                                                                 .id = user.id,
                                                                 .username = user.username,
                                                                 .display_name = ShownName(user)},
                                                                exclude, deps_.clock.Now()));
  co_return response;
}

UserService::Result<v1::FinishPasskeyRegistrationResponse> UserService::FinishPasskeyRegistration(
    base::CallContext ctx, v1::FinishPasskeyRegistrationRequest request, MutationKey key) {
  GH_CO_RETURN_IF_ERROR(deps_.relying_party.RequireEnabled());
  GH_CO_RETURN_IF_ERROR(CheckDisplayName(request.display_name()));
  const base::Time now = deps_.clock.Now();
  GH_CO_ASSIGN_OR_RETURN(auth::RegistrationResponse answer,
                         auth::ParseRegistrationResponse(request.passkey_json()));
  GH_CO_ASSIGN_OR_RETURN(const auth::PasskeyChallenge challenge,
                         deps_.relying_party.ReadChallenge(
                             answer.client_data_json, auth::PasskeyPurpose::kRegistration, now));
  GH_CO_ASSIGN_OR_RETURN(auth::NewPasskey made, deps_.relying_party.ReadRegistration(answer));
  GH_CO_ASSIGN_OR_RETURN(const storage::User user, co_await ReadSelf(ctx));
  if (challenge.tenant_id != user.tenant_id || challenge.user_id != user.id) {
    co_return base::MakeError(absl::StatusCode::kInvalidArgument,
                              "the passkey's answer is to a challenge of somebody else",
                              {.reason = base::Reason::kPasskeyInvalid});
  }
  GH_CO_RETURN_IF_ERROR(RequireStepUp(ctx, user));
  storage::Passkey passkey{.tenant_id = user.tenant_id,
                           .user_id = user.id,
                           .id = base::Uuid::MakeV7(now),
                           .credential_id = std::move(made.credential_id),
                           .algorithm = static_cast<int32_t>(made.key.algorithm),
                           .public_key = std::move(made.key.bytes),
                           .sign_count = made.sign_count,
                           .aaguid = made.aaguid,
                           .transports = std::move(answer.transports),
                           .backup_eligible = made.backup_eligible,
                           .backed_up = made.backed_up,
                           .display_name = request.display_name(),
                           .create_time = now};
  v1::FinishPasskeyRegistrationResponse response;
  ToProto(passkey, *response.mutable_passkey());
  storage::Change change{.events = {AddedEvent(ctx, user, passkey, made.key.algorithm)},
                         .idempotency = key.WithResponse(response, now)};
  GH_CO_RETURN_IF_ERROR(co_await deps_.passkeys.Add(
      ctx, std::move(passkey), {.nonce = challenge.nonce, .expire_time = challenge.expire_time},
      std::move(change)));
  co_return response;
}

UserService::Result<v1::ListPasskeysResponse> UserService::ListPasskeys(
    base::CallContext ctx, v1::ListPasskeysRequest request) {
  FieldChecks checks;
  base::Uuid id = checks.OptionalUuid("user_id", request.user_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  if (id.is_nil()) id = ctx.principal().id;
  GH_CO_RETURN_IF_ERROR(auth::RequireSelfOr(ctx.principal(), id, auth::Permission::kUsersRead));
  GH_CO_ASSIGN_OR_RETURN(const storage::User user, co_await ReadUser(ctx, id));
  GH_CO_ASSIGN_OR_RETURN(const std::vector<storage::Passkey> passkeys,
                         co_await deps_.passkeys.List(ctx, user.tenant_id, user.id));
  v1::ListPasskeysResponse response;
  for (const storage::Passkey& passkey : passkeys) ToProto(passkey, *response.add_passkeys());
  if (user.second_factor_time) {
    GH_CO_ASSIGN_OR_RETURN(const storage::SecondFactors factors,
                           co_await deps_.second_factors.GetFactors(ctx, user.tenant_id, user.id));
    response.set_second_factor(factors.asks_for_passkeys);
  }
  co_return response;
}

UserService::Result<v1::RenamePasskeyResponse> UserService::RenamePasskey(
    base::CallContext ctx, v1::RenamePasskeyRequest request, MutationKey key) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("passkey_id", request.passkey_id());
  checks.Length("display_name", request.display_name(), 0, kMaxDisplayNameBytes);
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_ASSIGN_OR_RETURN(const storage::User user, co_await ReadSelf(ctx));
  GH_CO_ASSIGN_OR_RETURN(storage::Passkey passkey, co_await ReadPasskey(ctx, user.id, *id));
  const base::Time now = deps_.clock.Now();
  const bool same = passkey.display_name == request.display_name();
  passkey.display_name = request.display_name();
  v1::RenamePasskeyResponse response;
  ToProto(passkey, *response.mutable_passkey());
  if (same) co_return co_await deps_.once.Unchanged(ctx, key, now, response);
  if (request.validate_only()) co_return response;
  storage::Change change{
      .events = {PasskeyEvent(ctx, now, storage::event_types::kUserPasskeyRenamed, user, passkey)},
      .idempotency = key.WithResponse(response, now)};
  GH_CO_RETURN_IF_ERROR(co_await deps_.passkeys.Rename(ctx, user.tenant_id, user.id, passkey.id,
                                                       passkey.display_name, std::move(change)));
  co_return response;
}

UserService::Result<v1::RemovePasskeyResponse> UserService::RemovePasskey(
    base::CallContext ctx, v1::RemovePasskeyRequest request, MutationKey key) {
  FieldChecks checks;
  base::Uuid user_id = checks.OptionalUuid("user_id", request.user_id());
  const std::optional<base::Uuid> id = checks.RequireUuid("passkey_id", request.passkey_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  if (user_id.is_nil()) user_id = ctx.principal().id;
  GH_CO_RETURN_IF_ERROR(
      auth::RequireSelfOr(ctx.principal(), user_id, auth::Permission::kUsersSetPassword));
  GH_CO_ASSIGN_OR_RETURN(const storage::User user, co_await ReadUser(ctx, user_id));
  if (IsSelf(ctx.principal(), user)) {
    GH_CO_RETURN_IF_ERROR(RequireStepUp(ctx, user));
  } else {
    GH_CO_RETURN_IF_ERROR(co_await RequireRoleWithinOwn(ctx, user.role));
    GH_CO_RETURN_IF_ERROR(deps_.step_up.Require(ctx.principal()));
  }
  GH_CO_ASSIGN_OR_RETURN(const storage::Passkey passkey, co_await ReadPasskey(ctx, user.id, *id));
  const v1::RemovePasskeyResponse response;
  if (request.validate_only()) co_return response;
  const base::Time now = deps_.clock.Now();
  storage::Change change{
      .events = {PasskeyEvent(ctx, now, storage::event_types::kUserPasskeyRemoved, user, passkey)},
      .idempotency = key.WithResponse(response, now)};
  GH_CO_RETURN_IF_ERROR(
      co_await deps_.passkeys.Remove(ctx, user.tenant_id, user.id, passkey.id, std::move(change)));
  co_return response;
}

}  // namespace gatehouse::service
