#include "service/delivery/queue/breaker.h"

#include <gtest/gtest.h>

#include <chrono>

namespace gatehouse::service::delivery {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const base::Time kStart = base::TimeFromMicros(1'700'000'000'000'000);

Breaker Opened() {
  Breaker breaker;
  for (int i = 0; i < 5; ++i) {
    breaker.OnStart();
    breaker.OnFailure(kStart);
  }
  return breaker;
}

TEST(BreakerTest, OpensAtTheFifthFailureInARow) {
  Breaker breaker;
  for (int i = 0; i < 4; ++i) breaker.OnFailure(kStart);
  EXPECT_FALSE(breaker.open());
  EXPECT_TRUE(breaker.MayStart(kStart));
  breaker.OnFailure(kStart);
  EXPECT_TRUE(breaker.open());
  EXPECT_FALSE(breaker.MayStart(kStart));
}

TEST(BreakerTest, ASuccessStartsTheCountAnew) {
  Breaker breaker;
  for (int i = 0; i < 4; ++i) breaker.OnFailure(kStart);
  breaker.OnSuccess();
  for (int i = 0; i < 4; ++i) breaker.OnFailure(kStart);
  EXPECT_FALSE(breaker.open());
}

TEST(BreakerTest, LetsOneCanaryThroughAtATime) {
  Breaker breaker = Opened();
  EXPECT_FALSE(breaker.MayStart(kStart + seconds(29)));
  EXPECT_TRUE(breaker.MayStart(kStart + seconds(30)));
  breaker.OnStart();
  EXPECT_FALSE(breaker.MayStart(kStart + seconds(31)));
  EXPECT_FALSE(breaker.MayStart(kStart + minutes(60)));
}

TEST(BreakerTest, AClockThatIsSetBackLetsACanaryThrough) {
  Breaker breaker = Opened();
  EXPECT_TRUE(breaker.MayStart(kStart - minutes(60)));
  breaker.OnStart();
  breaker.OnFailure(kStart - minutes(60), seconds(45));
  EXPECT_FALSE(breaker.MayStart(kStart - minutes(60) + seconds(59)));
  EXPECT_TRUE(breaker.MayStart(kStart - minutes(59)));
}

TEST(BreakerTest, EachFailedCanaryDoublesTheDelayUpToTenMinutes) {
  Breaker breaker = Opened();
  base::Time now = kStart;
  for (int expected : {30, 60, 120, 240, 480, 600, 600}) {
    EXPECT_EQ(breaker.next_canary() - now, seconds(expected));
    now = breaker.next_canary();
    ASSERT_TRUE(breaker.MayStart(now));
    breaker.OnStart();
    breaker.OnFailure(now);
  }
}

TEST(BreakerTest, ASuccessfulCanaryClosesIt) {
  Breaker breaker = Opened();
  breaker.OnStart();
  breaker.OnSuccess();
  EXPECT_FALSE(breaker.open());
  EXPECT_TRUE(breaker.MayStart(kStart));
  EXPECT_EQ(breaker.state().consecutive_failures, 0);
  // And the next outage begins with the first delay again.
  for (int i = 0; i < 5; ++i) breaker.OnFailure(kStart);
  EXPECT_EQ(breaker.next_canary() - kStart, seconds(30));
}

TEST(BreakerTest, LateFailuresOfRequestsStartedBeforeDoNotStretchTheDelay) {
  Breaker breaker = Opened();
  for (int i = 0; i < 10; ++i) breaker.OnFailure(kStart + seconds(1));
  EXPECT_EQ(breaker.next_canary(), kStart + seconds(30));
  EXPECT_EQ(breaker.state().consecutive_failures, 15);
}

TEST(BreakerTest, AnAbandonedCanaryMayBeFollowedByAnother) {
  Breaker breaker = Opened();
  breaker.OnStart();
  EXPECT_FALSE(breaker.MayStart(kStart + seconds(30)));
  breaker.OnAbandoned();
  EXPECT_TRUE(breaker.MayStart(kStart + seconds(30)));
}

TEST(BreakerTest, ANewOwnerOfAnOpenBreakerStartsWithACanary) {
  Breaker breaker({.consecutive_failures = 9, .open = true}, kStart);
  EXPECT_TRUE(breaker.open());
  EXPECT_TRUE(breaker.MayStart(kStart));
  breaker.OnStart();
  EXPECT_FALSE(breaker.MayStart(kStart));
  breaker.OnFailure(kStart);
  EXPECT_EQ(breaker.next_canary(), kStart + seconds(30));
}

}  // namespace
}  // namespace gatehouse::service::delivery
