#include "base/ip_address.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::base {
namespace {

IpAddress Address(const std::string& text) { return IpAddress::Parse(text).value(); }

TEST(IpAddressTest, TakesTextOfAddressesOnly) {
  for (const char* good : {"192.0.2.1", "0.0.0.0", "2001:db8::1", "::", "::ffff:192.0.2.1"}) {
    ASSERT_TRUE(IpAddress::Parse(good)) << good;
    EXPECT_EQ(Address(good).ToString(), good);
  }
  for (const char* bad : {"", "127.1", "0x7f000001", "192.0.2.1:80", "[::1]", "fe80::1%eth0",
                          " ::1", "192.0.2.256", "host"}) {
    EXPECT_FALSE(IpAddress::Parse(bad)) << bad;
  }
  EXPECT_FALSE(IpAddress::Parse(std::string("::1\0", 4)));
}

TEST(IpAddressTest, KeepsMappedAddressesApartUntilAsked) {
  EXPECT_NE(Address("::ffff:192.0.2.1"), Address("192.0.2.1"));
  EXPECT_EQ(Address("::ffff:192.0.2.1").Unmapped(), Address("192.0.2.1"));
  EXPECT_EQ(Address("::fffe:192.0.2.1").Unmapped(), Address("::fffe:192.0.2.1"));
  EXPECT_EQ(Address("192.0.2.1").Unmapped(), Address("192.0.2.1"));
}

TEST(IpAddressTest, CountsClientsByIpv4AddressAndIpv6Prefix) {
  EXPECT_NE(Address("192.0.2.1").ClientKey(), Address("192.0.2.2").ClientKey());
  EXPECT_EQ(Address("2001:db8:1:2::1").ClientKey(), Address("2001:db8:1:2:ffff::9").ClientKey());
  EXPECT_NE(Address("2001:db8:1:2::1").ClientKey(), Address("2001:db8:1:3::1").ClientKey());
}

TEST(IpNetworkTest, ContainsWhatBeginsWithItsBits) {
  const auto contains = [](const char* network, const char* address) {
    return IpNetwork::Parse(network).value().Contains(Address(address));
  };
  EXPECT_TRUE(contains("10.1.0.0/16", "10.1.255.255"));
  EXPECT_FALSE(contains("10.1.0.0/16", "10.2.0.0"));
  EXPECT_TRUE(contains("10.128.0.0/9", "10.255.0.1"));
  EXPECT_FALSE(contains("10.128.0.0/9", "10.127.255.255"));
  EXPECT_TRUE(contains("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(contains("192.0.2.1", "192.0.2.3"));
  EXPECT_TRUE(contains("0.0.0.0/0", "255.1.2.3"));
  EXPECT_FALSE(contains("0.0.0.0/0", "::1"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
}

TEST(IpNetworkTest, RefusesWhatIsNone) {
  for (const char* bad : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x",
                          "::/129", "example.org/8", "10.0.0.0/8/8"}) {
    EXPECT_FALSE(IpNetwork::Parse(bad)) << bad;
  }
}

TEST(IpNetworkTest, ListsAreSeparatedByBlanks) {
  const auto networks = ParseNetworks("  10.0.0.0/8 ::1\t192.0.2.1 ");
  ASSERT_TRUE(networks);
  EXPECT_EQ(networks->size(), 3u);
  EXPECT_TRUE(InAny(*networks, Address("10.9.9.9")));
  EXPECT_TRUE(InAny(*networks, Address("::1")));
  EXPECT_FALSE(InAny(*networks, Address("11.0.0.0")));
  EXPECT_TRUE(ParseNetworks("")->empty());
  EXPECT_FALSE(ParseNetworks("10.0.0.0/8,::1"));
}

}  // namespace
}  // namespace gatehouse::base
