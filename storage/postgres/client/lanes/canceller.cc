#include "storage/postgres/client/lanes/canceller.h"

#include <libpq-fe.h>

#include <algorithm>
#include <utility>

namespace gatehouse::storage::postgres {
namespace {

// Enough to clear every lane of a small server at once, then a trickle: each
// request makes Postgres start a process.
constexpr double kBurst = 8;
constexpr double kPerSecond = 10;
constexpr size_t kMaxQueued = 8;
constexpr size_t kErrorSize = 256;
// Postgres answers within milliseconds, if at all.
constexpr std::chrono::milliseconds kLastRequests{500};

}  // namespace

Canceller::Canceller()
    : tokens_(kBurst),
      refilled_(std::chrono::steady_clock::now()),
      pool_("pg-cancel", 1, kMaxQueued) {}

Canceller::~Canceller() {
  pool_.StopBy(std::chrono::steady_clock::now() + kLastRequests);
  base::MutexLock lock(gate_->mutex);
  gate_->closed = true;
}

bool Canceller::TakeToken() {
  base::MutexLock lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  const double passed = std::chrono::duration<double>(now - refilled_).count();
  tokens_ = std::min(kBurst, tokens_ + passed * kPerSecond);
  refilled_ = now;
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

bool Canceller::TryCancel(std::shared_ptr<pg_cancel> target, base::Loop& loop,
                          std::function<void()> done) {
  if (!TakeToken()) return false;
  return pool_.TrySubmit([target = std::move(target), &loop, done = std::move(done), gate = gate_] {
    char error[kErrorSize];
    // A request that fails leaves the statement to its own timeout.
    PQcancel(target.get(), error, sizeof(error));
    base::MutexLock lock(gate->mutex);
    if (!gate->closed) loop.Post(done);
  });
}

}  // namespace gatehouse::storage::postgres
