#include "storage/postgres/client/lanes/segment.h"

#include <chrono>

#include "storage/postgres/client/client_errors.h"
#include "storage/postgres/client/lanes/lane.h"

namespace gatehouse::storage::postgres {
namespace {

bool IsPast(base::SteadyTime deadline) { return std::chrono::steady_clock::now() >= deadline; }

}  // namespace

void Segment::Abandon(const absl::Status& status) {
  if (done.IsSet()) return;
  abandoned = true;
  if (queue != nullptr) queue->Remove(*this);
  if (lane != nullptr) lane->OnAbandoned();
  done.Set(is_commit && lane != nullptr ? OutcomeUnknownError() : status);
}

void SegmentQueue::Push(SegmentPtr segment) {
  Segment& added = *segment;
  added.queue = this;
  added.queued_since = std::chrono::steady_clock::now();
  added.queue_position = segments_.insert(segments_.end(), std::move(segment));
  ++gauge_;
}

SegmentPtr SegmentQueue::Pop() {
  SegmentPtr segment = segments_.front();
  Remove(*segment);
  return segment;
}

void SegmentQueue::Remove(Segment& segment) {
  segment.queue = nullptr;
  segments_.erase(segment.queue_position);
  --gauge_;
}

absl::Status CheckAlive(const base::CallContext& ctx) {
  if (IsPast(ctx.deadline())) return DeadlineError();
  if (ctx.cancel().cancelled()) return CancelledError();
  return absl::OkStatus();
}

base::Task<SegmentResult> AwaitSegment(base::CallContext ctx, SegmentPtr segment) {
  base::Loop::Timer deadline;
  if (ctx.deadline() != base::SteadyTime::max()) {
    deadline = ctx.loop().At(ctx.deadline(), [segment] { segment->Abandon(DeadlineError()); });
  }
  const base::CancelToken::Registration on_cancel = ctx.cancel().OnCancel([ctx, segment] {
    // A deadline may reach us as a cancellation first.
    segment->Abandon(IsPast(ctx.deadline()) ? DeadlineError() : CancelledError());
  });
  SegmentResult result = co_await segment->done;
  co_return result;
}

}  // namespace gatehouse::storage::postgres
