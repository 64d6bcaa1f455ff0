#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_SEGMENT_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_SEGMENT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/async/one_shot.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "storage/postgres/client/batch.h"
#include "storage/postgres/client/row.h"

namespace gatehouse::storage::postgres {

class Lane;
class SegmentQueue;
struct Segment;

using SegmentPtr = std::shared_ptr<Segment>;
using SegmentResult = absl::StatusOr<std::vector<Rows>>;

// How often a segment is sent again after something that was not its fault: a
// connection that ended before its turn, another one's cancel request, a stale
// plan. More in a row means that it is its fault after all.
inline constexpr int kMaxSegmentRetries = 3;

// One call's statements on their way: what stands between two Syncs, unless it shares
// them. Held by the call, which may give up at any time, and the queue or lane it is in, which
// then still has to see it through. Thread: its loop.
struct Segment {
  explicit Segment(Batch the_batch) : batch(std::move(the_batch)) {}

  // The caller waits no longer and gets `status`; a queue drops the segment, a
  // lane sees it through.
  void Abandon(const absl::Status& status);

  Batch batch;
  base::OneShot<SegmentResult> done;
  bool abandoned = false;
  // Part of an interactive transaction: it cannot move to another connection.
  bool pinned = false;
  // A COMMIT: once sent it is never cancelled.
  bool is_commit = false;
  // Shares its Sync with nobody any more.
  bool alone = false;
  // How often it was sent again.
  int retries = 0;
  // Where it is: waiting in a queue, or in flight on a lane, or neither.
  SegmentQueue* queue = nullptr;
  std::list<SegmentPtr>::iterator queue_position = {};
  base::SteadyTime queued_since = {};
  Lane* lane = nullptr;
};

// Segments that wait for a lane, first in, first out.
class SegmentQueue {
 public:
  explicit SegmentQueue(std::atomic<int64_t>& gauge) : gauge_(gauge) {}

  void Push(SegmentPtr segment);
  SegmentPtr Pop();
  const Segment& front() const { return *segments_.front(); }
  void Remove(Segment& segment);
  bool empty() const { return segments_.empty(); }
  size_t size() const { return segments_.size(); }

 private:
  std::list<SegmentPtr> segments_;
  std::atomic<int64_t>& gauge_;
};

// Waits for the segment's result, but no longer than `ctx` allows.
base::Task<SegmentResult> AwaitSegment(base::CallContext ctx, SegmentPtr segment);

// The error of a call that may not start any more; OK otherwise.
absl::Status CheckAlive(const base::CallContext& ctx);

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_SEGMENT_H_
