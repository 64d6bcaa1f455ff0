#include "service/event_log/sequencer_worker.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/async/cancel.h"
#include "base/async/one_shot.h"
#include "base/log_line.h"
#include "base/status.h"
#include "base/system_context.h"

namespace gatehouse::service {
namespace {

// Longer than any pass should take; then its connection is not well.
constexpr std::chrono::seconds kPassTimeout{15};
// Several times the pause without events.
constexpr std::chrono::seconds kPassOverdue{5};

}  // namespace

std::string ProblemOf(const SequencerStats& stats, base::SteadyTime now) {
  if (stats.halted) return "it stands still until an operator resets it: LOG_ROLLED_BACK";
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - stats.last_pass);
  if (age < kPassOverdue) return "";
  return "no pass has succeeded for " + std::to_string(age.count()) + " s";
}

// Where the signal rings. Loop thread only.
struct SequencerWorker::Bell {
  std::optional<base::OneShot<bool>> waiter;
};

SequencerWorker::SequencerWorker(base::Loop& loop, storage::Sequencer& sequencer,
                                 storage::LogSignal& signal, storage::LogFeed& feed,
                                 SequencerWorkerOptions options)
    : loop_(loop),
      sequencer_(sequencer),
      signal_(signal),
      feed_(feed),
      options_(options),
      bell_(std::make_shared<Bell>()),
      last_pass_(std::chrono::steady_clock::now()),
      tasks_(loop, [](const std::string& what) {
        base::LogLine(base::LogLevel::kError, "exception in the sequencer", {{"error", what}});
      }) {}

SequencerWorker::~SequencerWorker() { Stop(std::chrono::milliseconds(0)); }

void SequencerWorker::Start() {
  started_ = true;
  signal_.SetWake([loop = &loop_, weak = std::weak_ptr<Bell>(bell_)] {
    loop->Post([weak] {
      const std::shared_ptr<Bell> bell = weak.lock();
      if (bell && bell->waiter) bell->waiter->Set(true);
    });
  });
  loop_.Post([this] { tasks_.Spawn(Run()); });
}

void SequencerWorker::Stop(std::chrono::milliseconds) {
  if (!std::exchange(started_, false)) return;
  signal_.SetWake({});
  tasks_.StopAndJoin();
}

base::Task<absl::StatusOr<storage::SequencerPass>> SequencerWorker::RunOnce() {
  // Before the pass: what is committed from here on rings again.
  signal_.TakePending();
  absl::StatusOr<storage::SequencerPass> pass = co_await sequencer_.RunPass(
      base::SystemContext(loop_, "sequencer", kPassTimeout, tasks_.cancel()), options_.max_events);
  Count(pass);
  if (!pass.ok()) {
    // It may have been committed all the same.
    feed_.Poke();
    co_return pass.status();
  }
  // A follower needs the tenant's batch only once: the feed takes it over.
  if (!pass->batches.empty()) feed_.Publish(pass->batches);
  co_return pass;
}

base::Task<void> SequencerWorker::Run() {
  while (!tasks_.cancel().cancelled()) {
    const bool told = signal_.TakePending();
    const absl::StatusOr<storage::SequencerPass> pass = co_await RunOnce();
    // Given up for the sake of the stop, not failed.
    if (tasks_.cancel().cancelled()) co_return;
    Report(pass.status());
    if (!pass.ok()) {
      co_await Sleep(options_.retry);
    } else if (!pass->leads) {
      if (told) {
        const absl::Status woken = co_await sequencer_.WakeLeader(
            base::SystemContext(loop_, "sequencer", kPassTimeout, tasks_.cancel()));
        if (tasks_.cancel().cancelled()) co_return;
        Report(woken);
      }
      co_await Sleep(options_.forward_pause);
      co_await WaitForSignal(options_.poll);
    } else if (!pass->more) {
      if (!pass->batches.empty()) co_await Sleep(PauseAfter(*pass));
      co_await WaitForSignal(options_.poll);
    }
  }
}

base::Task<void> SequencerWorker::WaitForSignal(std::chrono::milliseconds longest) {
  const base::OneShot<bool> woken;
  bell_->waiter = woken;
  if (!signal_.IsPending()) {
    const base::CancelToken::Registration registration =
        tasks_.cancel().OnCancel([woken] { woken.Set(false); });
    const base::Loop::Timer timer =
        loop_.At(std::chrono::steady_clock::now() + longest, [woken] { woken.Set(false); });
    co_await woken;
  }
  bell_->waiter.reset();
}

std::chrono::milliseconds SequencerWorker::PauseAfter(const storage::SequencerPass& pass) const {
  int64_t events = 0;
  for (const storage::LogBatch& batch : pass.batches) events += batch.entries.size();
  return std::min(options_.pause * events, options_.longest_pause);
}

base::Task<void> SequencerWorker::Sleep(std::chrono::milliseconds time) {
  co_await loop_.SleepUntil(std::chrono::steady_clock::now() + time, tasks_.cancel());
}

void SequencerWorker::Count(const absl::StatusOr<storage::SequencerPass>& pass) {
  if (!pass.ok()) {
    ++failed_passes_;
    leads_ = false;
    // Other errors say nothing about it.
    if (base::HasReason(pass.status(), base::Reason::kLogRolledBack)) halted_ = true;
    return;
  }
  halted_ = false;
  leads_ = pass->leads;
  for (const storage::LogBatch& batch : pass->batches) ordered_ += batch.entries.size();
  last_pass_ = std::chrono::steady_clock::now();
}

SequencerStats SequencerWorker::stats() const {
  return {.leads = leads_,
          .halted = halted_,
          .ordered = ordered_,
          .failed_passes = failed_passes_,
          .last_pass = last_pass_};
}

void SequencerWorker::Report(const absl::Status& status) {
  const std::string text = status.ok() ? "" : status.ToString();
  if (text == reported_) return;
  reported_ = text;
  if (status.ok()) {
    base::LogLine(base::LogLevel::kInfo, "the sequencer works again");
  } else {
    base::LogLine(base::LogLevel::kError, "the sequencer cannot order events", {{"error", text}});
  }
}

}  // namespace gatehouse::service
