#include "rpc/grpc/call_memory.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "base/time.h"
#include "rpc/byte_budget.h"
#include "rpc/listener/connection_caps.h"

namespace gatehouse::rpc {
namespace {

constexpr size_t kFree = CallMemory::kFree;
constexpr size_t kOfClient = 100'000;

class CallMemoryTest : public ::testing::Test {
 protected:
  ByteBudget all_{10 * kOfClient};
  ConnectionCaps caps_{
      {.in_all = 10, .per_client = 10, .calm_down = {}, .call_bytes_per_client = kOfClient}, all_};
  const bool taken_ = !caps_.Take("a", base::SteadyTime()).has_value();
  ConnectionCaps::Place place_{caps_, "a"};
  CallMemory memory_{place_};
};

TEST_F(CallMemoryTest, TheFirstBytesOfAConnectionAreFree) {
  ASSERT_TRUE(place_.Hold(kOfClient));
  EXPECT_TRUE(memory_.Take(kFree - 1));
  EXPECT_TRUE(memory_.Take(1));
  EXPECT_FALSE(memory_.Take(1));
  memory_.Return(1);
  EXPECT_TRUE(memory_.Take(1));
  EXPECT_EQ(all_.used(), kOfClient);
  memory_.Return(kFree);
  place_.LetGo(kOfClient);
}

TEST_F(CallMemoryTest, HoldsNoLessThanItsCallsAndNoMoreThanAStepAndWhatIsFree) {
  size_t held = 0;
  while (memory_.Take(1'000)) {
    held += 1'000;
    EXPECT_GE(all_.used() + kFree, held);
    EXPECT_LE(all_.used() + kFree, held + kFree + kFree);
  }
  // A step was too much.
  EXPECT_GT(held, kOfClient);
  EXPECT_LE(held, kOfClient + kFree);
  for (; held > 0; held -= 1'000) {
    EXPECT_GE(all_.used() + kFree, held);
    memory_.Return(1'000);
  }
  EXPECT_EQ(all_.used(), 0u);
}

TEST_F(CallMemoryTest, ReservesNothingBelowWhatIsFree) {
  ASSERT_TRUE(memory_.Take(kFree + 50'000));
  EXPECT_EQ(all_.used(), 50'000u);
  memory_.Return(50'000);
  EXPECT_EQ(all_.used(), 0u);
  memory_.Return(kFree);
}

TEST_F(CallMemoryTest, WhatIsHeldAllTheSameLeavesNoRoom) {
  ASSERT_TRUE(memory_.Take(kFree + kOfClient - 10));
  memory_.Force(20'000);
  EXPECT_EQ(all_.used(), kOfClient - 10);
  EXPECT_FALSE(memory_.Take(1));
  memory_.Return(20'000);
  memory_.Force(5);
  memory_.Return(kFree + kOfClient - 5);
  EXPECT_EQ(all_.used(), 0u);
}

TEST_F(CallMemoryTest, GivesBackWhenTheConnectionGoesAndCountsNoMore) {
  ASSERT_TRUE(memory_.Take(kFree + 50'000));
  memory_.Close();
  EXPECT_EQ(all_.used(), 0u);
  // Calls go after their connection.
  EXPECT_TRUE(memory_.Take(2 * kOfClient));
  memory_.Return(2 * kOfClient + 50'000);
  EXPECT_EQ(all_.used(), 0u);
}

}  // namespace
}  // namespace gatehouse::rpc
