#include <string>
#include <utility>

#include "base/status.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/event_type.h"
#include "service/common/json.h"
#include "service/common/timestamps.h"
#include "service/common/validate.h"
#include "service/webhook/webhook_service.h"
#include "storage/event.h"
#include "storage/event_leaf.h"

namespace gatehouse::service {
namespace {

// Refused when it is published, with an error, rather than dropped later.
constexpr size_t kMaxDataBytes = size_t{256} << 10;

}  // namespace

WebhookService::Result<v1::PublishEventResponse> WebhookService::PublishEvent(
    base::CallContext ctx, v1::PublishEventRequest request, MutationKey key) {
  FieldChecks checks;
  CheckOwnEventType(checks, "type", request.type());
  absl::StatusOr<std::string> data =
      JsonFromStruct("data", request.data(), {.max_bytes = kMaxDataBytes});
  checks.Check(data.status());
  if (request.data().fields_size() > static_cast<int>(storage::kMaxDetailMembers)) {
    checks.Fail("data", "must have at most " + std::to_string(storage::kMaxDetailMembers) +
                            " members; nest what belongs together");
  }
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  const base::Time now = deps_.clock.Now();
  storage::Event event = storage::MakeEvent(ctx, now, request.type(), {}, *std::move(data));
  v1::PublishEventResponse response;
  response.set_event_id(event.id.ToString());
  SetTimestamp(now, response.mutable_recorded_time());
  if (request.validate_only()) {
    response.clear_event_id();
    co_return response;
  }
  GH_CO_RETURN_IF_ERROR(
      co_await deps_.events.Append(ctx, std::move(event), key.WithResponse(response, now)));
  co_return response;
}

}  // namespace gatehouse::service
