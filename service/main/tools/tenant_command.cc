#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/log_line.h"
#include "base/status.h"
#include "gatehouse/v1/tenant.pb.h"
#include "service/main/app.h"
#include "service/main/exit_codes.h"
#include "service/main/serve_command.h"
#include "service/main/tools/call_service.h"
#include "service/main/tools/report.h"
#include "service/main/tools/tool_commands.h"
#include "service/tenant/tenant_service.h"

namespace gatehouse::service {
namespace {

constexpr char kTool[] = "tenant";

std::string StateText(v1::TenantState state) {
  switch (state) {
    case v1::TENANT_STATE_ACTIVE:
      return "active";
    case v1::TENANT_STATE_FROZEN:
      return "frozen";
    default:
      return "moved";
  }
}

JsonObject JsonOf(const v1::Tenant& tenant) {
  const std::vector<std::string> hosts(tenant.host_names().begin(), tenant.host_names().end());
  return JsonObject()
      .Add("name", tenant.name())
      .Add("id", tenant.id())
      .Add("state", StateText(tenant.state()))
      .Add("host_names", hosts);
}

std::string TextOf(const v1::Tenant& tenant) {
  return absl::StrCat(tenant.name(), "  ", tenant.id(), "  ", StateText(tenant.state()), "  ",
                      absl::StrJoin(tenant.host_names(), " "));
}

absl::Status List(App& app, Report& report) {
  v1::ListTenantsRequest request;
  do {
    GH_ASSIGN_OR_RETURN(
        const v1::ListTenantsResponse page,
        CallService(app, kTool, app.services().tenants, &TenantService::ListTenants, request));
    for (const v1::Tenant& tenant : page.tenants()) report.Line(TextOf(tenant), JsonOf(tenant));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

absl::Status Create(App& app, const TenantArguments& arguments, Report& report) {
  v1::CreateTenantRequest request;
  request.mutable_tenant()->set_name(arguments.name);
  request.mutable_tenant()->set_display_name(arguments.display_name);
  for (const std::string& host : arguments.host_names) {
    request.mutable_tenant()->add_host_names(host);
  }
  if (!arguments.admin.empty()) {
    request.mutable_admin()->set_username(arguments.admin);
    request.mutable_admin()->set_email(arguments.admin_email);
  }
  GH_ASSIGN_OR_RETURN(
      const v1::CreateTenantResponse created,
      CallService(app, kTool, app.services().tenants, &TenantService::CreateTenant, request));
  JsonObject json = JsonOf(created.tenant());
  std::string text = absl::StrCat("made: ", TextOf(created.tenant()));
  if (!created.admin_token().empty()) {
    json.Add("admin_token", created.admin_token());
    absl::StrAppend(&text,
                    "\nFor its administrator, once and within seven days: ", created.admin_token());
  }
  report.Line(text, json);
  return absl::OkStatus();
}

absl::Status SetState(App& app, const TenantArguments& arguments, v1::TenantState state,
                      Report& report) {
  v1::GetTenantRequest get;
  get.set_name(arguments.name);
  GH_ASSIGN_OR_RETURN(
      const v1::GetTenantResponse found,
      CallService(app, kTool, app.services().tenants, &TenantService::GetTenant, get));
  v1::UpdateTenantRequest update;
  update.set_tenant_id(found.tenant().id());
  update.mutable_tenant()->set_state(state);
  update.mutable_update_mask()->add_paths("state");
  GH_ASSIGN_OR_RETURN(
      const v1::UpdateTenantResponse updated,
      CallService(app, kTool, app.services().tenants, &TenantService::UpdateTenant, update));
  report.Line(TextOf(updated.tenant()), JsonOf(updated.tenant()));
  return absl::OkStatus();
}

absl::Status Run(const config::Config& config, const TenantArguments& arguments) {
  GH_ASSIGN_OR_RETURN(const std::unique_ptr<App> app, AssembleForTool(config));
  Report report = Report::OnStandardOutput(arguments.format);
  switch (arguments.action) {
    case TenantArguments::Action::kList:
      return List(*app, report);
    case TenantArguments::Action::kCreate:
      return Create(*app, arguments, report);
    case TenantArguments::Action::kFreeze:
      return SetState(*app, arguments, v1::TENANT_STATE_FROZEN, report);
    case TenantArguments::Action::kActivate:
      return SetState(*app, arguments, v1::TENANT_STATE_ACTIVE, report);
  }
  return absl::OkStatus();
}

}  // namespace

int RunTenant(const config::Config& config, const TenantArguments& arguments) {
  base::SetLogLevel(*base::ParseLogLevel(config.log.level));
  const absl::Status status = Run(config, arguments);
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace gatehouse::service
