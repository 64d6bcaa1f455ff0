#ifndef GATEHOUSE_RPC_LOOP_CALLS_H_
#define GATEHOUSE_RPC_LOOP_CALLS_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/async/loop.h"
#include "base/async/task_group.h"
#include "base/recycled_memory.h"
#include "base/time.h"
#include "rpc/call.h"
#include "rpc/deadline_queue.h"
#include "rpc/transport.h"

namespace gatehouse::rpc {

// The calls of one loop. Thread: that loop, except construction and Join.
class LoopCalls final : public CallAcceptor, private CallEnvironment::Owner {
 public:
  LoopCalls(base::Loop& loop, const MethodRegistry& registry, const InterceptorChain& chain,
            size_t max_message_bytes, size_t max_public_message_bytes);

  CallShape Shape(std::string_view method) const override;
  void OnCall(CallTransport& transport) override;

  // From now on streams end at once; at `cancel_all` what is left is cancelled.
  void Drain(base::SteadyTime cancel_all);

  // Waits until every call's coroutine has ended. Once, from another thread,
  // after the transport has stopped.
  void Join();

  base::Loop& loop() const { return loop_; }

 private:
  void Release(Call* call) override;
  void CancelCalls(bool streams_only);

  base::Loop& loop_;
  const MethodRegistry& registry_;
  // Of any method; most have less.
  const size_t max_message_bytes_;
  // Of methods that need no credentials.
  const size_t max_public_message_bytes_;
  DeadlineQueue deadlines_;
  CallEnvironment environment_;
  std::unordered_map<Call*, std::unique_ptr<Call>, std::hash<Call*>, std::equal_to<>,
                     base::RecyclingAllocator<std::pair<Call* const, std::unique_ptr<Call>>>>
      calls_;
  bool draining_ = false;
  base::Loop::Timer cancel_all_timer_;
  base::TaskGroup tasks_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_LOOP_CALLS_H_
