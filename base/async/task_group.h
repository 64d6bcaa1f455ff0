#ifndef GATEHOUSE_BASE_ASYNC_TASK_GROUP_H_
#define GATEHOUSE_BASE_ASYNC_TASK_GROUP_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/async/cancel.h"
#include "base/async/loop.h"
#include "base/async/task.h"

namespace gatehouse::base {

// Owns coroutines that nobody awaits. The only way to start one: a detached
// coroutine would outlive what it uses.
//
// Declare it as the last member of its owner, so that it is joined before what
// its tasks use goes away. Spawn and Cancel run on the loop's thread;
// StopAndJoin on any other thread.
class TaskGroup {
 public:
  // `on_exception` gets the text of an exception that escaped a task (a bug):
  // it is reported, the group goes on.
  TaskGroup(Loop& loop, std::function<void(const std::string&)> on_exception);
  // Every task must have ended: StopAndJoin() first.
  ~TaskGroup();

  // Starts `task` at once and runs it to its first suspension. After Stop it is
  // dropped without running.
  void Spawn(Task<void> task);

  // Fires when the group stops; tasks that wait long pass it on.
  const CancelToken& cancel() const;

  size_t running() const;

  // Cancels, then waits until the last task has ended. Once.
  void StopAndJoin();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_ASYNC_TASK_GROUP_H_
