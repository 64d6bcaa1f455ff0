#include "storage/postgres/client/standby/wal_history.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace gatehouse::storage::postgres {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Times count from here.
constexpr base::SteadyTime kStart{seconds(1000)};

TEST(WalHistoryTest, KnowsNothingBeforeThePrimaryWasAsked) {
  const WalHistory history;
  EXPECT_EQ(history.NeededFor(kStart, seconds(5)), std::nullopt);
  EXPECT_EQ(history.LagOf(7, kStart), milliseconds(0));
}

TEST(WalHistoryTest, NeedsWhatWasThereTheLongestLagAgo) {
  WalHistory history;
  history.Add(kStart, 100);
  history.Add(kStart + seconds(1), 200);
  history.Add(kStart + seconds(2), 300);
  const base::SteadyTime now = kStart + seconds(3);
  EXPECT_EQ(history.NeededFor(now, seconds(1)), 300);
  // What was committed in the half second before it was asked is at most at 300.
  EXPECT_EQ(history.NeededFor(now, milliseconds(1500)), 300);
  EXPECT_EQ(history.NeededFor(now, seconds(2)), 200);
  EXPECT_EQ(history.NeededFor(now, seconds(60)), 100);
  EXPECT_EQ(history.NeededFor(now, milliseconds(999)), std::nullopt) << "not asked since";
}

TEST(WalHistoryTest, TheLagIsSinceThePrimaryWentAhead) {
  WalHistory history;
  history.Add(kStart, 100);
  history.Add(kStart + seconds(1), 200);
  history.Add(kStart + seconds(2), 200);
  const base::SteadyTime now = kStart + seconds(5);
  EXPECT_EQ(history.LagOf(200, now), milliseconds(0)) << "nothing was written since";
  EXPECT_EQ(history.LagOf(199, now), seconds(4));
  EXPECT_EQ(history.LagOf(100, now), seconds(4));
  EXPECT_EQ(history.LagOf(0, now), seconds(5)) << "or more";
}

TEST(WalHistoryTest, AnotherPrimaryBeginsAnew) {
  WalHistory history;
  history.Add(kStart, 500);
  history.Add(kStart + seconds(1), 400);
  EXPECT_EQ(history.NeededFor(kStart + seconds(1), seconds(60)), 400);
  EXPECT_EQ(history.LagOf(400, kStart + seconds(1)), milliseconds(0));
}

TEST(WalHistoryTest, IsBounded) {
  WalHistory history;
  for (size_t i = 0; i <= WalHistory::kMaxMarks; ++i) {
    history.Add(kStart + seconds(i), static_cast<int64_t>(i));
  }
  EXPECT_EQ(history.NeededFor(kStart + seconds(WalHistory::kMaxMarks), std::chrono::hours(24)), 1);
}

}  // namespace
}  // namespace gatehouse::storage::postgres
