#include "auth/limits/rate_limiter.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::auth {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const base::SteadyTime kNow = base::SteadyTime(seconds(1000));

TEST(RateLimiterTest, AllowsABurstThenTheRate) {
  RateLimiter limiter({.rate = 10, .burst = 3});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.Take("anna", kNow), std::nullopt);
  EXPECT_EQ(limiter.Take("anna", kNow), milliseconds(100));
  EXPECT_EQ(limiter.Take("anna", kNow + milliseconds(60)), milliseconds(40));
  EXPECT_EQ(limiter.Take("anna", kNow + milliseconds(100)), std::nullopt);
  EXPECT_NE(limiter.Take("anna", kNow + milliseconds(100)), std::nullopt);
}

TEST(RateLimiterTest, RefusedCallsBuyNothing) {
  RateLimiter limiter({.rate = 10, .burst = 1});
  int granted = 0;
  for (int i = 0; i < 1000; ++i) {
    granted += limiter.Take("anna", kNow + milliseconds(i)) ? 0 : 1;
  }
  EXPECT_EQ(granted, 10);
}

TEST(RateLimiterTest, SavesNoMoreThanTheBurst) {
  RateLimiter limiter({.rate = 10, .burst = 2});
  EXPECT_EQ(limiter.Take("anna", kNow), std::nullopt);
  const auto later = kNow + seconds(3600);
  EXPECT_EQ(limiter.Take("anna", later), std::nullopt);
  EXPECT_EQ(limiter.Take("anna", later), std::nullopt);
  EXPECT_NE(limiter.Take("anna", later), std::nullopt);
}

TEST(RateLimiterTest, KeysDoNotShare) {
  RateLimiter limiter({.rate = 1, .burst = 1});
  EXPECT_EQ(limiter.Take("anna", kNow), std::nullopt);
  EXPECT_EQ(limiter.Take("bert", kNow), std::nullopt);
  EXPECT_NE(limiter.Take("anna", kNow), std::nullopt);
}

TEST(RateLimiterTest, ARateOfZeroIsNoLimit) {
  RateLimiter limiter({});
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(limiter.Take("anna", kNow), std::nullopt);
  EXPECT_EQ(limiter.size(), 0u);
}

TEST(RateLimiterTest, TheTableIsBounded) {
  RateLimiter limiter({.rate = 1, .burst = 1}, 100);
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_EQ(limiter.Take(std::to_string(i), kNow), std::nullopt);
    EXPECT_LE(limiter.size(), 100u);
  }
}

TEST(RateLimiterTest, GivesUpBucketsThatSayNothingFirst) {
  RateLimiter limiter({.rate = 1, .burst = 1}, 4);
  limiter.Take("busy", kNow + seconds(2));
  for (int i = 0; i < 3; ++i) limiter.Take("idle " + std::to_string(i), kNow);
  for (int i = 0; i < 3; ++i) {
    limiter.Take("new " + std::to_string(i), kNow + seconds(2));
    EXPECT_NE(limiter.Take("busy", kNow + seconds(2)), std::nullopt) << i;
  }
}

TEST(RateLimiterTest, TakesManyAtOnceButNeverMoreThanABurst) {
  RateLimiter limiter({.rate = 2, .burst = 10});
  EXPECT_EQ(limiter.Take("a", kNow, 4), std::nullopt);
  EXPECT_EQ(limiter.Take("a", kNow, 8), seconds(1));
  EXPECT_EQ(limiter.Take("a", kNow, 6), std::nullopt);
  EXPECT_EQ(limiter.Take("a", kNow), milliseconds(500));
  EXPECT_EQ(limiter.Take("b", kNow, 1000), std::nullopt);
  EXPECT_EQ(limiter.Take("b", kNow, 1000), seconds(5));
}

TEST(RateLimiterTest, WhatIsGivenBackCanBeTakenAgain) {
  RateLimiter limiter({.rate = 0.001, .burst = 2});
  const base::SteadyTime now = std::chrono::steady_clock::now();
  EXPECT_FALSE(limiter.Take("a", now));
  EXPECT_FALSE(limiter.Take("a", now));
  EXPECT_TRUE(limiter.Take("a", now));
  limiter.GiveBack("a");
  EXPECT_FALSE(limiter.Take("a", now));
  EXPECT_TRUE(limiter.Take("a", now));
  // Never more than the burst.
  for (int i = 0; i < 5; ++i) limiter.GiveBack("a");
  EXPECT_FALSE(limiter.Take("a", now));
  EXPECT_FALSE(limiter.Take("a", now));
  EXPECT_TRUE(limiter.Take("a", now));
  limiter.GiveBack("nobody");
  EXPECT_EQ(limiter.size(), 1u);
}

}  // namespace
}  // namespace gatehouse::auth
