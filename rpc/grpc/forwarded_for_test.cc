#include "rpc/grpc/forwarded_for.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::rpc {
namespace {

std::string Client(const std::vector<std::string_view>& values) {
  const auto trusted = base::ParseNetworks("10.0.0.0/8 fd00::/8").value();
  const auto client = ForwardedFor(values, trusted);
  return client ? client->ToString() : "none";
}

TEST(ForwardedForTest, IsTheLastAddressThatIsNoProxys) {
  EXPECT_EQ(Client({"192.0.2.1"}), "192.0.2.1");
  EXPECT_EQ(Client({"192.0.2.1, 10.0.0.7"}), "192.0.2.1");
  EXPECT_EQ(Client({"192.0.2.1,10.0.0.7,\t10.1.1.1 "}), "192.0.2.1");
  EXPECT_EQ(Client({"2001:db8::1, fd00::1"}), "2001:db8::1");
}

TEST(ForwardedForTest, WhatAStrangerSaysDoesNotCount) {
  EXPECT_EQ(Client({"198.51.100.9, 192.0.2.1"}), "192.0.2.1");
  EXPECT_EQ(Client({"10.0.0.1, 192.0.2.1, 10.0.0.7"}), "192.0.2.1");
}

TEST(ForwardedForTest, SeveralHeadersAreOneList) {
  EXPECT_EQ(Client({"198.51.100.9", "192.0.2.1", "10.0.0.7"}), "192.0.2.1");
}

TEST(ForwardedForTest, WithoutAStrangerItIsTheFirstProxy) {
  EXPECT_EQ(Client({"10.0.0.1, 10.0.0.7"}), "10.0.0.1");
}

TEST(ForwardedForTest, TakesPortsAndMappedAddresses) {
  EXPECT_EQ(Client({"192.0.2.1:4711"}), "192.0.2.1");
  EXPECT_EQ(Client({"[2001:db8::1]:4711"}), "2001:db8::1");
  EXPECT_EQ(Client({"[2001:db8::1]"}), "2001:db8::1");
  EXPECT_EQ(Client({"::ffff:192.0.2.1"}), "192.0.2.1");
}

TEST(ForwardedForTest, StopsAtWhatIsNoAddress) {
  EXPECT_EQ(Client({}), "none");
  EXPECT_EQ(Client({""}), "none");
  EXPECT_EQ(Client({"unknown"}), "none");
  EXPECT_EQ(Client({"["}), "none");
  EXPECT_EQ(Client({"192.0.2.1, unknown"}), "none");
  EXPECT_EQ(Client({"192.0.2.1, unknown, 10.0.0.7"}), "10.0.0.7");
  EXPECT_EQ(Client({std::string(8000, ',')}), "none");
}

}  // namespace
}  // namespace gatehouse::rpc
