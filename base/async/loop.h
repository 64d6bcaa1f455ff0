#ifndef GATEHOUSE_BASE_ASYNC_LOOP_H_
#define GATEHOUSE_BASE_ASYNC_LOOP_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/async/cancel.h"
#include "base/async/task.h"
#include "base/time.h"

namespace asio {
class io_context;
}

namespace gatehouse::base {

// One thread that runs one event loop. Every coroutine of a call runs on one
// Loop, so what belongs to a call needs no lock. A process has a few Loops.
//
// Lifetime: created stopped; Start() spawns the thread, Stop() lets what is
// already posted run, then joins. Whatever is bound to the loop (timers,
// sockets, tasks) must be gone before the Loop is destroyed.
class Loop {
 public:
  // A pending callback; destroying or resetting it cancels. Loop thread only.
  class Timer {
   public:
    Timer();
    Timer(Timer&&) noexcept;
    Timer& operator=(Timer&&) noexcept;
    ~Timer();
    void Reset();

   private:
    friend class Loop;
    struct Impl;
    std::shared_ptr<Impl> impl_;
  };

  // `name` is the thread's name as debuggers and `top -H` show it (15 bytes).
  explicit Loop(std::string name);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void Start();
  // Idempotent. Not from the loop's own thread.
  void Stop();

  // Runs `fn` on the loop, later. From any thread. Posts made before Stop()
  // run; later ones are dropped.
  void Post(std::function<void()> fn);

  bool IsCurrent() const;

  // Runs `fn` on the loop at `when` unless the Timer is gone by then. Loop
  // thread only.
  [[nodiscard]] Timer At(SteadyTime when, std::function<void()> fn);

  // Suspends until `when`; false if `cancel` fired first. Loop thread only.
  Task<bool> SleepUntil(SteadyTime when, CancelToken cancel);

  // For code that owns sockets (the Postgres client, the HTTP engine).
  asio::io_context& io();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_ASYNC_LOOP_H_
