#include "service/worker/periodic_worker.h"

#include <utility>

#include "base/log.h"
#include "base/system_context.h"

namespace gatehouse::service {
namespace {

// Of one turn.
constexpr auto kDeadline = std::chrono::seconds(30);

}  // namespace

PeriodicWorker::PeriodicWorker(base::Loop& loop, std::string name, std::chrono::milliseconds pause,
                               Work work)
    : loop_(loop),
      name_(std::move(name)),
      pause_(pause),
      work_(std::move(work)),
      tasks_(loop, [](const std::string& what) {
        base::Log(base::LogLevel::kError, "a worker threw", {{"error", what}});
      }) {
  loop_.Post([this] { tasks_.Spawn(Run()); });
}

PeriodicWorker::~PeriodicWorker() { Stop(); }

void PeriodicWorker::Stop() {
  if (stopped_) return;
  stopped_ = true;
  tasks_.StopAndJoin();
}

base::Task<void> PeriodicWorker::Run() {
  while (co_await loop_.SleepUntil(std::chrono::steady_clock::now() + pause_, tasks_.cancel())) {
    const absl::Status status =
        co_await work_(base::SystemContext(loop_, name_, kDeadline, tasks_.cancel()));
    if (!status.ok() && !tasks_.cancel().cancelled()) {
      base::Log(base::LogLevel::kWarning, "a worker's turn failed",
                {{"worker", name_}, {"error", std::string(status.message())}});
    }
  }
}

}  // namespace gatehouse::service
