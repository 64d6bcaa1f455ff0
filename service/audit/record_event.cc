#include <chrono>
#include <optional>
#include <utility>

#include "base/reason.h"
#include "base/status.h"
#include "service/audit/audit_service.h"
#include "service/audit/event_conversion.h"
#include "service/audit/event_rules.h"

namespace gatehouse::service {
namespace {

// How long to trust the feed before asking the database: it tells nothing of
// what it missed.
constexpr std::chrono::milliseconds kAskAfter{250};

absl::Status NotSequencedInTime() {
  return base::MakeError(absl::StatusCode::kDeadlineExceeded,
                         "The event is recorded, but had no index in time.",
                         {.reason = base::Reason::kDeadline});
}

}  // namespace

AuditService::Result<v1::RecordEventResponse> AuditService::RecordEvent(
    base::CallContext ctx, v1::RecordEventRequest request) {
  if (!v1::RecordEventRequest::Wait_IsValid(request.wait())) {
    co_return base::InvalidField("wait", "must be ACCEPTED or SEQUENCED");
  }
  const bool wait = request.wait() == v1::RecordEventRequest::WAIT_SEQUENCED;
  std::shared_ptr<storage::LogFeed::Subscription> news;
  // Before the event is written: its batch must not pass by unseen.
  if (wait) news = deps_.feed.Subscribe(ctx.loop(), ctx.principal().tenant_id);
  // Not registered as a mutation, but one within: a repeated call waits as well.
  absl::StatusOr<v1::RecordEventResponse> response =
      co_await deps_.once.Run(ctx, request, Replay::kOnConflict, this, &AuditService::Append);
  if (!response.ok() || !wait || request.validate_only()) co_return response;
  const std::optional<base::Uuid> id = base::Uuid::Parse(response->event().id());
  if (!id) co_return base::InternalError("a stored answer has no event id");
  GH_CO_ASSIGN_OR_RETURN(const int64_t index, co_await WaitForIndex(ctx, *id, std::move(news)));
  response->mutable_event()->set_index(index);
  co_return response;
}

AuditService::Result<v1::RecordEventResponse> AuditService::Append(base::CallContext ctx,
                                                                   v1::RecordEventRequest request,
                                                                   MutationKey key) {
  const base::Time now = deps_.clock.Now();
  absl::StatusOr<storage::Event> event = EventFromProto(ctx, now, request.event());
  if (!event.ok()) co_return event.status();
  v1::RecordEventResponse response;
  v1::Event& recorded = *response.mutable_event();
  recorded.Swap(request.mutable_event());
  EnvelopeToProto(*event, recorded);
  recorded.clear_index();
  recorded.clear_leaf_hash();
  if (request.validate_only()) {
    recorded.clear_id();
    co_return response;
  }
  GH_CO_RETURN_IF_ERROR(
      co_await deps_.events.Append(ctx, *std::move(event), key.WithResponse(response, now)));
  co_return response;
}

AuditService::Result<int64_t> AuditService::WaitForIndex(
    base::CallContext ctx, base::Uuid event_id,
    std::shared_ptr<storage::LogFeed::Subscription> news) {
  while (true) {
    const storage::LogFeed::News came =
        co_await news->Next(std::chrono::steady_clock::now() + kAskAfter, ctx.cancel());
    for (const auto& batch : came.batches) {
      for (const storage::LogEntry& entry : batch->entries) {
        if (entry.event_id == event_id) co_return entry.index;
      }
    }
    if (ctx.cancel().cancelled()) co_return NotSequencedInTime();
    if (!came.incomplete && !came.batches.empty()) continue;
    GH_CO_ASSIGN_OR_RETURN(const std::optional<int64_t> index,
                           co_await deps_.log.IndexOf(ctx, ctx.principal().tenant_id, event_id));
    if (index) co_return *index;
  }
}

}  // namespace gatehouse::service
