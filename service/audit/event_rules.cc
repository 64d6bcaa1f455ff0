#include "service/audit/event_rules.h"

#include <string>
#include <utility>

#include "base/status.h"
#include "gatehouse/v1/audit.pb.h"
#include "service/common/event_type.h"
#include "service/common/json.h"
#include "service/common/timestamps.h"
#include "service/common/validate.h"
#include "storage/event_leaf.h"

namespace gatehouse::service {
namespace {

// As the .proto file promises.
constexpr size_t kMaxKindBytes = 64;
constexpr size_t kMaxLabelBytes = 254;
constexpr size_t kMaxContextIdBytes = 128;
constexpr size_t kMaxUserAgentBytes = 512;
constexpr JsonLimits kDetailsLimits{.max_bytes = size_t{64} << 10};

void ReadActor(const v1::Actor& actor, FieldChecks& checks, storage::Event& event) {
  checks.Length("event.actor.type", actor.type(), 1, kMaxKindBytes);
  checks.Length("event.actor.id", actor.id(), 0, kMaxEventIdBytes);
  checks.Length("event.actor.label", actor.label(), 0, kMaxLabelBytes);
  event.actor = {actor.type(), actor.id(), actor.label()};
}

void ReadTargets(const v1::Event& in, FieldChecks& checks, storage::Event& event) {
  if (in.targets_size() > static_cast<int>(storage::kMaxEventTargets)) {
    checks.Fail("event.targets", "must be at most " + std::to_string(storage::kMaxEventTargets));
    return;
  }
  for (int i = 0; i < in.targets_size(); ++i) {
    const v1::Target& target = in.targets(i);
    const std::string field = "event.targets[" + std::to_string(i) + "].";
    checks.Length(field + "type", target.type(), 1, kMaxKindBytes);
    checks.Length(field + "id", target.id(), 1, kMaxEventIdBytes);
    checks.Length(field + "label", target.label(), 0, kMaxLabelBytes);
    event.targets.push_back({target.type(), target.id(), target.label()});
  }
}

void ReadContext(const v1::EventContext& context, FieldChecks& checks, storage::Event& event) {
  checks.Length("event.context.ip_address", context.ip_address(), 0, kMaxContextIdBytes);
  checks.Length("event.context.user_agent", context.user_agent(), 0, kMaxUserAgentBytes);
  checks.Length("event.context.request_id", context.request_id(), 0, kMaxContextIdBytes);
  checks.Length("event.context.trace_id", context.trace_id(), 0, kMaxContextIdBytes);
  checks.Length("event.context.session_id", context.session_id(), 0, kMaxContextIdBytes);
  event.ip_address = context.ip_address();
  event.user_agent = context.user_agent();
  event.request_id = context.request_id();
  event.trace_id = context.trace_id();
  event.session_id = context.session_id();
}

void ReadDetails(const v1::Event& in, FieldChecks& checks, storage::Event& event) {
  if (!in.has_details()) return;
  if (in.details().fields_size() > static_cast<int>(storage::kMaxDetailMembers)) {
    checks.Fail("event.details", "must have at most " + std::to_string(storage::kMaxDetailMembers) +
                                     " members; nest what belongs together");
    return;
  }
  absl::StatusOr<std::string> json = JsonFromStruct("event.details", in.details(), kDetailsLimits);
  if (checks.Check(json.status())) event.details_json = *std::move(json);
}

void ReadOutcome(const v1::Event& in, FieldChecks& checks, storage::Event& event) {
  if (!v1::Outcome_IsValid(in.outcome())) {
    checks.Fail("event.outcome", "must be SUCCESS, FAILURE or DENIED");
  } else if (in.outcome() != v1::OUTCOME_UNSPECIFIED) {
    event.outcome = static_cast<storage::Outcome>(in.outcome());
  }
}

}  // namespace

absl::StatusOr<storage::Event> EventFromProto(const base::CallContext& ctx, base::Time now,
                                              const v1::Event& in) {
  FieldChecks checks;
  CheckOwnEventType(checks, "event.type", in.type());
  storage::Event event = storage::MakeEvent(ctx, now, in.type(), {});
  event.has_envelope = true;
  ReadOutcome(in, checks, event);
  if (in.has_actor()) ReadActor(in.actor(), checks, event);
  ReadTargets(in, checks, event);
  if (in.has_context()) ReadContext(in.context(), checks, event);
  ReadDetails(in, checks, event);
  if (in.has_occurred_time()) {
    const absl::StatusOr<base::Time> time =
        TimeFromProto("event.occurred_time", in.occurred_time());
    if (checks.Check(time.status())) event.occurred_time = *time;
  }
  GH_RETURN_IF_ERROR(checks.ToStatus());
  return event;
}

}  // namespace gatehouse::service
