#include <google/protobuf/util/json_util.h>

#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/async/run_on_loop.h"
#include "base/log_line.h"
#include "base/status.h"
#include "gatehouse/v1/tenant.pb.h"
#include "migrations/schema_state.h"
#include "service/common/idempotent.h"
#include "service/config/secrets.h"
#include "service/main/commands.h"
#include "service/main/config_check.h"
#include "service/main/exit_codes.h"
#include "service/main/serve_command.h"
#include "service/tenant/tenant_service.h"

namespace gatehouse::service {
namespace {

// In the events of what it does.
constexpr char kActor[] = "tenant";

// One line of JSON.
absl::Status Print(const google::protobuf::Message& message) {
  std::string line;
  if (!google::protobuf::util::MessageToJsonString(message, &line).ok()) {
    return base::InternalError("an answer cannot be written as JSON");
  }
  std::cout << line << "\n";
  return absl::OkStatus();
}

// Calls the handlers that serve callers, as the server itself.
class TenantCommand {
 public:
  explicit TenantCommand(App& app) : app_(app) {}

  absl::Status List() {
    v1::ListTenantsRequest request;
    do {
      GH_ASSIGN_OR_RETURN(
          const v1::ListTenantsResponse page,
          base::RunOnLoop<absl::StatusOr<v1::ListTenantsResponse>>(
              app_.loop(), [&] { return tenants().ListTenants(Context(), request); }));
      for (const v1::Tenant& tenant : page.tenants()) GH_RETURN_IF_ERROR(Print(tenant));
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return absl::OkStatus();
  }

  absl::Status Create(const TenantOrder& order) {
    v1::CreateTenantRequest request;
    request.mutable_tenant()->set_name(order.name);
    request.mutable_tenant()->set_display_name(order.display_name);
    for (const std::string& host : order.host_names) request.mutable_tenant()->add_host_names(host);
    if (!order.admin.empty()) {
      request.mutable_admin()->set_username(order.admin);
      request.mutable_admin()->set_email(order.admin_email);
    }
    GH_ASSIGN_OR_RETURN(const v1::CreateTenantResponse created,
                        base::RunOnLoop<absl::StatusOr<v1::CreateTenantResponse>>(app_.loop(), [&] {
                          return tenants().CreateTenant(Context(), request, MutationKey());
                        }));
    return Print(created);
  }

  absl::Status SetState(const TenantOrder& order, v1::TenantState state) {
    v1::GetTenantRequest get;
    get.set_name(order.name);
    GH_ASSIGN_OR_RETURN(const v1::GetTenantResponse found,
                        base::RunOnLoop<absl::StatusOr<v1::GetTenantResponse>>(
                            app_.loop(), [&] { return tenants().GetTenant(Context(), get); }));
    v1::UpdateTenantRequest update;
    update.set_tenant_id(found.tenant().id());
    update.mutable_tenant()->set_state(state);
    update.mutable_update_mask()->add_paths("state");
    GH_ASSIGN_OR_RETURN(const v1::UpdateTenantResponse updated,
                        base::RunOnLoop<absl::StatusOr<v1::UpdateTenantResponse>>(app_.loop(), [&] {
                          return tenants().UpdateTenant(Context(), update, MutationKey());
                        }));
    return Print(updated.tenant());
  }

 private:
  TenantService& tenants() { return app_.services().tenants; }
  base::CallContext Context() { return app_.SystemContext(kActor); }

  App& app_;
};

absl::Status Run(const config::Config& config, const TenantOrder& order) {
  GH_RETURN_IF_ERROR(CheckDatabaseSettings(config.database));
  GH_ASSIGN_OR_RETURN(config::Secrets secrets, config::LoadSecrets(config.auth));
  GH_RETURN_IF_ERROR(
      migrations::CheckDatabaseAndSchema(config.database.direct(), config.database.password_file));
  GH_ASSIGN_OR_RETURN(const std::unique_ptr<App> app,
                      App::Assemble({.config = config, .secrets = std::move(secrets)}));
  TenantCommand command(*app);
  switch (order.action) {
    case TenantOrder::Action::kList:
      return command.List();
    case TenantOrder::Action::kCreate:
      return command.Create(order);
    case TenantOrder::Action::kFreeze:
      return command.SetState(order, v1::TENANT_STATE_FROZEN);
    case TenantOrder::Action::kActivate:
      return command.SetState(order, v1::TENANT_STATE_ACTIVE);
  }
  return absl::OkStatus();
}

}  // namespace

int RunTenant(const config::Config& config, const TenantOrder& order) {
  base::SetLogLevel(*base::ParseLogLevel(config.log.level));
  const absl::Status status = Run(config, order);
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace gatehouse::service
