#include "base/pause.h"

#include <gtest/gtest.h>

#include <chrono>

namespace gatehouse::base {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Time kNow = TimeFromMicros(1'800'000'000'000'000);

TEST(PauseTest, LastsAsLongAsItShould) {
  const Pause pause(kNow, seconds(30));
  EXPECT_EQ(pause.end(), kNow + seconds(30));
  EXPECT_FALSE(pause.IsOver(kNow));
  EXPECT_FALSE(pause.IsOver(kNow + seconds(29)));
  EXPECT_TRUE(pause.IsOver(kNow + seconds(30)));
}

TEST(PauseTest, IsOverOnceTheClockIsSetBack) {
  const Pause pause(kNow, seconds(30));
  EXPECT_TRUE(pause.IsOver(kNow - Duration(1)));
  EXPECT_TRUE(pause.IsOver(kNow - hours(24 * 365)));
}

TEST(PauseTest, IsOverWithoutABeginning) {
  EXPECT_TRUE(Pause().IsOver(kNow));
  EXPECT_TRUE(Pause().IsOver(Time()));
}

}  // namespace
}  // namespace gatehouse::base
