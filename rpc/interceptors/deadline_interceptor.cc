#include "rpc/interceptors/deadline_interceptor.h"

#include <algorithm>

#include "base/status.h"

namespace gatehouse::rpc {

Decision DeadlineInterceptor::Before(ServerCall& call) {
  const std::optional<std::chrono::nanoseconds> client = call.ClientTimeLeft();
  const bool unary = call.method().kind == MethodKind::kUnary;
  if (!client && !unary) return Decision::Continue();
  if (client && client->count() <= 0) {
    return base::MakeError(absl::StatusCode::kDeadlineExceeded,
                           "the deadline had passed when the call arrived",
                           {.reason = base::Reason::kDeadline});
  }
  const base::SteadyTime now = std::chrono::steady_clock::now();
  base::SteadyTime deadline = base::SteadyTime::max();
  // A client may ask for centuries; that must not overflow.
  if (client && *client < base::SteadyTime::max() - now) deadline = now + *client;
  if (unary) deadline = std::min(deadline, now + max_unary_);
  call.context().set_deadline(deadline);
  call.CancelAt(deadline);
  return Decision::Continue();
}

}  // namespace gatehouse::rpc
