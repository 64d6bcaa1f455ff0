#include "rpc/loop_calls.h"

#include <algorithm>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "base/log_line.h"

namespace gatehouse::rpc {
namespace {

void LogEscaped(const std::string& what) {
  base::LogLine(base::LogLevel::kError, "exception outside the interceptor chain",
                {{"error", what}});
}

}  // namespace

LoopCalls::LoopCalls(base::Loop& loop, const MethodRegistry& registry,
                     const InterceptorChain& chain, size_t max_message_bytes,
                     size_t max_public_message_bytes)
    : loop_(loop),
      registry_(registry),
      max_message_bytes_(max_message_bytes),
      max_public_message_bytes_(std::min(max_public_message_bytes, max_message_bytes)),
      deadlines_(loop),
      environment_{.loop = loop, .chain = chain, .deadlines = deadlines_, .owner = *this},
      tasks_(loop, LogEscaped) {}

CallShape LoopCalls::Shape(std::string_view name) const {
  const Method* const method = registry_.Find(name);
  // A call of no method is refused, whatever it sends.
  if (method == nullptr) return {};
  const MethodInfo& info = method->info;
  return {.single_request = info.kind != MethodKind::kBidiStreaming,
          .client_speaks_first = info.client_speaks_first,
          .max_message_bytes = info.access.is_public
                                   ? max_public_message_bytes_
                                   : std::min(info.max_request_bytes, max_message_bytes_),
          .is_list = info.is_list};
}

void LoopCalls::OnCall(CallTransport& transport) {
  auto owned = std::make_unique<Call>(environment_, transport, registry_.Find(transport.method()));
  Call* call = owned.get();
  calls_.emplace(call, std::move(owned));
  if (draining_ && call->is_stream()) call->Cancel(Call::Cause::kShutdown);
  tasks_.Spawn(call->Run());
}

void LoopCalls::Release(Call* call) { calls_.erase(call); }

void LoopCalls::Drain(base::SteadyTime cancel_all) {
  draining_ = true;
  CancelCalls(/*streams_only=*/true);
  cancel_all_timer_ = loop_.At(cancel_all, [this] { CancelCalls(/*streams_only=*/false); });
}

void LoopCalls::CancelCalls(bool streams_only) {
  // Calls are released by later events only, so the pointers stay good; new
  // ones may not come in while this runs.
  std::vector<Call*> targets;
  for (const auto& [call, owned] : calls_) {
    if (!streams_only || call->is_stream()) targets.push_back(call);
  }
  for (Call* call : targets) call->Cancel(Call::Cause::kShutdown);
}

void LoopCalls::Join() {
  tasks_.StopAndJoin();
  std::promise<void> done;
  loop_.Post([this, &done] {
    cancel_all_timer_.Reset();
    deadlines_.Stop();
    done.set_value();
  });
  done.get_future().wait();
}

}  // namespace gatehouse::rpc
