#include "service/delivery/engine/presence.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/async/one_shot.h"
#include "service/delivery/engine/queue_fixture.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::steady_clock;

class PresenceTest : public QueueFixture {
 protected:
  PresenceTest() {
    withdraw_ = [this](int64_t lock_key) { return Withdraw(lock_key); };
  }
  ~PresenceTest() override {
    // Whoever still waits for an answer would wait for ever.
    OnLoop([this] { answer_.Set(absl::OkStatus()); });
    StopTasks();
  }

  base::Task<absl::Status> Withdraw(int64_t lock_key) {
    keys_.push_back(lock_key);
    const base::OneShot<absl::Status> answer = answer_;
    co_return co_await answer;
  }
  void Answer(absl::Status status) {
    OnLoop([&] { std::exchange(answer_, {}).Set(status); });
  }

  std::vector<int64_t> keys_;
  // To the next withdrawal.
  base::OneShot<absl::Status> answer_;
};

TEST_F(PresenceTest, WhoWasNeverSeenGoesByTime) {
  OnLoop([this] {
    EXPECT_TRUE(presence_.certain());
    EXPECT_TRUE(presence_.Confirms(base::SteadyTime()));
    // Whoever leased before it was seen could not be taken for dead then.
    const base::SteadyTime before = steady_clock::now();
    presence_.OnSeen();
    EXPECT_TRUE(presence_.Confirms(before));
  });
}

TEST_F(PresenceTest, NothingCountsWhileOthersMayTakeItForDead) {
  OnLoop([this] {
    presence_.OnSeen();
    presence_.OnUnseen(7);
    EXPECT_FALSE(presence_.certain());
    EXPECT_FALSE(presence_.Confirms(steady_clock::now() + std::chrono::hours(1)));
  });
  EXPECT_EQ(keys_, std::vector<int64_t>{7});
  const base::SteadyTime meanwhile = steady_clock::now();
  Answer(absl::OkStatus());
  OnLoop([&] {
    EXPECT_TRUE(presence_.certain());
    EXPECT_FALSE(presence_.Confirms(meanwhile)) << "somebody may have been faster";
    EXPECT_TRUE(presence_.Confirms(steady_clock::now()));
  });
}

TEST_F(PresenceTest, SeenAgainBeforeItCouldWithdraw) {
  base::OneShot<absl::Status> first;
  OnLoop([&] {
    presence_.OnUnseen(7);
    first = std::exchange(answer_, {});
    presence_.OnSeen();
    EXPECT_TRUE(presence_.certain());
    EXPECT_TRUE(presence_.Confirms(steady_clock::now()));
    // Lost once more: what the first withdrawal finds says nothing about the second connection.
    presence_.OnUnseen(8);
  });
  OnLoop([&] { first.Set(absl::OkStatus()); });
  OnLoop([this] { EXPECT_FALSE(presence_.certain()); });
  Answer(absl::OkStatus());
  OnLoop([this] { EXPECT_TRUE(presence_.certain()); });
}

TEST_F(PresenceTest, TriesUntilTheDatabaseHasTakenIt) {
  OnLoop([this] { presence_.OnUnseen(7); });
  const base::OneShot<absl::Status> second;
  OnLoop([&] { std::exchange(answer_, second).Set(absl::UnavailableError("down")); });
  OnLoop([this] { EXPECT_FALSE(presence_.certain()); });
  OnLoop([&] { second.Set(absl::OkStatus()); });
  // The next try comes after a pause.
  while (true) {
    bool certain = false;
    OnLoop([&] { certain = presence_.certain(); });
    if (certain) break;
  }
  EXPECT_EQ(keys_, (std::vector<int64_t>{7, 7}));
}

TEST_F(PresenceTest, LossDuringTheStopIsNoLongerTold) {
  OnLoop([this] {
    tasks_.BeginStop();
    presence_.OnUnseen(7);
  });
  EXPECT_TRUE(keys_.empty());
}

}  // namespace
}  // namespace gatehouse::service::delivery
