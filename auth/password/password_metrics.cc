#include "auth/password/password_metrics.h"

namespace gatehouse::auth {

void DescribeMetrics(const PasswordHasher& hasher, base::MetricFamilies& families) {
  families.Counter("password_hashes", "Passwords hashed or verified, dummies included.",
                   hasher.hash_count());
  families.Gauge("password_hashes_queued", "Passwords that wait for a hashing thread.",
                 hasher.queued());
}

}  // namespace gatehouse::auth
