#include "auth/limits/rate_limiter.h"

#include <arpa/inet.h>

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

double RateLimiter::TokensAt(const Bucket& bucket, base::SteadyTime now) const {
  const std::chrono::duration<double> passed = now - bucket.at;
  return std::min(limit_.burst, bucket.tokens + passed.count() * limit_.rate);
}

std::optional<std::chrono::milliseconds> RateLimiter::Take(std::string_view key,
                                                           base::SteadyTime now) {
  if (limit_.rate <= 0) return std::nullopt;
  base::MutexLock lock(mutex_);
  auto found = buckets_.find(key);
  if (found == buckets_.end()) {
    if (buckets_.size() >= max_keys_) Evict(now);
    found = buckets_.emplace(key, Bucket{.tokens = limit_.burst, .at = now}).first;
  }
  Bucket& bucket = found->second;
  bucket.tokens = TokensAt(bucket, now);
  bucket.at = now;
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return std::nullopt;
  }
  const std::chrono::duration<double> wait((1 - bucket.tokens) / limit_.rate);
  return std::chrono::ceil<std::chrono::milliseconds>(wait);
}

size_t RateLimiter::size() const {
  base::MutexLock lock(mutex_);
  return buckets_.size();
}

void RateLimiter::Evict(base::SteadyTime now) {
  auto victim = buckets_.begin();
  auto candidate = victim;
  for (int i = 0; i < kProbes && candidate != buckets_.end(); ++i, ++candidate) {
    if (TokensAt(candidate->second, now) >= limit_.burst) {
      victim = candidate;
      break;
    }
  }
  buckets_.erase(victim);
}

std::string AddressKey(const std::string& address) {
  in6_addr ipv6 = {};
  if (inet_pton(AF_INET6, address.c_str(), &ipv6) != 1) return address;
  if (IN6_IS_ADDR_V4MAPPED(&ipv6)) {
    return std::string(reinterpret_cast<const char*>(&ipv6), sizeof(ipv6));
  }
  constexpr size_t kPrefixBytes = 8;
  return std::string(reinterpret_cast<const char*>(&ipv6), kPrefixBytes);
}

absl::Status RateLimited(std::chrono::milliseconds wait, std::string_view quota) {
  return base::MakeError(
      absl::StatusCode::kResourceExhausted, "the caller sends too many requests",
      {.reason = base::Reason::kRateLimited, .retry_after = wait, .quota = std::string(quota)});
}

}  // namespace gatehouse::auth
