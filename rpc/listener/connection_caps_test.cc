#include "rpc/listener/connection_caps.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "rpc/byte_budget.h"

namespace gatehouse::rpc {
namespace {

class ConnectionCapsTest : public testing::Test {
 protected:
  std::unique_ptr<ConnectionCaps::Place> Take(const std::string& client) {
    refused_ = caps_.Take(client, now_);
    if (refused_) return nullptr;
    return std::make_unique<ConnectionCaps::Place>(caps_, client);
  }

  ByteBudget call_bytes_{1'000};
  ConnectionCaps caps_{{.in_all = 4,
                        .per_client = 2,
                        .calm_down = std::chrono::seconds(1),
                        .call_bytes_per_client = 600},
                       call_bytes_};
  base::SteadyTime now_{std::chrono::seconds(1000)};
  std::optional<RefusedConnection> refused_;
};

TEST_F(ConnectionCapsTest, CountsByClientAndInAll) {
  const auto first = Take("a");
  auto second = Take("a");
  EXPECT_EQ(Take("a"), nullptr);
  EXPECT_EQ(refused_, RefusedConnection::kTooManyOfAddress);
  second.reset();
  second = Take("a");
  EXPECT_NE(second, nullptr);
  const auto third = Take("b");
  const auto fourth = Take("c");
  EXPECT_EQ(Take("d"), nullptr);
  EXPECT_EQ(refused_, RefusedConnection::kTooMany);
}

TEST_F(ConnectionCapsTest, NobodysConnectionsCountInAllAlone) {
  const auto first = Take("");
  const auto second = Take("");
  const auto third = Take("");
  EXPECT_NE(third, nullptr);
  const auto fourth = Take("a");
  EXPECT_EQ(Take(""), nullptr);
}

TEST_F(ConnectionCapsTest, APlaceMovesToAnotherClient) {
  const auto proxied = Take("");
  EXPECT_EQ(proxied->MoveTo("a", now_), std::nullopt);
  const auto second = Take("a");
  const auto other = Take("b");
  EXPECT_EQ(other->MoveTo("a", now_), RefusedConnection::kTooManyOfAddress);
  // It counts as before.
  const auto last = Take("b");
  EXPECT_NE(last, nullptr);
}

TEST_F(ConnectionCapsTest, WhoHasToCalmDownGetsNoNewConnectionForAWhile) {
  const auto kept = Take("a");
  Take("a")->CalmDown(now_);
  EXPECT_EQ(Take("a"), nullptr);
  EXPECT_EQ(refused_, RefusedConnection::kMustCalmDown);
  const auto proxied = Take("");
  EXPECT_EQ(proxied->MoveTo("a", now_), RefusedConnection::kMustCalmDown);
  EXPECT_NE(Take("b"), nullptr);
  now_ += std::chrono::milliseconds(999);
  EXPECT_EQ(Take("a"), nullptr);
  now_ += std::chrono::milliseconds(1);
  EXPECT_NE(Take("a"), nullptr);
}

TEST_F(ConnectionCapsTest, TheLastOffenceCounts) {
  const auto first = Take("a");
  const auto second = Take("a");
  first->CalmDown(now_);
  now_ += std::chrono::milliseconds(600);
  second->CalmDown(now_);
  // Another one's turn forgives what is over.
  now_ += std::chrono::milliseconds(600);
  EXPECT_NE(Take("b"), nullptr);
  EXPECT_EQ(Take("a"), nullptr);
  EXPECT_EQ(refused_, RefusedConnection::kMustCalmDown);
  now_ += std::chrono::milliseconds(400);
  Take("a");
  EXPECT_EQ(refused_, RefusedConnection::kTooManyOfAddress);
}

TEST_F(ConnectionCapsTest, CountsWhatCallsHoldByClientAndInAll) {
  const auto first = Take("a");
  const auto second = Take("a");
  EXPECT_TRUE(first->Hold(400));
  EXPECT_FALSE(second->Hold(201));
  EXPECT_TRUE(second->Hold(200));
  const auto other = Take("b");
  EXPECT_FALSE(other->Hold(401));
  EXPECT_TRUE(other->Hold(400));
  // What was not granted does not count.
  EXPECT_EQ(call_bytes_.used(), 1'000u);
  first->LetGo(100);
  EXPECT_FALSE(other->Hold(101));
  EXPECT_TRUE(second->Hold(100));
  first->LetGo(300);
  second->LetGo(300);
  other->LetGo(400);
  EXPECT_EQ(call_bytes_.used(), 0u);
}

TEST_F(ConnectionCapsTest, WhatNobodysCallsHoldCountsInAllAlone) {
  const auto proxy = Take("");
  EXPECT_TRUE(proxy->Hold(900));
  EXPECT_FALSE(proxy->Hold(101));
  proxy->LetGo(900);
}

TEST_F(ConnectionCapsTest, WhatCallsHoldIsThatOfTheClientItMovedTo) {
  const auto proxied = Take("");
  ASSERT_EQ(proxied->MoveTo("a", now_), std::nullopt);
  EXPECT_FALSE(proxied->Hold(601));
  EXPECT_TRUE(proxied->Hold(600));
  const auto second = Take("a");
  EXPECT_FALSE(second->Hold(1));
  proxied->LetGo(600);
}

TEST_F(ConnectionCapsTest, NobodyNeedNotCalmDown) {
  Take("")->CalmDown(now_);
  EXPECT_NE(Take(""), nullptr);
}

}  // namespace
}  // namespace gatehouse::rpc
