#include "service/delivery/http/address_guard.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/hash.h"

namespace gatehouse::service::delivery {
namespace {

bool Reachable(const char* text) {
  const std::optional<IpAddress> address = IpAddress::Parse(text);
  EXPECT_TRUE(address.has_value()) << text;
  return address && IsGloballyReachable(*address);
}

IpAddress V4(std::string_view bytes) {
  IpAddress address;
  std::copy_n(bytes.begin(), 4, address.bytes.begin());
  return address;
}

IpAddress WithPrefix(const char* prefix, size_t length, std::string_view rest) {
  IpAddress address = *IpAddress::Parse(prefix);
  std::copy_n(rest.begin(), 16 - length, address.bytes.begin() + static_cast<ptrdiff_t>(length));
  return address;
}

TEST(AddressGuardTest, DeniesEverySpecialIpv4Range) {
  for (const char* text :
       {"0.0.0.0",         "0.1.2.3",         "0.255.255.255",   "10.0.0.1",
        "10.255.255.255",  "100.64.0.1",      "100.127.255.254", "127.0.0.1",
        "127.255.255.255", "169.254.0.1",     "169.254.169.254", "169.254.170.2",
        "172.16.5.4",      "172.31.255.255",  "192.0.0.1",       "192.0.0.255",
        "192.0.2.255",     "192.88.99.1",     "192.168.1.1",     "192.168.255.255",
        "198.18.0.0",      "198.19.255.255",  "198.51.100.65",   "203.0.113.6",
        "224.0.0.1",       "239.255.255.250", "240.240.240.240", "255.255.255.255"}) {
    EXPECT_FALSE(Reachable(text)) << text;
  }
}

TEST(AddressGuardTest, AllowsTheNeighboursOfDeniedIpv4Ranges) {
  for (const char* text :
       {"1.0.0.0",        "1.1.1.1",         "8.8.8.8",         "9.255.255.255",  "11.0.0.0",
        "100.63.255.254", "100.128.0.1",     "126.255.255.255", "128.0.0.1",      "169.253.255.255",
        "169.255.0.0",    "172.15.255.255",  "172.32.0.0",      "192.0.1.0",      "192.88.98.255",
        "192.88.100.0",   "192.167.255.255", "192.169.0.0",     "198.17.255.255", "198.20.0.0",
        "198.51.101.0",   "203.0.114.0",     "223.255.255.255"}) {
    EXPECT_TRUE(Reachable(text)) << text;
  }
}

TEST(AddressGuardTest, DeniesEverySpecialIpv6Range) {
  for (const char* text : {"::",
                           "::1",
                           "1::1",
                           "ff:ffff::1",
                           "::7f00:1",
                           "::a9fe:a9fe",
                           "::ffff:127.0.0.1",
                           "::ffff:169.254.169.254",
                           "::ffff:8.8.8.8",
                           "::ffff:0:7f00:1",
                           "::5efe:7f00:1",
                           "2606:4700::5efe:7f00:1",
                           "2606:4700::200:5efe:a00:1",
                           "100::1",
                           "2001::1",
                           "2001:0:1::1",
                           "2001:2::1",
                           "2001:10::1",
                           "2001:20::1",
                           "2001:1ff::1",
                           "2001:db8::1",
                           "2002:7f00:1::1",
                           "2002:a9fe:a9fe::1",
                           "2002:5db8:d822::1",
                           "3fff::1",
                           "3fff:fff::1",
                           "5f00::1",
                           "64:ff9b:1::1",
                           "64:ff9b:0:1::1",
                           "64:ff9c::1",
                           "fc00::1",
                           "fd00:ec2::254",
                           "fd7a:115c:a1e0::1",
                           "fe80::1",
                           "febf:ffff::1",
                           "fec0::1",
                           "feff::1",
                           "ff02::1",
                           "ff0e::1"}) {
    EXPECT_FALSE(Reachable(text)) << text;
  }
}

TEST(AddressGuardTest, AllowsGlobalIpv6) {
  for (const char* text : {"2606:4700:4700::1111", "2001:4860:4860::8888", "2001:200::1",
                           "2001:1::1", "3fff:1000::1", "100:0:0:1::1"}) {
    EXPECT_TRUE(Reachable(text)) << text;
  }
}

TEST(AddressGuardTest, AllowsWhatNearlyLooksLikeAnIsatapTunnel) {
  for (const char* text :
       {"2606:4700::400:5efe:808:808", "2606:4700::300:5efe:808:808", "2606:4700::1:5efe:808:808",
        "2606:4700::201:5efe:808:808", "2606:4700::5ffe:808:808", "2606:4700::5eff:808:808"}) {
    EXPECT_TRUE(Reachable(text)) << text;
  }
}

TEST(AddressGuardTest, JudgesNat64ByTheAddressItCarries) {
  for (const char* text : {"64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b::a00:1",
                           "64:ff9b::e000:1", "64:ff9b::c058:6301"}) {
    EXPECT_FALSE(Reachable(text)) << text;
  }
  EXPECT_TRUE(Reachable("64:ff9b::5db8:d822"));
}

TEST(AddressGuardTest, EveryIpv4AddressHasTheVerdictOfItsNat64Twin) {
  for (int i = 0; i < 20000; ++i) {
    const std::string random = base::RandomBytes(4);
    const IpAddress v4 = V4(random);
    EXPECT_EQ(IsGloballyReachable(v4), IsGloballyReachable(WithPrefix("64:ff9b::", 12, random)))
        << v4.ToString();
  }
}

TEST(AddressGuardTest, DeniesWholeTunnelAndReservedBlocksForRandomBits) {
  for (int i = 0; i < 5000; ++i) {
    const std::string random = base::RandomBytes(16);
    for (const IpAddress& address :
         {WithPrefix("2002::", 2, random), WithPrefix("2001::", 4, random),
          WithPrefix("64:ff9b:1::", 6, random), WithPrefix("::ffff:0:0", 12, random),
          WithPrefix("ff00::", 1, random), WithPrefix("fd00::", 1, random)}) {
      EXPECT_FALSE(IsGloballyReachable(address)) << address.ToString();
    }
    const IpAddress low = WithPrefix("::", 1, random);
    if (!low.ToString().starts_with("64:ff9b::")) {
      EXPECT_FALSE(IsGloballyReachable(low)) << low.ToString();
    }
  }
}

TEST(AddressGuardTest, AllowsWhatTheOperatorListedAndNothingBeside) {
  const AddressGuard guard = *AddressGuard::Make({"127.0.0.1", "10.1.0.0/16", "fd00::/9"});
  EXPECT_TRUE(guard.allows_private_networks());
  EXPECT_TRUE(guard.Allows(*IpAddress::Parse("127.0.0.1")));
  EXPECT_FALSE(guard.Allows(*IpAddress::Parse("127.0.0.2")));
  EXPECT_TRUE(guard.Allows(*IpAddress::Parse("10.1.255.1")));
  EXPECT_FALSE(guard.Allows(*IpAddress::Parse("10.2.0.1")));
  EXPECT_TRUE(guard.Allows(*IpAddress::Parse("fd7f::1")));
  EXPECT_FALSE(guard.Allows(*IpAddress::Parse("fd80::1")));
  // The mapped form is another address to the kernel's caller.
  EXPECT_FALSE(guard.Allows(*IpAddress::Parse("::ffff:127.0.0.1")));
  EXPECT_TRUE(guard.Allows(*IpAddress::Parse("8.8.8.8")));
  EXPECT_FALSE(AddressGuard().Allows(*IpAddress::Parse("127.0.0.1")));
  EXPECT_FALSE(AddressGuard().allows_private_networks());
}

TEST(AddressGuardTest, RefusesMalformedNetworks) {
  for (const char* text : {"", "/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.0/",
                           "::/129", "localhost", "10.0.0/8", "fe80::1%eth0"}) {
    EXPECT_FALSE(AddressGuard::Make({text}).ok()) << text;
  }
}

TEST(AddressGuardTest, ParsesOnlyCanonicalNotations) {
  for (const char* text : {"", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "::1%lo",
                           "1.2.3.4.", "1.2.3.4 ", "::ffff:1.2.3"}) {
    EXPECT_FALSE(IpAddress::Parse(text).has_value()) << text;
  }
  EXPECT_FALSE(IpAddress::Parse(std::string_view("1.2.3.4\0", 8)).has_value());
}

TEST(AddressGuardTest, ReadsSocketAddresses) {
  sockaddr_in v4 = {};
  v4.sin_family = AF_INET;
  inet_pton(AF_INET, "192.168.1.2", &v4.sin_addr);
  EXPECT_EQ(IpAddress::FromSockaddr(reinterpret_cast<sockaddr&>(v4))->ToString(), "192.168.1.2");
  sockaddr_in6 v6 = {};
  v6.sin6_family = AF_INET6;
  inet_pton(AF_INET6, "fe80::2", &v6.sin6_addr);
  EXPECT_EQ(IpAddress::FromSockaddr(reinterpret_cast<sockaddr&>(v6))->ToString(), "fe80::2");
  sockaddr unix_socket = {};
  unix_socket.sa_family = AF_UNIX;
  EXPECT_FALSE(IpAddress::FromSockaddr(unix_socket).has_value());
}

}  // namespace
}  // namespace gatehouse::service::delivery
