#ifndef GATEHOUSE_BASE_ASYNC_WORKER_POOL_H_
#define GATEHOUSE_BASE_ASYNC_WORKER_POOL_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/async/loop.h"
#include "base/async/one_shot.h"
#include "base/async/task.h"
#include "base/time.h"

namespace gatehouse::base {

// A fixed number of threads and a bounded queue, for work that would block a
// loop: password hashing, file access, PQcancel. Each pool has one purpose, so
// that one kind of work never waits behind another. Thread-safe.
class WorkerPool {
 public:
  WorkerPool(std::string name, size_t threads, size_t max_queued);
  // Runs what is queued, then joins.
  ~WorkerPool();

  // Takes no more work and runs what is queued, until `deadline`. What runs then is left
  // behind with its thread, what waits is dropped: for work that may hang, which must
  // share or own all it touches. False if anything was left.
  bool StopBy(SteadyTime deadline);

  // False, and nothing runs, when max_queued jobs already wait.
  bool TrySubmit(std::function<void()> job);

  // Jobs that wait for a thread.
  size_t queued() const;
  size_t threads() const;

  // Runs `work` on a pool thread and resumes on `loop`. nullopt when the queue
  // is full. `T` is movable.
  template <typename T>
  Task<std::optional<T>> Run(Loop& loop, std::function<T()> work) {
    OneShot<std::optional<T>> done;
    auto result = std::make_shared<std::optional<T>>();
    const bool queued = TrySubmit([&loop, done, result, work = std::move(work)] {
      result->emplace(work());
      loop.Post([done, result] { done.Set(std::move(*result)); });
    });
    if (!queued) co_return std::nullopt;
    std::optional<T> value = co_await done;
    co_return value;
  }

 private:
  struct State;
  std::shared_ptr<State> state_;
  std::vector<std::thread> threads_;
};

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_ASYNC_WORKER_POOL_H_
