#include <google/protobuf/timestamp.pb.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "base/log_line.h"
#include "base/status.h"
#include "base/uuid.h"
#include "gatehouse/v1/admin.pb.h"
#include "service/admin/admin_service.h"
#include "service/main/app.h"
#include "service/main/exit_codes.h"
#include "service/main/serve_command.h"
#include "service/main/tools/call_service.h"
#include "service/main/tools/report.h"
#include "service/main/tools/tool_commands.h"

namespace gatehouse::service {
namespace {

constexpr char kTool[] = "keys";

std::string TimeText(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(time.seconds()),
                          absl::UTCTimeZone());
}

std::string StateText(v1::SigningKeyState state) {
  switch (state) {
    case v1::SIGNING_KEY_STATE_PUBLISHED:
      return "published";
    case v1::SIGNING_KEY_STATE_SIGNING:
      return "signing";
    default:
      return "retired";
  }
}

void Tell(const v1::SigningKey& key, const std::string& what, Report& report) {
  JsonObject json;
  json.Add("key_id", key.key_id()).Add("algorithm", key.algorithm());
  json.Add("state", StateText(key.state())).Add("active_from", TimeText(key.active_from_time()));
  std::string text =
      absl::StrCat(what, key.key_id(), "  ", key.algorithm(), "  ", StateText(key.state()),
                   "  from ", TimeText(key.active_from_time()));
  if (key.has_retire_time()) {
    json.Add("retire_time", TimeText(key.retire_time()));
    absl::StrAppend(&text, "  until ", TimeText(key.retire_time()));
  }
  report.Line(text, json);
}

absl::Status List(const config::Config& config, const KeysListArguments& arguments) {
  GH_ASSIGN_OR_RETURN(const std::unique_ptr<App> app, AssembleForTool(config));
  GH_ASSIGN_OR_RETURN(const base::Uuid tenant_id, app->TenantNamed(arguments.tenant));
  v1::ListSigningKeysRequest request;
  request.set_tenant_id(tenant_id.ToString());
  GH_ASSIGN_OR_RETURN(
      const v1::ListSigningKeysResponse listed,
      CallService(*app, kTool, app->services().admin, &AdminService::ListSigningKeys, request));
  Report report = Report::OnStandardOutput(arguments.format);
  for (const v1::SigningKey& key : listed.keys()) Tell(key, "", report);
  return absl::OkStatus();
}

absl::Status Rotate(const config::Config& config, const KeysRotateArguments& arguments) {
  GH_ASSIGN_OR_RETURN(const std::unique_ptr<App> app, AssembleForTool(config));
  GH_ASSIGN_OR_RETURN(const base::Uuid tenant_id, app->TenantNamed(arguments.tenant));
  v1::RotateSigningKeyRequest request;
  request.set_tenant_id(tenant_id.ToString());
  request.set_emergency(arguments.emergency);
  request.set_validate_only(arguments.dry_run);
  GH_ASSIGN_OR_RETURN(
      const v1::RotateSigningKeyResponse rotated,
      CallService(*app, kTool, app->services().admin, &AdminService::RotateSigningKey, request));
  Report report = Report::OnStandardOutput(arguments.format);
  if (!rotated.has_key()) {
    report.Line("A successor is published already; nothing was changed.",
                JsonObject().AddBool("rotated", false));
    return absl::OkStatus();
  }
  Tell(rotated.key(), arguments.dry_run ? "would be made: " : "made: ", report);
  const std::vector<std::string> deleted(rotated.deleted_key_ids().begin(),
                                         rotated.deleted_key_ids().end());
  if (!deleted.empty()) {
    report.Line(absl::StrCat(arguments.dry_run ? "would be deleted: " : "deleted: ",
                             absl::StrJoin(deleted, " ")),
                JsonObject().Add("deleted", deleted));
  }
  return absl::OkStatus();
}

}  // namespace

int RunKeysList(const config::Config& config, const KeysListArguments& arguments) {
  base::SetLogLevel(*base::ParseLogLevel(config.log.level));
  const absl::Status status = List(config, arguments);
  return status.ok() ? kExitOk : Fail(status);
}

int RunKeysRotate(const config::Config& config, const KeysRotateArguments& arguments) {
  base::SetLogLevel(*base::ParseLogLevel(config.log.level));
  const absl::Status status = Rotate(config, arguments);
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace gatehouse::service
