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

base::Task<void> PeriodicWorker::Run() {
  std::chrono::milliseconds pause =
      options_.at_once ? std::chrono::milliseconds(0) : options_.pause;
  while (co_await loop_.SleepUntil(std::chrono::steady_clock::now() + pause, tasks_.cancel())) {
    const absl::Status status = co_await work_(
        base::SystemContext(loop_, options_.name, options_.turn_timeout, tasks_.cancel()));
    if (!status.ok() && !tasks_.cancel().cancelled()) {
      base::LogLine(base::LogLevel::kWarning, "a worker's turn failed",
                    {{"worker", options_.name}, {"error", std::string(status.message())}});
    }
    pause = status.ok() ? options_.pause : options_.pause_after_failure.value_or(options_.pause);
  }
}

}  // namespace gatehouse::service
