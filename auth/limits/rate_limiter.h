#ifndef GATEHOUSE_AUTH_LIMITS_RATE_LIMITER_H_
#define GATEHOUSE_AUTH_LIMITS_RATE_LIMITER_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "base/async/mutex.h"
#include "base/time.h"
#include "base/token_bucket.h"
#include "base/uuid.h"

namespace gatehouse::auth {

using base::RateLimit;

// Token buckets by key, in a bounded table. Thread-safe.
class RateLimiter {
 public:
  // A bucket takes about 100 bytes.
  static constexpr size_t kDefaultMaxKeys = 64 * 1024;

  RateLimiter(RateLimit limit, size_t max_keys = kDefaultMaxKeys);

  // Takes one token, or `count`; nullopt if there were as many, else how long until there are.
  std::optional<std::chrono::milliseconds> Take(std::string_view key, base::SteadyTime now,
                                                double count = 1);

  // Gives back a token that was taken for what turned out not to count.
  void GiveBack(std::string_view key);

  size_t size() const;

 private:
  // Lets std::string_view find std::string: Debian's absl::string_view is another type.
  struct KeyHash {
    using is_transparent = void;
    size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
  };

  // Makes room: a bucket that is full again says nothing; if none is found, any goes.
  void Evict(base::SteadyTime now) GH_REQUIRES(mutex_);

  const RateLimit limit_;
  const size_t max_keys_;
  mutable base::Mutex mutex_;
  absl::flat_hash_map<std::string, base::TokenBucket, KeyHash, std::equal_to<>> buckets_
      GH_GUARDED_BY(mutex_);
};

// What a caller or a user is counted by. Callers may choose the ids of users, so that two tenants
// may have the same: one of them must not use up what the other may do.
inline std::string LimitKey(const base::Uuid& tenant_id, const base::Uuid& id) {
  return std::string(tenant_id.bytes()) + std::string(id.bytes());
}

// RESOURCE_EXHAUSTED, RATE_LIMITED; `quota` names the limit.
absl::Status RateLimited(std::chrono::milliseconds wait, std::string_view quota);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_LIMITS_RATE_LIMITER_H_
