#include "service/alert/alert_conversion.h"

#include "auth/permission/permissions.h"
#include "base/status.h"
#include "gatehouse/v1/alert.pb.h"
#include "service/alert/alert_message.h"
#include "service/common/etag.h"
#include "service/common/json.h"
#include "service/common/timestamps.h"

namespace gatehouse::service {
namespace {

void ToProto(const storage::AlertActor& from, v1::Actor& to) {
  to.set_type(from.type);
  to.set_id(from.id);
}

}  // namespace

bool SeesServerAlerts(const base::Principal& principal) {
  return auth::HasPermission(principal, auth::Permission::kAdminRead);
}

absl::Status ToProto(const storage::Alert& from, v1::Alert& to) {
  to.set_id(from.id.ToString());
  to.set_kind(static_cast<v1::AlertKind>(from.key.kind));
  to.set_severity(static_cast<v1::AlertSeverity>(storage::SeverityOf(from.key.kind, from.level)));
  to.set_state(static_cast<v1::AlertState>(from.state));
  if (!from.key.endpoint_id.is_nil()) to.set_endpoint_id(from.key.endpoint_id.ToString());
  SetTimestamp(from.first_occurred_time, to.mutable_first_occurred_time());
  SetTimestamp(from.last_occurred_time, to.mutable_last_occurred_time());
  to.set_occurrence_count(from.occurrence_count);
  to.set_message(MessageOf(from));
  GH_RETURN_IF_ERROR(StructFromJson(from.details_json, to.mutable_details()));
  to.set_level(from.level);
  if (from.acknowledged) {
    ToProto(*from.acknowledged, *to.mutable_acknowledged_by());
    SetTimestamp(from.acknowledged->time, to.mutable_acknowledged_time());
  }
  if (from.state == storage::AlertState::kResolved && from.resolved) {
    ToProto(*from.resolved, *to.mutable_resolved_by());
    SetTimestamp(from.resolved->time, to.mutable_resolved_time());
    to.set_resolution(from.resolution);
  }
  to.set_etag(MakeEtag(from.version));
  return absl::OkStatus();
}

}  // namespace gatehouse::service
