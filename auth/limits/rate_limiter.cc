#include "auth/limits/rate_limiter.h"

#include <algorithm>

#include "base/reason.h"
#include "base/status.h"

namespace gatehouse::auth {
namespace {

// How many buckets are looked at to find one that says nothing. A full scan
// would make each new key expensive, which is what an attacker would send.
constexpr int kProbes = 8;

}  // namespace

RateLimiter::RateLimiter(RateLimit limit, size_t max_keys) : limit_(limit), max_keys_(max_keys) {}

std::optional<std::chrono::milliseconds> RateLimiter::Take(std::string_view key,
                                                           base::SteadyTime now, double count) {
  if (limit_.rate <= 0) return std::nullopt;
  base::MutexLock lock(mutex_);
  auto found = buckets_.find(key);
  if (found == buckets_.end()) {
    if (buckets_.size() >= max_keys_) Evict(now);
    found = buckets_.emplace(key, base::TokenBucket(limit_, now)).first;
  }
  base::TokenBucket& bucket = found->second;
  if (bucket.Take(limit_, now, count)) return std::nullopt;
  return std::chrono::ceil<std::chrono::milliseconds>(bucket.Wait(limit_, count));
}

void RateLimiter::GiveBack(std::string_view key) {
  base::MutexLock lock(mutex_);
  const auto found = buckets_.find(key);
  // A bucket that had to make room is as good as full.
  if (found != buckets_.end()) found->second.GiveBack(limit_);
}

size_t RateLimiter::size() const {
  base::MutexLock lock(mutex_);
  return buckets_.size();
}

void RateLimiter::Evict(base::SteadyTime now) {
  auto victim = buckets_.begin();
  auto candidate = victim;
  for (int i = 0; i < kProbes && candidate != buckets_.end(); ++i, ++candidate) {
    if (candidate->second.TokensAt(limit_, now) >= limit_.burst) {
      victim = candidate;
      break;
    }
  }
  buckets_.erase(victim);
}

absl::Status RateLimited(std::chrono::milliseconds wait, std::string_view quota) {
  return base::MakeError(
      absl::StatusCode::kResourceExhausted, "the caller sends too many requests",
      {.reason = base::Reason::kRateLimited, .retry_after = wait, .quota = std::string(quota)});
}

}  // namespace gatehouse::auth
