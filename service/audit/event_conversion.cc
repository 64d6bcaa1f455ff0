#include "service/audit/event_conversion.h"

#include "gatehouse/v1/audit.pb.h"
#include "service/common/json.h"
#include "service/common/timestamps.h"

namespace gatehouse::service {

void EnvelopeToProto(const storage::Event& event, v1::Event& out) {
  out.set_id(event.id.ToString());
  out.set_type(event.type);
  out.set_outcome(static_cast<v1::Outcome>(event.outcome));
  v1::Actor& actor = *out.mutable_actor();
  actor.set_type(event.actor.type);
  actor.set_id(event.actor.id);
  actor.set_label(event.actor.label);
  out.clear_targets();
  for (const storage::EventTarget& target : event.targets) {
    v1::Target& added = *out.add_targets();
    added.set_type(target.type);
    added.set_id(target.id);
    added.set_label(target.label);
  }
  v1::EventContext& context = *out.mutable_context();
  context.set_ip_address(event.ip_address);
  context.set_user_agent(event.user_agent);
  context.set_request_id(event.request_id);
  context.set_trace_id(event.trace_id);
  context.set_session_id(event.session_id);
  SetTimestamp(event.occurred_time, out.mutable_occurred_time());
  SetTimestamp(event.recorded_time, out.mutable_recorded_time());
}

absl::Status ToProto(const storage::LoggedEvent& logged, v1::Event& out) {
  EnvelopeToProto(logged.event, out);
  out.set_index(logged.index);
  out.set_leaf_hash(logged.leaf_hash);
  return StructFromJson(logged.event.details_json, out.mutable_details());
}

}  // namespace gatehouse::service
