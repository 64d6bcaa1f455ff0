#include "rpc/listener/connection_caps.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace gatehouse::rpc {
namespace {

class ConnectionCapsTest : public testing::Test {
 protected:
  std::unique_ptr<ConnectionCaps::Place> Take(const std::string& client) {
    refused_ = caps_.Take(client);
    if (refused_) return nullptr;
    return std::make_unique<ConnectionCaps::Place>(caps_, client);
  }

  ConnectionCaps caps_{4, 2};
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
  EXPECT_TRUE(proxied->MoveTo("a"));
  const auto second = Take("a");
  const auto other = Take("b");
  EXPECT_FALSE(other->MoveTo("a"));
  // It counts as before.
  const auto last = Take("b");
  EXPECT_NE(last, nullptr);
}

}  // namespace
}  // namespace gatehouse::rpc
