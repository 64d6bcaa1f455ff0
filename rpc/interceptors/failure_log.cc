#include "rpc/interceptors/failure_log.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace gatehouse::rpc {
namespace {

// How long calls are counted before a line says how many there were.
constexpr std::chrono::seconds kCountFor(10);

constexpr std::chrono::seconds kForgetEvery(1);

}  // namespace

bool FailureLog::Take(const Caller& caller, const Kind& kind, base::SteadyTime now) {
  if (limits_.per_caller.rate <= 0) return true;
  const base::MutexLock lock(mutex_);
  State& state = Find(caller, now);
  if (state.lines.Take(limits_.per_caller, now) && in_all_.Take(limits_.in_all, now)) return true;
  if (!has_counts_.exchange(true, std::memory_order_relaxed)) counts_since_ = now;
  const auto count = std::ranges::find(state.counts, kind, &Count::kind);
  if (count != state.counts.end()) {
    ++count->calls;
  } else {
    state.counts.push_back({.caller = state.caller, .kind = kind, .calls = 1});
  }
  return false;
}

std::vector<FailureLog::Count> FailureLog::Collect(base::SteadyTime now, bool all) {
  const base::MutexLock lock(mutex_);
  std::vector<Count> collected;
  if (!has_counts() || (!all && now < counts_since_ + kCountFor)) return collected;
  for (auto& [key, state] : callers_) {
    std::ranges::move(state.counts, std::back_inserter(collected));
    state.counts.clear();
  }
  has_counts_.store(false, std::memory_order_relaxed);
  Forget(now);
  return collected;
}

FailureLog::State& FailureLog::Find(const Caller& caller, base::SteadyTime now) {
  if (const auto found = callers_.find(caller.key); found != callers_.end()) return found->second;
  if (callers_.size() >= limits_.callers) Forget(now);
  const Caller& known = callers_.size() < limits_.callers ? caller : Caller{};
  return callers_
      .try_emplace(
          known.key,
          State{.caller = known, .lines = base::TokenBucket(limits_.per_caller, now), .counts = {}})
      .first->second;
}

void FailureLog::Forget(base::SteadyTime now) {
  if (now < forgot_at_ + kForgetEvery) return;
  forgot_at_ = now;
  std::erase_if(callers_, [&](const auto& entry) {
    const State& state = entry.second;
    return state.counts.empty() &&
           state.lines.TokensAt(limits_.per_caller, now) >= limits_.per_caller.burst;
  });
}

}  // namespace gatehouse::rpc
