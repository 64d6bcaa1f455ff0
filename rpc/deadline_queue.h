#ifndef GATEHOUSE_RPC_DEADLINE_QUEUE_H_
#define GATEHOUSE_RPC_DEADLINE_QUEUE_H_

#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "base/async/loop.h"
#include "base/recycled_memory.h"
#include "base/time.h"

namespace gatehouse::rpc {

// The deadlines of all calls of one loop behind one timer: nearly every call
// ends long before its deadline, so a timer of its own for each would be set
// and cancelled for nothing. Thread: the loop's.
class DeadlineQueue {
 public:
  // Told once, when its time has come; by then it is not in the queue any more.
  class Target {
   public:
    virtual void OnDeadline() = 0;

   protected:
    ~Target() = default;
  };

  // One entry. Remove it before the target goes away.
  using Entries =
      std::multimap<base::SteadyTime, Target*, std::less<>,
                    base::RecyclingAllocator<std::pair<const base::SteadyTime, Target*>>>;
  using Handle = Entries::iterator;

  explicit DeadlineQueue(base::Loop& loop) : loop_(loop) {}

  Handle Add(base::SteadyTime when, Target* target);
  void Remove(Handle handle) { entries_.erase(handle); }

  // Drops the timer; on the loop, before the queue is destroyed elsewhere.
  void Stop();

 private:
  void Arm(base::SteadyTime when);
  void Expire();

  base::Loop& loop_;
  Entries entries_;
  // When the timer fires. Not moved when entries go: it then finds nothing to
  // do and is set for the next one.
  std::optional<base::SteadyTime> armed_for_;
  base::Loop::Timer timer_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_DEADLINE_QUEUE_H_
