#include "service/delivery/engine/presence.h"

#include <chrono>

namespace gatehouse::service::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kRetryDelay(500);

}  // namespace

void Presence::OnSeen() {
  ++changes_;
  if (!certain()) certain_since_ = steady_clock::now();
}

void Presence::OnUnseen(int64_t lock_key) {
  ++changes_;
  certain_since_ = base::SteadyTime::max();
  if (!deps_.tasks.stopping()) deps_.tasks.SpawnForLife(Withdraw(lock_key, changes_));
}

base::Task<void> Presence::Withdraw(int64_t lock_key, uint64_t loss) {
  while (changes_ == loss && !deps_.tasks.stopping()) {
    const absl::Status status = co_await deps_.withdraw(lock_key);
    if (changes_ != loss) co_return;
    if (status.ok()) {
      certain_since_ = steady_clock::now();
      co_return;
    }
    deps_.tasks.LogProblem("webhooks: cannot say that nobody sees this instance", status);
    co_await deps_.tasks.loop().SleepUntil(steady_clock::now() + kRetryDelay, deps_.tasks.cancel());
  }
}

}  // namespace gatehouse::service::delivery
