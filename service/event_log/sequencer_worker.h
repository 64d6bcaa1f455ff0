#ifndef GATEHOUSE_SERVICE_EVENT_LOG_SEQUENCER_WORKER_H_
#define GATEHOUSE_SERVICE_EVENT_LOG_SEQUENCER_WORKER_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/loop.h"
#include "base/async/task.h"
#include "base/async/task_group.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/worker.h"
#include "storage/event_log/sequencer.h"
#include "storage/log_feed.h"
#include "storage/log_signal.h"

namespace gatehouse::service {

struct SequencerWorkerOptions {
  // Events of one pass. A pass of this size takes some 30 ms.
  int64_t max_events = 2'000;
  // After a pass that found something, for each event that it found, up to the
  // longest: a lone event waits for nobody, and under load passes, each of which
  // costs a commit and most of a millisecond, collect what comes meanwhile.
  std::chrono::milliseconds pause{2};
  std::chrono::milliseconds longest_pause{10};
  // Looks by itself when nobody tells: what another instance committed, what a
  // lost message hid.
  std::chrono::milliseconds poll{1000};
  // After an error.
  std::chrono::milliseconds retry{200};
  // While another instance leads, it is told of new events at most this often.
  std::chrono::milliseconds forward_pause{20};
};

// How it goes, since the start.
struct SequencerStats {
  // As of the last pass that told.
  bool leads = false;
  // LOG_ROLLED_BACK: no event gets its place until an operator has acted.
  bool halted = false;
  // Events that got their place from this instance.
  uint64_t ordered = 0;
  uint64_t failed_passes = 0;
  // When a pass last succeeded, whoever leads; at first when this was made.
  base::SteadyTime last_pass;
};

// What is wrong, for people; empty if nothing is.
std::string ProblemOf(const SequencerStats& stats, base::SteadyTime now);

// Runs the sequencer: a pass whenever events were committed, and hands what it
// ordered to the feed. Sleeps while there is nothing to do. A stop gives up the
// pass under way.
class SequencerWorker final : public base::Worker {
 public:
  // All it is given outlives it.
  SequencerWorker(base::Loop& loop, storage::Sequencer& sequencer, storage::LogSignal& signal,
                  storage::LogFeed& feed, SequencerWorkerOptions options = {});
  ~SequencerWorker() override;

  void Start() override;
  void Stop(std::chrono::milliseconds grace) override;

  // One pass by hand, for tests and tools. Not while started. Loop thread.
  base::Task<absl::StatusOr<storage::SequencerPass>> RunOnce();

  // From any thread.
  SequencerStats stats() const;

 private:
  struct Bell;

  base::Task<void> Run();
  // Until a signal, `longest` has passed, or the worker is stopped.
  base::Task<void> WaitForSignal(std::chrono::milliseconds longest);
  base::Task<void> Sleep(std::chrono::milliseconds time);
  std::chrono::milliseconds PauseAfter(const storage::SequencerPass& pass) const;
  void Report(const absl::Status& status);
  void Count(const absl::StatusOr<storage::SequencerPass>& pass);

  base::Loop& loop_;
  storage::Sequencer& sequencer_;
  storage::LogSignal& signal_;
  storage::LogFeed& feed_;
  const SequencerWorkerOptions options_;
  std::shared_ptr<Bell> bell_;
  // What was reported last, so that one trouble is one line.
  std::string reported_;
  bool started_ = false;
  // Written on the loop, read by metrics.
  std::atomic<bool> leads_ = false;
  std::atomic<bool> halted_ = false;
  std::atomic<uint64_t> ordered_ = 0;
  std::atomic<uint64_t> failed_passes_ = 0;
  std::atomic<base::SteadyTime> last_pass_;
  base::TaskGroup tasks_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_EVENT_LOG_SEQUENCER_WORKER_H_
