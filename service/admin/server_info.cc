#include "base/status.h"
#include "gatehouse/v1/admin.pb.h"
#include "service/admin/admin_service.h"
#include "service/admin/operator_rules.h"
#include "service/common/timestamps.h"

namespace gatehouse::service {
namespace {

v1::SettingSource SourceOf(config::Origin origin) {
  switch (origin) {
    case config::Origin::kDefault:
      return v1::SETTING_SOURCE_DEFAULT;
    case config::Origin::kFile:
      return v1::SETTING_SOURCE_FILE;
    case config::Origin::kEnvironment:
      return v1::SETTING_SOURCE_ENVIRONMENT;
    case config::Origin::kCommandLine:
      return v1::SETTING_SOURCE_COMMAND_LINE;
  }
  return v1::SETTING_SOURCE_UNSPECIFIED;
}

}  // namespace

AdminService::Result<v1::GetServerInfoResponse> AdminService::GetServerInfo(
    base::CallContext ctx, v1::GetServerInfoRequest) {
  GH_CO_RETURN_IF_ERROR(RequireOperator(ctx.principal(), auth::Permission::kAdminRead));
  GH_CO_ASSIGN_OR_RETURN(const storage::DatabaseInspection database,
                         co_await deps_.server.Inspect(ctx, deps_.clock.Now()));
  v1::GetServerInfoResponse response;
  response.set_version(facts_.version);
  response.set_build(facts_.build);
  response.set_instance_id(facts_.instance_id);
  SetTimestamp(facts_.start_time, response.mutable_start_time());
  response.set_loops(facts_.loops);
  response.set_schema_version(database.schema_version);
  response.set_newest_schema_version(facts_.newest_schema_version);
  response.set_postgres_version(database.postgres_version);
  for (const config::ShownSetting& setting : facts_.settings) {
    v1::ServerSetting& out = *response.add_settings();
    out.set_name(setting.key);
    out.set_value(setting.value);
    out.set_secret(setting.secret);
    out.set_source(SourceOf(setting.origin));
  }
  co_return response;
}

}  // namespace gatehouse::service
