#include "service/worker/periodic_worker.h"

#include <utility>

#include "base/log_line.h"
#include "base/system_context.h"

namespace gatehouse::service {

PeriodicWorker::PeriodicWorker(base::Loop& loop, Options options, Work work)
    : loop_(loop),
      options_(std::move(options)),
      work_(std::move(work)),
      tasks_(loop, [](const std::string& what) {
        base::LogLine(base::LogLevel::kError, "a worker threw", {{"error", what}});
      }) {}

PeriodicWorker::~PeriodicWorker() { Stop(std::chrono::milliseconds(0)); }

void PeriodicWorker::Start() {
  started_ = true;
  loop_.Post([this] { tasks_.Spawn(Run()); });
}

void PeriodicWorker::Stop(std::chrono::milliseconds) {
  if (std::exchange(started_, false)) tasks_.StopAndJoin();
}

base::Task<bool> PeriodicWorker::Rest(bool failed) {
  if (options_.rest && !failed) {
    co_await options_.rest(tasks_.cancel());
    co_return !tasks_.cancel().cancelled();
  }
  const auto pause =
      failed ? options_.pause_after_failure.value_or(options_.pause) : options_.pause;
  co_return co_await loop_.SleepUntil(std::chrono::steady_clock::now() + pause, tasks_.cancel());
}

base::Task<void> PeriodicWorker::Run() {
  bool failed = false;
  for (bool first = options_.at_once; first || co_await Rest(failed); first = false) {
    const absl::Status status = co_await work_(
        base::SystemContext(loop_, options_.name, options_.turn_timeout, tasks_.cancel()));
    if (!status.ok() && !tasks_.cancel().cancelled()) {
      base::LogLine(base::LogLevel::kWarning, "a worker's turn failed",
                    {{"worker", options_.name}, {"error", std::string(status.message())}});
    }
    failed = !status.ok();
  }
}

}  // namespace gatehouse::service
