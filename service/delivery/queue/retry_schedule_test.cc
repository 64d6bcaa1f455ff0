#include "service/delivery/queue/retry_schedule.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace gatehouse::service::delivery {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;

TEST(RetryScheduleTest, FollowsThePublishedSteps) {
  const std::vector<base::Duration> steps = {seconds(5), minutes(5), minutes(30),
                                             hours(2),   hours(5),   hours(10),
                                             hours(14),  hours(20),  hours(24)};
  base::Duration total{0};
  for (int attempt = 1; attempt < kMaxAttempts; ++attempt) {
    const auto delay = RetryDelay(DefaultRetryDelays(), attempt, std::nullopt, 0);
    ASSERT_TRUE(delay.has_value());
    EXPECT_EQ(*delay, steps[attempt - 1]);
    total += *delay;
  }
  EXPECT_EQ(total, hours(75) + minutes(35) + seconds(5));
}

TEST(RetryScheduleTest, EndsAfterTheLastAttempt) {
  EXPECT_FALSE(RetryDelay(DefaultRetryDelays(), kMaxAttempts, std::nullopt, 0).has_value());
  EXPECT_FALSE(RetryDelay(DefaultRetryDelays(), kMaxAttempts, hours(1), 0).has_value());
  EXPECT_FALSE(RetryDelay(DefaultRetryDelays(), kMaxAttempts + 1, std::nullopt, 0).has_value());
  EXPECT_FALSE(RetryDelay(DefaultRetryDelays(), 0, std::nullopt, 0).has_value());
}

TEST(RetryScheduleTest, JitterOnlyAddsAndIsBounded) {
  EXPECT_EQ(*RetryDelay(DefaultRetryDelays(), 1, std::nullopt, UINT32_MAX),
            seconds(5) + seconds(2));
  EXPECT_EQ(*RetryDelay(DefaultRetryDelays(), 2, std::nullopt, UINT32_MAX),
            minutes(5) + seconds(30));
  EXPECT_EQ(*RetryDelay(DefaultRetryDelays(), 9, std::nullopt, UINT32_MAX),
            hours(24) + minutes(15));
  for (int attempt = 1; attempt < kMaxAttempts; ++attempt) {
    for (uint32_t random : {0u, 1u, 77u, UINT32_MAX / 2, UINT32_MAX}) {
      EXPECT_GE(*RetryDelay(DefaultRetryDelays(), attempt, std::nullopt, random),
                *RetryDelay(DefaultRetryDelays(), attempt, std::nullopt, 0));
      EXPECT_GE(*RetryDelay(DefaultRetryDelays(), attempt, minutes(7), random),
                *RetryDelay(DefaultRetryDelays(), attempt, minutes(7), 0));
    }
  }
}

TEST(RetryScheduleTest, RetryAfterDelaysWithinBounds) {
  EXPECT_EQ(*RetryDelay(DefaultRetryDelays(), 1, minutes(10), 0), minutes(10));
  EXPECT_EQ(*RetryDelay(DefaultRetryDelays(), 2, seconds(1), 0), minutes(5));
  EXPECT_EQ(*RetryDelay(DefaultRetryDelays(), 1, hours(5), 0), seconds(10) + hours(2));
  EXPECT_EQ(*RetryDelay(DefaultRetryDelays(), 6, hours(100), 0), hours(22));
  EXPECT_EQ(*RetryDelay(DefaultRetryDelays(), 8, hours(100), 0), hours(24));
  EXPECT_EQ(*RetryDelay(DefaultRetryDelays(), 9, hours(100), 0), hours(24));
}

TEST(RetryScheduleTest, AnEndpointsOwnStepsAreFollowedToTheirEnd) {
  const std::vector<base::Duration> own = {seconds(1), hours(48)};
  EXPECT_EQ(*RetryDelay(own, 1, std::nullopt, 0), seconds(1));
  EXPECT_EQ(*RetryDelay(own, 2, std::nullopt, 0), hours(48));
  // What it is asked for does not shorten a step that is longer than any wish.
  EXPECT_EQ(*RetryDelay(own, 2, hours(1), 0), hours(48));
  EXPECT_FALSE(RetryDelay(own, 3, std::nullopt, 0).has_value());
  // Many attempts were made by a longer schedule before.
  EXPECT_FALSE(RetryDelay(own, 7, std::nullopt, 0).has_value());
  EXPECT_FALSE(RetryDelay({}, 1, std::nullopt, 0).has_value());
}

TEST(RetryScheduleTest, ParsesSecondsAndDates) {
  const base::Time now =
      sys_days(std::chrono::year(1994) / 11 / 6) + hours(8) + minutes(49) + seconds(7);
  EXPECT_EQ(*ParseRetryAfter("120", now), seconds(120));
  EXPECT_EQ(*ParseRetryAfter(" 0 ", now), seconds(0));
  EXPECT_EQ(*ParseRetryAfter("Sun, 06 Nov 1994 08:49:37 GMT", now), seconds(30));
  EXPECT_EQ(*ParseRetryAfter("Sunday, 06-Nov-94 08:49:37 GMT", now), seconds(30));
  EXPECT_EQ(*ParseRetryAfter("Sun Nov  6 08:49:37 1994", now), seconds(30));
  EXPECT_EQ(*ParseRetryAfter("Saturday, 06-Nov-27 08:49:37 GMT",
                             sys_days(std::chrono::year(2027) / 11 / 6) + hours(8)),
            minutes(49) + seconds(37));
  EXPECT_EQ(*ParseRetryAfter("Wednesday, 01-Jan-70 00:00:01 GMT",
                             sys_days(std::chrono::year(2070) / 1 / 1)),
            seconds(1));
  EXPECT_GT(*ParseRetryAfter("99999999999999999999999999", now), hours(24));
}

TEST(RetryScheduleTest, IgnoresGarbageAndThePast) {
  const base::Time now = sys_days(std::chrono::year(2026) / 1 / 1);
  for (const char* value :
       {"", " ", "-5", "1.5", "soon", "12s", "0x10", "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 2994 08:49:37 PST", "2994-11-06T08:49:37Z"}) {
    EXPECT_FALSE(ParseRetryAfter(value, now).has_value()) << value;
  }
}

}  // namespace
}  // namespace gatehouse::service::delivery
