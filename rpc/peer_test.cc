#include "rpc/peer.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::rpc {
namespace {

TEST(PeerIpTest, TakesTheAddressWithoutItsPort) {
  EXPECT_EQ(PeerIp("ipv4:192.0.2.1:50000"), "192.0.2.1");
  EXPECT_EQ(PeerIp("ipv6:%5B2001:db8::1%5D:50000"), "2001:db8::1");
  EXPECT_EQ(PeerIp("ipv6:[2001:db8::1]:50000"), "2001:db8::1");
  EXPECT_EQ(PeerIp("ipv6:%5Bfe80::1%25eth0%5D:1"), "fe80::1");
}

TEST(PeerIpTest, IsEmptyForWhatHasNoAddress) {
  EXPECT_EQ(PeerIp("unix:/run/gatehouse.sock"), "");
  EXPECT_EQ(PeerIp("ipv6:garbage"), "");
  EXPECT_EQ(PeerIp(""), "");
}

TEST(UserAgentTest, IsPrintableAsciiOfBoundedLength) {
  EXPECT_EQ(UserAgent("grpc-c++/1.51.1 (linux; \"x\")"), "grpc-c++/1.51.1 (linux; \"x\")");
  EXPECT_EQ(UserAgent(std::string("a\0b\n\x7f\xff\xc3\xa9", 8)), "a?b?????");
  EXPECT_EQ(UserAgent(std::string(513, 'x')), std::string(512, 'x'));
  EXPECT_EQ(UserAgent(""), "");
}

}  // namespace
}  // namespace gatehouse::rpc
