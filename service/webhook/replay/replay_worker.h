#ifndef GATEHOUSE_SERVICE_WEBHOOK_REPLAY_REPLAY_WORKER_H_
#define GATEHOUSE_SERVICE_WEBHOOK_REPLAY_REPLAY_WORKER_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/cancel.h"
#include "base/async/loop.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/worker.h"
#include "service/worker/periodic_worker.h"
#include "storage/endpoint/endpoint_store.h"
#include "storage/event_log/event_log.h"
#include "storage/log_feed.h"
#include "storage/replay/replay_store.h"

namespace gatehouse::service {

// Works off replays: schedules what they are to send, as RedeliverEvent does, a slice of the log at
// a time. Deliveries themselves are the engine's.
//
// A slice is one transaction with the replay's position, so that a kill between two of them neither
// loses nor doubles an event; of several instances at one replay the first goes on, the others find
// that it has changed. What a replay has scheduled and is not delivered yet is bounded for each
// endpoint: whoever does not keep up is waited for.
//
// While there are replays it takes a turn each second; else it waits until the log says that one
// was started, and looks by itself now and then.
//
// Thread: the loop's. A stop cancels the turn under way, between two slices or in one that is not
// written then.
class ReplayWorker final : public base::Worker {
 public:
  // All of it outlives this.
  struct Deps {
    storage::ReplayStore& replays;
    storage::EndpointStore& endpoints;
    storage::EventLog& log;
    storage::LogFeed& feed;
    const base::Clock& clock;
  };

  // Retries that wait at an endpoint beyond which nothing is added to them.
  static constexpr int64_t kMaxWaiting = 1'000;

  // For what the log does not tell in time: it stands still, or a frozen tenant takes calls again.
  static constexpr std::chrono::seconds kLookAgain{30};

  ReplayWorker(base::Loop& loop, Deps deps, base::Duration look_again = kLookAgain);

  void Start() override { turns_.Start(); }
  void Stop(std::chrono::milliseconds grace) override { turns_.Stop(grace); }

  // One turn: a few slices of each of a number of replays, and the next ones in the next turn. Not
  // while started.
  base::Task<absl::Status> RunOnce(base::CallContext ctx);

  // Events scheduled by this instance. From any thread.
  int64_t scheduled() const { return scheduled_; }

 private:
  // Until there is perhaps something to do.
  base::Task<void> Rest(base::CancelToken cancel);
  base::Task<absl::Status> Work(base::CallContext ctx, storage::Replay replay);
  // One step. False if there is nothing more to do for it in this turn; else `replay` is as it is
  // now.
  base::Task<absl::StatusOr<bool>> Step(base::CallContext ctx, storage::Replay* replay);
  base::Task<absl::StatusOr<bool>> Schedule(base::CallContext ctx, storage::Replay* replay,
                                            storage::ReplaySlice slice, base::Time paced_from);
  base::Task<absl::Status> Finish(base::CallContext ctx, storage::Replay replay,
                                  storage::ReplayState state);

  Deps deps_;
  const base::Duration look_again_;
  std::unique_ptr<storage::LogFeed::Subscription> news_;
  storage::ReplayStore::Key last_;
  // As of the last turn. Before the first: an instance before this one may have left some behind.
  bool any_ = true;
  std::atomic<int64_t> scheduled_ = 0;
  PeriodicWorker turns_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WEBHOOK_REPLAY_REPLAY_WORKER_H_
