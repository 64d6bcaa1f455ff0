#include "service/delivery/engine/engine_tasks.h"

#include <chrono>
#include <string>
#include <utility>

#include "base/log_line.h"
#include "base/system_context.h"

namespace gatehouse::service::delivery {
namespace {

// Every statement of the engine's ends by then.
constexpr std::chrono::seconds kStatementDeadline(15);

}  // namespace

EngineTasks::EngineTasks(base::Loop& loop)
    : loop_(loop), group_(loop, [](const std::string& what) {
        base::LogLine(base::LogLevel::kError, "webhooks: exception in a task", {{"what", what}});
      }) {}

void EngineTasks::Spawn(base::Task<void> task) {
  BeginWork();
  group_.Spawn(Run(std::move(task)));
}

base::Task<void> EngineTasks::Run(base::Task<void> task) {
  co_await std::move(task);
  EndWork();
}

void EngineTasks::EndWork() {
  if (--work_ == 0 && idle_) idle_->Set(true);
}

base::Task<void> EngineTasks::AwaitIdle() {
  while (work_ > 0) {
    idle_.emplace();
    const base::OneShot<bool> idle = *idle_;
    co_await idle;
    idle_.reset();
  }
}

base::CallContext EngineTasks::Context(const base::Uuid& tenant_id) const {
  return base::SystemContext(loop_, "webhooks", kStatementDeadline, statements_, tenant_id);
}

void EngineTasks::LogProblem(const char* what, const absl::Status& status) const {
  if (absl::IsCancelled(status) && statements_.cancelled()) return;
  base::LogLine(base::LogLevel::kWarning, what, {{"error", std::string(status.message())}});
}

}  // namespace gatehouse::service::delivery
