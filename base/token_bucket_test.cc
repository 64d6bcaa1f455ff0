#include "base/token_bucket.h"

#include <gtest/gtest.h>

namespace gatehouse::base {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const SteadyTime kNow = SteadyTime(seconds(1000));

TEST(TokenBucketTest, AllowsABurstThenTheRate) {
  const RateLimit limit{.rate = 10, .burst = 2};
  TokenBucket bucket(limit, kNow);
  EXPECT_TRUE(bucket.Take(limit, kNow));
  EXPECT_TRUE(bucket.Take(limit, kNow));
  EXPECT_FALSE(bucket.Take(limit, kNow));
  EXPECT_DOUBLE_EQ(bucket.Wait(limit).count(), 0.1);
  EXPECT_FALSE(bucket.Take(limit, kNow + milliseconds(99)));
  EXPECT_TRUE(bucket.Take(limit, kNow + milliseconds(101)));
  EXPECT_FALSE(bucket.Take(limit, kNow + milliseconds(101)));
}

TEST(TokenBucketTest, SavesNoMoreThanTheBurst) {
  const RateLimit limit{.rate = 10, .burst = 2};
  TokenBucket bucket(limit, kNow);
  EXPECT_TRUE(bucket.Take(limit, kNow));
  EXPECT_EQ(bucket.TokensAt(limit, kNow + seconds(100)), 2);
}

TEST(TokenBucketTest, ARateOfZeroIsNoLimit) {
  TokenBucket bucket({}, kNow);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(bucket.Take({}, kNow));
}

}  // namespace
}  // namespace gatehouse::base
