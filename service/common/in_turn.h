#ifndef GATEHOUSE_SERVICE_COMMON_IN_TURN_H_
#define GATEHOUSE_SERVICE_COMMON_IN_TURN_H_

#include <chrono>
#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/loop.h"
#include "base/async/semaphore.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/reason.h"
#include "base/status.h"
#include "base/time.h"

namespace gatehouse::service {

namespace in_turn_internal {

// Before a question is put again that the database had no room for.
inline constexpr std::chrono::milliseconds kAskAgainAfter{50};

inline const absl::Status& StatusOf(const absl::Status& answer) { return answer; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& answer) {
  return answer.status();
}

}  // namespace in_turn_internal

// For streams, which wake all at once: what `ask` answers, a Status or StatusOr, once it is the
// stream's turn. That the database is overloaded does not end a stream, whose events stay where
// they are: the turn is kept until there is an answer, so those who come after wait as well instead
// of adding to the load. CANCELLED if the call ends meanwhile.
template <typename T>
base::Task<T> InTurn(base::Semaphore& turns, base::CallContext ctx,
                     std::function<base::Task<T>()> ask) {
  const base::Semaphore::Permit turn = co_await turns.Acquire(ctx.loop(), ctx.cancel());
  while (turn) {
    T answer = co_await ask();
    if (!base::HasReason(in_turn_internal::StatusOf(answer), base::Reason::kStorageOverloaded)) {
      co_return answer;
    }
    const base::SteadyTime again =
        std::chrono::steady_clock::now() + in_turn_internal::kAskAgainAfter;
    if (!co_await ctx.loop().SleepUntil(again, ctx.cancel())) break;
  }
  co_return base::MakeError(absl::StatusCode::kCancelled, "the stream has ended",
                            {.reason = base::Reason::kCancelled});
}

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_COMMON_IN_TURN_H_
