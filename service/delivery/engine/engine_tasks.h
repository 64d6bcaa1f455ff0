#ifndef GATEHOUSE_SERVICE_DELIVERY_ENGINE_ENGINE_TASKS_H_
#define GATEHOUSE_SERVICE_DELIVERY_ENGINE_ENGINE_TASKS_H_

#include <cstddef>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "base/async/cancel.h"
#include "base/async/loop.h"
#include "base/async/one_shot.h"
#include "base/async/task.h"
#include "base/async/task_group.h"
#include "base/call_context.h"
#include "base/uuid.h"

namespace gatehouse::service::delivery {

// What all parts of the engine run by: its coroutines, the context of its statements, how
// much is under way, and whether it is stopping.
//
// Owned by the engine, which joins it before any part goes away.
// Thread: the loop, unless said otherwise.
class EngineTasks {
 public:
  explicit EngineTasks(base::Loop& loop);

  base::Loop& loop() const { return loop_; }

  // Runs `task`, which ends by itself; it counts as work.
  void Spawn(base::Task<void> task);
  // Runs `task`, which ends when cancel() fires.
  void SpawnForLife(base::Task<void> task) { group_.Spawn(std::move(task)); }
  const base::CancelToken& cancel() const { return group_.cancel(); }

  // Work that is no task: a request in flight, something posted. Each Begin has its End.
  void BeginWork() { ++work_; }
  void EndWork();
  // Until no work is left. One caller at a time.
  base::Task<void> AwaitIdle();

  // Of one statement for a tenant.
  base::CallContext Context(const base::Uuid& tenant_id) const;
  // Unless it was given up for the sake of the stop.
  void LogProblem(const char* what, const absl::Status& status) const;

  // From then on nothing new is begun; what is under way ends.
  void BeginStop() { stopping_ = true; }
  bool stopping() const { return stopping_; }
  // Cancels the statements under way, and those to come. From any thread by a copy.
  const base::CancelToken& statements() const { return statements_; }
  // Cancels what runs for life and waits until every task has ended. Once; not from the
  // loop's thread.
  void StopAndJoin() { group_.StopAndJoin(); }

 private:
  base::Task<void> Run(base::Task<void> task);

  base::Loop& loop_;
  const base::CancelToken statements_;
  bool stopping_ = false;
  size_t work_ = 0;
  // Set by whoever waits for the end of the work.
  std::optional<base::OneShot<bool>> idle_;
  base::TaskGroup group_;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_ENGINE_ENGINE_TASKS_H_
