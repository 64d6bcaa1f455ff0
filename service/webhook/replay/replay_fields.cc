#include "service/webhook/replay/replay_fields.h"

#include "gatehouse/v1/webhook_replay.pb.h"
#include "service/common/timestamps.h"

namespace gatehouse::service {

void ToProto(const storage::Replay& from, v1::Replay& to) {
  to.set_id(from.id.ToString());
  to.set_endpoint_id(from.endpoint_id.ToString());
  to.set_from_index(from.first_index);
  to.set_to_index(from.last_index);
  to.mutable_event_types()->Assign(from.event_types.begin(), from.event_types.end());
  for (const int32_t outcome : from.outcomes) {
    to.add_outcomes(static_cast<v1::DeliveryOutcome>(outcome));
  }
  to.set_max_events_per_second(from.max_per_second);
  to.set_state(static_cast<v1::ReplayState>(from.state));
  to.set_failure(from.failure);
  to.set_hold(static_cast<v1::ReplayHold>(from.hold));
  to.set_position(from.position);
  to.set_scanned_count(from.scanned_count());
  to.set_matched_count(from.matched_count);
  to.set_scheduled_count(from.scheduled_count);
  to.set_skipped_count(from.matched_count - from.scheduled_count);
  SetTimestamp(from.create_time, to.mutable_create_time());
  if (from.start_time) SetTimestamp(*from.start_time, to.mutable_start_time());
  if (from.end_time) SetTimestamp(*from.end_time, to.mutable_end_time());
}

}  // namespace gatehouse::service
