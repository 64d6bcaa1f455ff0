#include "auth/verifier/freshness.h"

#include <gtest/gtest.h>

namespace gatehouse::auth {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// The server's clock is wrong by hours, which is no business of this.
const base::Time kServer = base::TimeFromMicros(1'700'000'000'000'000) - hours(5);
const base::SteadyTime kHere = base::SteadyTime(hours(30));

TEST(FreshnessTest, IsOldByWhatTheServerSaysOfItself) {
  Freshness freshness;
  EXPECT_EQ(freshness.Heard(kServer - milliseconds(250), kServer, kHere),
            kHere - milliseconds(250));
}

TEST(FreshnessTest, AMessageThatLayInABufferIsAsOldAsItIs) {
  Freshness freshness;
  freshness.Heard(kServer, kServer, kHere);
  // Made a second later, arrived a minute later.
  EXPECT_EQ(freshness.Heard(kServer + milliseconds(1000), kServer + milliseconds(1000),
                            kHere + milliseconds(60'000)),
            kHere + milliseconds(1000));
}

TEST(FreshnessTest, TheFastestMessageIsTheMeasure) {
  Freshness freshness;
  freshness.Heard(kServer, kServer, kHere + milliseconds(400));
  EXPECT_EQ(freshness.Heard(kServer + milliseconds(1000), kServer + milliseconds(1000),
                            kHere + milliseconds(1010)),
            kHere + milliseconds(1010));
  EXPECT_EQ(freshness.Heard(kServer + milliseconds(2000), kServer + milliseconds(2000),
                            kHere + milliseconds(2500)),
            kHere + milliseconds(2010));
}

// A server's clock that is set back makes everything look late, for as long as the stream lasts.
TEST(FreshnessTest, AStreamThatLagsForGoodIsToBeBegunAnew) {
  Freshness freshness(milliseconds(2'500));
  const auto hear = [&](int second, milliseconds lag) {
    const base::Time made = kServer + milliseconds(1000 * second);
    freshness.Heard(made, made, kHere + milliseconds(1000 * second) + lag);
  };
  hear(0, milliseconds(0));
  // A stall, after which all that lay there comes at once.
  for (int second = 1; second <= 4; ++second) hear(second, milliseconds(5000 - 1000 * second));
  EXPECT_FALSE(freshness.lags());
  for (int second = 5; second < 9; ++second) hear(second, milliseconds(10'000));
  EXPECT_FALSE(freshness.lags());
  hear(9, milliseconds(10'000));
  EXPECT_TRUE(freshness.lags());
  freshness.NewStream();
  EXPECT_FALSE(freshness.lags());
}

TEST(FreshnessTest, AnotherServerHasAnotherClock) {
  Freshness freshness;
  freshness.Heard(kServer + hours(1), kServer + hours(1), kHere);
  freshness.NewStream();
  EXPECT_EQ(freshness.Heard(kServer, kServer, kHere), kHere);
}

}  // namespace
}  // namespace gatehouse::auth
