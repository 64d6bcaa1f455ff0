#include "service/alert/alert_conversion.h"

#include "auth/permission/permissions.h"
#include "base/status.h"
#include "gatehouse/v1/alert.pb.h"
#include "service/common/etag.h"
#include "service/common/json.h"
#include "service/common/timestamps.h"

namespace gatehouse::service {
namespace {

using storage::AlertKind;

void ToProto(const storage::AlertActor& from, v1::Actor& to) {
  to.set_type(from.type);
  to.set_id(from.id);
}

}  // namespace

bool SeesServerAlerts(const base::Principal& principal) {
  return auth::HasPermission(principal, auth::Permission::kAdminRead);
}

std::string MessageOf(const storage::Alert& alert) {
  switch (alert.key.kind) {
    case AlertKind::kFailing:
      return "The endpoint has had no success for " + std::to_string(alert.level) +
             " % of the time after which it is disabled.";
    case AlertKind::kDisabled:
      return "The endpoint was disabled; it gets nothing until it is resumed.";
    case AlertKind::kExhausted:
      return "Events failed at every attempt at the endpoint, and are not tried again by "
             "themselves.";
    case AlertKind::kCertificateExpiring:
      return "The certificate of the endpoint's receiver expires soon; nothing is sent to it "
             "after that.";
    case AlertKind::kBacklog:
      return "Events have waited long for their first attempt at the endpoint.";
    case AlertKind::kLogHalted:
      return "The log stands still until an operator resets it.";
    case AlertKind::kPartitionLate:
      return "A partition that today or tomorrow needs is missing.";
    case AlertKind::kSigningKeyOverdue:
      return "No key signs, or the one that does has no successor though it is due.";
  }
  return "";
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
