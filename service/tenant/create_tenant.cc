#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth/password/breached/breached_passwords.h"
#include "auth/password/password_hasher.h"
#include "auth/password/password_policy.h"
#include "auth/signing_key/key_rotation.h"
#include "auth/tenant/tenant_directory.h"
#include "auth/token/one_time_token.h"
#include "base/status.h"
#include "gatehouse/v1/tenant.pb.h"
#include "service/admin/operator_rules.h"
#include "service/common/account_names.h"
#include "service/common/json.h"
#include "service/common/timestamps.h"
#include "service/common/validate.h"
#include "service/tenant/tenant_fields.h"
#include "service/tenant/tenant_service.h"
#include "storage/event.h"
#include "storage/event_types.h"
#include "storage/tenant_event.h"

namespace gatehouse::service {
namespace {

namespace event_types = storage::event_types;

// Until somebody who was written to has read it.
constexpr base::Duration kAdminTokenLifetime = std::chrono::days(7);
constexpr char kAdminRole[] = "admin";

// What a request describes.
struct Wanted {
  storage::Tenant tenant;
  // Whom it asks for, and the password in the form to hash; empty: none.
  std::optional<storage::User> admin;
  std::string password;
};

storage::User ReadAdmin(const v1::TenantAdmin& proto, const storage::Tenant& tenant,
                        FieldChecks& checks) {
  storage::User user{.tenant_id = tenant.id,
                     .id = base::Uuid::MakeV7(tenant.create_time),
                     .role = kAdminRole,
                     .create_time = tenant.create_time,
                     .update_time = tenant.create_time};
  if (auto name = ReadUsername("admin.username", proto.username(), checks)) {
    user.username = std::move(name->text);
    user.username_key = std::move(name->key);
  }
  if (proto.email().empty()) return user;
  if (auto email = ReadEmail("admin.email", proto.email(), checks)) {
    user.email = std::move(email->text);
    user.email_key = std::move(email->key);
  }
  return user;
}

absl::StatusOr<Wanted> Read(const v1::CreateTenantRequest& request, base::Time now) {
  Wanted wanted{.tenant = {.id = base::Uuid::MakeV7(now),
                           .name = request.tenant().name(),
                           .create_time = now,
                           .update_time = now}};
  FieldChecks checks;
  if (!storage::IsTenantName(wanted.tenant.name)) {
    checks.Fail("tenant.name",
                "must have 1 to 63 lower-case letters, digits and '-', a letter first and no '-' "
                "last, and be no UUID");
  }
  const std::vector<std::string> all(kTenantFields.begin(), kTenantFields.end());
  ApplyTenantFields(request.tenant(), all, wanted.tenant, checks);
  if (request.has_admin()) {
    wanted.admin = ReadAdmin(request.admin(), wanted.tenant, checks);
    if (!request.admin().password().empty()) {
      auto password = auth::CheckNewPassword(
          "admin.password", request.admin().password(),
          {.username = wanted.admin->username,
           .email = wanted.admin->email ? *wanted.admin->email : std::string_view()});
      if (checks.Check(password.status())) wanted.password = *std::move(password);
    }
  }
  GH_RETURN_IF_ERROR(checks.ToStatus());
  return wanted;
}

// In the log of the tenant, where it is among the first.
storage::Event AdminEvent(const base::CallContext& ctx, std::string_view type,
                          const storage::User& user, std::string details_json = "{}") {
  return storage::ForTenant(
      storage::MakeEvent(ctx, user.create_time, std::string(type),
                         {{.type = "user", .id = user.id.ToString(), .label = user.username}},
                         std::move(details_json)),
      user.tenant_id);
}

}  // namespace

TenantService::Result<TenantService::MadeAdmin> TenantService::MakeAdmin(base::CallContext ctx,
                                                                         storage::User user,
                                                                         std::string password) {
  MadeAdmin made;
  if (!password.empty()) {
    GH_CO_ASSIGN_OR_RETURN(made.admin.password_hash,
                           co_await deps_.hasher.Hash(ctx, std::move(password)));
  } else {
    auth::OneTimeTokenCodec::Made token =
        deps_.token_codec.Make(storage::OneTimePurpose::kPasswordReset, user.tenant_id, user.id);
    made.token = std::move(token.token);
    made.admin.token = {.key = std::move(token.key),
                        .create_time = user.create_time,
                        .expire_time = user.create_time + kAdminTokenLifetime};
  }
  made.admin.user = std::move(user);
  co_return made;
}

TenantService::Result<v1::CreateTenantResponse> TenantService::CreateTenant(
    base::CallContext ctx, v1::CreateTenantRequest request, MutationKey key) {
  GH_CO_RETURN_IF_ERROR(RequireOperator(ctx.principal(), auth::Permission::kAdminWrite));
  const base::Time now = deps_.clock.Now();
  GH_CO_ASSIGN_OR_RETURN(Wanted wanted, Read(request, now));
  if (deps_.breached != nullptr && !wanted.password.empty()) {
    GH_CO_RETURN_IF_ERROR(co_await deps_.breached->Refuse(ctx, "admin.password", wanted.password));
  }

  v1::CreateTenantResponse response;
  GH_CO_RETURN_IF_ERROR(ToProto(wanted.tenant, *response.mutable_tenant()));
  if (wanted.admin) response.set_admin_user_id(wanted.admin->id.ToString());
  if (request.validate_only()) {
    GH_CO_RETURN_IF_ERROR(co_await deps_.tenants.RequireFree(ctx, wanted.tenant));
    co_return response;
  }
  storage::NewTenant made{.tenant = wanted.tenant,
                          .key = deps_.rotation.MakeFirst(wanted.tenant.id),
                          .admin = std::nullopt};
  storage::Change change{.events =
                             TenantEvents(ctx, now, event_types::kTenantCreated, made.tenant)};
  std::string token;
  if (wanted.admin) {
    change.events.Add(AdminEvent(ctx, event_types::kUserCreated, *wanted.admin,
                                 JsonObject().Add("role", wanted.admin->role).ToString()));
    GH_CO_ASSIGN_OR_RETURN(MadeAdmin admin, co_await MakeAdmin(ctx, *std::move(wanted.admin),
                                                               std::move(wanted.password)));
    if (admin.admin.token) {
      change.events.Add(AdminEvent(ctx, event_types::kUserPasswordResetStarted, admin.admin.user));
      SetTimestamp(admin.admin.token->expire_time, response.mutable_admin_token_expire_time());
    }
    token = std::move(admin.token);
    made.admin = std::move(admin.admin);
  }
  change.idempotency = key.WithResponse(response, now);
  const storage::Tenant tenant = made.tenant;
  GH_CO_RETURN_IF_ERROR(co_await deps_.tenants.Create(ctx, std::move(made), std::move(change)));
  // Before its name is known here: without the key nobody logs in there.
  GH_CO_RETURN_IF_ERROR(co_await deps_.rotation.Load(ctx));
  deps_.directory.Put(tenant);
  response.set_admin_token(std::move(token));
  co_return response;
}

}  // namespace gatehouse::service
