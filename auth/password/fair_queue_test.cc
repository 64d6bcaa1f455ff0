#include "auth/password/fair_queue.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::auth {
namespace {

std::string PopAll(FairQueue<std::string>& queue) {
  std::string order;
  while (auto next = queue.Pop()) order += *next + " ";
  return order;
}

TEST(FairQueueTest, KeysTakeTurnsAndEachIsInOrder) {
  FairQueue<std::string> queue(10);
  for (const char* value : {"a1", "a2", "a3"}) EXPECT_TRUE(queue.Push("a", value).accepted);
  EXPECT_EQ(queue.Ahead("a"), 3u);
  EXPECT_EQ(queue.Ahead("b"), 1u);
  EXPECT_TRUE(queue.Push("b", "b1").accepted);
  EXPECT_EQ(queue.Ahead("b"), 3u);
  EXPECT_TRUE(queue.Push("b", "b2").accepted);
  EXPECT_EQ(queue.size(), 5u);
  EXPECT_EQ(PopAll(queue), "a1 b1 a2 b2 a3 ");
  EXPECT_EQ(queue.size(), 0u);
}

TEST(FairQueueTest, TheLongestLineGivesWayWhenItIsFull) {
  FairQueue<std::string> queue(3);
  for (const char* value : {"a1", "a2", "a3"}) EXPECT_TRUE(queue.Push("a", value).accepted);
  EXPECT_FALSE(queue.Push("a", "a4").accepted) << "it would displace its own";
  const auto pushed = queue.Push("b", "b1");
  EXPECT_TRUE(pushed.accepted);
  EXPECT_EQ(pushed.displaced, "a3");
  EXPECT_FALSE(queue.Push("b", "b2").accepted) << "both would have the same then";
  EXPECT_EQ(queue.size(), 3u);
  EXPECT_EQ(PopAll(queue), "a1 b1 a2 ");
}

TEST(FairQueueTest, AKeyThatWasServedComesBackAtTheEnd) {
  FairQueue<std::string> queue(10);
  queue.Push("a", "a1");
  EXPECT_EQ(queue.Pop(), "a1");
  EXPECT_EQ(queue.Pop(), std::nullopt);
  queue.Push("b", "b1");
  queue.Push("a", "a2");
  EXPECT_EQ(PopAll(queue), "b1 a2 ");
}

}  // namespace
}  // namespace gatehouse::auth
