#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/timestamps.h"
#include "service/common/validate.h"
#include "service/webhook/published_event.h"
#include "service/webhook/webhook_service.h"
#include "storage/change.h"
#include "storage/event.h"

namespace gatehouse::service {
namespace {

// They are one statement: beyond some hundred rows the cost of each no longer falls.
constexpr int kMaxEvents = 500;
constexpr size_t kMaxBytes = size_t{2} << 20;
// What is wrong with more of them does not fit into an error (rpc/status_mapping.cc).
constexpr int kMaxWrongEvents = 8;

std::string PrefixOf(int i) { return "events[" + std::to_string(i) + "]."; }

// The events of a batch; what is wrong with them goes to `checks`.
std::vector<storage::Event> EventsOf(const base::CallContext& ctx, base::Time now,
                                     const v1::BatchPublishEventsRequest& request,
                                     FieldChecks& checks) {
  std::vector<storage::Event> events;
  if (request.events().empty() || request.events_size() > kMaxEvents) {
    checks.Fail("events", "must be 1 to 500");
    return events;
  }
  size_t bytes = 0;
  int wrong = 0;
  for (int i = 0; i < request.events_size() && wrong < kMaxWrongEvents; ++i) {
    const v1::NewEvent& one = request.events(i);
    FieldChecks of_one;
    events.push_back(PublishedEvent(ctx, now, PrefixOf(i), one.type(), one.data(), of_one));
    SetOrderingKey(PrefixOf(i), one.ordering_key(), events.back(), of_one);
    if (!checks.Check(of_one.ToStatus())) ++wrong;
    bytes += events.back().details_json.size();
  }
  if (bytes > kMaxBytes) {
    checks.Check(base::InvalidField("events", "are larger than 2 MiB as JSON together",
                                    base::Reason::kTooLarge));
  }
  return events;
}

void CheckData(const EventSchemas::Schemas& schemas, const v1::BatchPublishEventsRequest& request,
               FieldChecks& checks) {
  int wrong = 0;
  for (int i = 0; i < request.events_size() && wrong < kMaxWrongEvents; ++i) {
    FieldChecks of_one;
    CheckEventData(schemas, PrefixOf(i), request.events(i).type(), request.events(i).data(),
                   of_one);
    if (!checks.Check(of_one.ToStatus())) ++wrong;
  }
}

}  // namespace

WebhookService::Result<v1::BatchPublishEventsResponse> WebhookService::BatchPublishEvents(
    base::CallContext ctx, v1::BatchPublishEventsRequest request, MutationKey key) {
  FieldChecks checks;
  const base::Time now = deps_.clock.Now();
  std::vector<storage::Event> events = EventsOf(ctx, now, request, checks);
  const std::optional<base::Duration> max_backlog_age =
      MaxBacklogAge(request.has_max_backlog_age(), request.max_backlog_age(), checks);
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  std::set<std::string> types;
  for (const storage::Event& event : events) types.insert(event.type);
  GH_CO_ASSIGN_OR_RETURN(
      const EventSchemas::Schemas schemas,
      co_await deps_.schemas.Find(ctx, ctx.principal().tenant_id, {types.begin(), types.end()}));
  CheckData(schemas, request, checks);
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  v1::BatchPublishEventsResponse response;
  SetTimestamp(now, response.mutable_recorded_time());
  if (request.validate_only()) co_return response;
  GH_CO_RETURN_IF_ERROR(CheckBacklog(ctx, max_backlog_age));
  for (const storage::Event& event : events) response.add_event_ids(event.id.ToString());
  std::optional<storage::ChangeEvents> change = storage::ChangeEvents::FromList(std::move(events));
  if (!change) co_return base::InternalError("a batch without events");
  GH_CO_RETURN_IF_ERROR(co_await deps_.events.AppendTogether(
      ctx, {.events = *std::move(change), .idempotency = key.WithResponse(response, now)}));
  co_return response;
}

}  // namespace gatehouse::service
