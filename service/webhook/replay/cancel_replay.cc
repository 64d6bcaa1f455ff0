#include <optional>
#include <utility>

#include "base/status.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/change_attempts.h"
#include "service/common/json.h"
#include "service/common/validate.h"
#include "service/webhook/replay/replay_event.h"
#include "service/webhook/replay/replay_fields.h"
#include "service/webhook/webhook_service.h"
#include "storage/event_types.h"

namespace gatehouse::service {

WebhookService::Result<v1::CancelReplayResponse> WebhookService::CancelReplay(
    base::CallContext ctx, v1::CancelReplayRequest request, MutationKey key) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("replay_id", request.replay_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  // It moves on by itself meanwhile.
  for (ChangeAttempts attempts(""); attempts.Next();) {
    GH_CO_ASSIGN_OR_RETURN(storage::Replay replay, co_await ReadReplay(ctx, *id));
    const base::Time now = deps_.clock.Now();
    v1::CancelReplayResponse response;
    if (replay.end_time) {
      ToProto(replay, *response.mutable_replay());
      if (request.validate_only()) co_return response;
      co_return co_await deps_.once.Unchanged(ctx, key, now, response);
    }
    replay.state = storage::ReplayState::kCancelled;
    replay.hold = storage::ReplayHold::kNone;
    replay.end_time = now;
    ToProto(replay, *response.mutable_replay());
    if (request.validate_only()) co_return response;
    storage::Change change{
        .events = {ReplayEvent(
            ctx, now, storage::event_types::kWebhookReplayCancelled, replay,
            JsonObject().AddNumber("scheduled", replay.scheduled_count).ToString())},
        .idempotency = key.WithResponse(response, now)};
    const absl::Status cancelled =
        co_await deps_.replays.Finish(ctx, std::move(replay), std::move(change));
    if (attempts.Outrun(cancelled)) continue;
    GH_CO_RETURN_IF_ERROR(cancelled);
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("replay");
}

}  // namespace gatehouse::service
