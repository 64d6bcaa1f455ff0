#include "auth/verdict/revocation_set.h"

#include <gtest/gtest.h>

namespace gatehouse::auth {
namespace {

using std::chrono::minutes;

const base::Time kNow = base::TimeFromMicros(1'700'000'000'000'000);

base::Uuid NewId() { return base::Uuid::MakeV7(kNow); }

TEST(RevocationSetTest, KnowsExactlyWhatWasRevoked) {
  RevocationSet set;
  const base::Uuid session = NewId();
  EXPECT_FALSE(set.IsRevoked(session));
  set.Revoke(session, kNow + minutes(5), kNow);
  EXPECT_TRUE(set.IsRevoked(session));
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(set.IsRevoked(NewId()));
}

TEST(RevocationSetTest, RevokesEpochsBelowTheNewOne) {
  RevocationSet set;
  const base::Uuid user = NewId();
  set.RevokeBelowEpoch(user, 5, kNow + minutes(5), kNow);
  EXPECT_TRUE(set.IsRevoked(user, 4));
  EXPECT_FALSE(set.IsRevoked(user, 5));
  // An older message that comes late takes nothing back.
  set.RevokeBelowEpoch(user, 3, kNow + minutes(5), kNow);
  EXPECT_TRUE(set.IsRevoked(user, 4));
}

TEST(RevocationSetTest, DropsWhatNoLivingTokenNeeds) {
  RevocationSet set;
  const base::Uuid session = NewId();
  set.Revoke(session, kNow + minutes(5), kNow);
  set.Revoke(NewId(), kNow + minutes(9), kNow + minutes(4));
  EXPECT_TRUE(set.IsRevoked(session));
  set.Revoke(NewId(), kNow + minutes(10), kNow + minutes(5));
  EXPECT_FALSE(set.IsRevoked(session));
  EXPECT_EQ(set.size(), 2u);
}

TEST(RevocationSetTest, ASecondRevocationKeepsTheEntryLonger) {
  RevocationSet set;
  const base::Uuid session = NewId();
  set.Revoke(session, kNow + minutes(5), kNow);
  set.Revoke(session, kNow + minutes(7), kNow + minutes(2));
  set.Revoke(NewId(), kNow + minutes(11), kNow + minutes(6));
  EXPECT_TRUE(set.IsRevoked(session));
}

TEST(RevocationSetTest, TellsUntilWhenItLacksSomething) {
  RevocationSet set(2);
  EXPECT_EQ(set.lost_until(), base::Time::min());
  set.Revoke(NewId(), kNow + minutes(5), kNow);
  // What is over is no loss.
  set.Revoke(NewId(), kNow + minutes(11), kNow + minutes(6));
  set.Revoke(NewId(), kNow + minutes(12), kNow + minutes(6));
  EXPECT_EQ(set.lost_until(), base::Time::min());
  EXPECT_EQ(set.evictions(), 0u);
  set.Revoke(NewId(), kNow + minutes(13), kNow + minutes(6));
  EXPECT_EQ(set.lost_until(), kNow + minutes(11));
  EXPECT_EQ(set.evictions(), 1u);
}

TEST(RevocationSetTest, IsBounded) {
  RevocationSet set(10);
  base::Uuid last;
  for (int i = 0; i < 1000; ++i) {
    last = NewId();
    set.Revoke(last, kNow + minutes(5), kNow);
    EXPECT_LE(set.size(), 10u);
  }
  EXPECT_TRUE(set.IsRevoked(last));
}

// The end of the later one comes first, and takes the entry along.
TEST(RevocationSetTest, ASecondRevocationMayEndBeforeTheFirst) {
  RevocationSet set;
  const base::Uuid session = NewId();
  set.Revoke(session, kNow + minutes(9), kNow);
  set.Revoke(session, kNow + minutes(5), kNow);
  set.Revoke(NewId(), kNow + minutes(20), kNow + minutes(8));
  EXPECT_TRUE(set.IsRevoked(session));
  set.Revoke(NewId(), kNow + minutes(21), kNow + minutes(10));
  EXPECT_FALSE(set.IsRevoked(session));
  EXPECT_EQ(set.size(), 2u);
}

}  // namespace
}  // namespace gatehouse::auth
