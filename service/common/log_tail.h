#ifndef GATEHOUSE_SERVICE_COMMON_LOG_TAIL_H_
#define GATEHOUSE_SERVICE_COMMON_LOG_TAIL_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/semaphore.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "storage/event_log/event_log.h"
#include "storage/log_feed.h"

namespace gatehouse::service {

// Follows the log of a caller's tenant for a stream: every event from an index on, in order and
// without a gap, for as long as the caller's access lasts.
//
// Any number of streams at a time, each on the loop of its context. What it is made of outlives
// it, and it outlives its streams.
class LogTail {
 public:
  struct Options {
    // A stream whose caller's access ended meanwhile gets no more events after this
    // time, as the .proto files promise.
    std::chrono::milliseconds recheck_interval{1000};
    // Streams that may ask the database something at a time; an event wakes all there
    // are, and the others wait for their turn. Enough to keep the lanes for reads busy,
    // and far fewer than may wait for a lane, so that calls find their place there.
    size_t max_asking = 32;
  };

  // What one stream makes of it. Each returns false when the stream is gone, which ends Follow, as
  // an error does.
  class Sink {
   public:
    virtual ~Sink() = default;
    // Once, where the stream begins with what happens from now on: `index` is the last event's
    // before that.
    virtual base::Task<absl::StatusOr<bool>> OnBegin(int64_t index) = 0;
    virtual base::Task<absl::StatusOr<bool>> OnEvent(storage::LoggedEvent event) = 0;
    // Every 8 seconds without an event: all events up to `index` were given.
    virtual base::Task<absl::StatusOr<bool>> OnHeartbeat(int64_t index) = 0;
  };

  LogTail(storage::EventLog& log, storage::LogFeed& feed, Options options)
      : log_(log), feed_(feed), options_(options), turns_(options.max_asking) {}

  // Follows until the caller is gone or its access ends. `from_index`: of the first event; 0:
  // what happens from now on. `types`: only these, none for all. OUT_OF_RANGE,
  // INDEX_OUT_OF_RANGE if from_index is more than one beyond the end, or before what is kept.
  base::Task<absl::Status> Follow(base::CallContext ctx, int64_t from_index,
                                  std::vector<std::string> types, Sink* sink);

  // Streams that wait for their turn. From any thread.
  size_t waiting() const { return turns_.waiting(); }

 private:
  base::Task<absl::Status> Recheck(base::CallContext ctx);
  base::Task<absl::StatusOr<storage::EventLog::Bounds>> Bounds(base::CallContext ctx);
  base::Task<absl::StatusOr<storage::EventLog::Range>> Read(base::CallContext ctx, int64_t from,
                                                            std::vector<std::string> types);

  storage::EventLog& log_;
  storage::LogFeed& feed_;
  const Options options_;
  base::Semaphore turns_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_COMMON_LOG_TAIL_H_
