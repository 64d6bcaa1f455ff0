#include "service/delivery/http/address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/status.h"

namespace gatehouse::service::delivery {
namespace {

constexpr int Bits(const IpAddress& address) { return address.v6 ? 128 : 32; }

bool InNetwork(const IpAddress& address, const IpAddress& network, int prefix_bits) {
  if (address.v6 != network.v6) return false;
  const int whole = prefix_bits / 8;
  if (!std::equal(address.bytes.begin(), address.bytes.begin() + whole, network.bytes.begin())) {
    return false;
  }
  if (prefix_bits % 8 == 0) return true;
  const uint8_t mask = static_cast<uint8_t>(0xff << (8 - prefix_bits % 8));
  return (address.bytes[whole] & mask) == (network.bytes[whole] & mask);
}

struct Block {
  std::string_view network;
  int prefix_bits;
};

// https://www.iana.org/assignments/iana-ipv4-special-registry and multicast.
constexpr Block kDeniedV4[] = {
    {"0.0.0.0", 8},        // "This network"; Linux connects 0.0.0.0 to itself.
    {"10.0.0.0", 8},       // Private.
    {"100.64.0.0", 10},    // Carrier-grade NAT; also some clouds' metadata.
    {"127.0.0.0", 8},      // Loopback.
    {"169.254.0.0", 16},   // Link-local; cloud metadata.
    {"172.16.0.0", 12},    // Private.
    {"192.0.0.0", 24},     // IETF protocol assignments.
    {"192.0.2.0", 24},     // Documentation.
    {"192.88.99.0", 24},   // Former 6to4 relays.
    {"192.168.0.0", 16},   // Private.
    {"198.18.0.0", 15},    // Benchmarking.
    {"198.51.100.0", 24},  // Documentation.
    {"203.0.113.0", 24},   // Documentation.
    {"224.0.0.0", 4},      // Multicast.
    {"240.0.0.0", 4},      // Reserved, and broadcast.
};

// https://www.iana.org/assignments/iana-ipv6-special-registry, the deprecated
// site-local range and multicast. NAT64's 64:ff9b::/96 is judged before.
constexpr Block kDeniedV6[] = {
    {"::", 8},           // Unspecified, loopback, mapped, compatible, SIIT, 64:ff9b:1::/48.
    {"100::", 64},       // Discard-only.
    {"2001::", 32},      // Teredo carries an IPv4 address.
    {"2001:2::", 48},    // Benchmarking.
    {"2001:10::", 28},   // ORCHID.
    {"2001:20::", 28},   // ORCHIDv2.
    {"2001:30::", 28},   // Drone remote identification: not hosts that take webhooks.
    {"2001:db8::", 32},  // Documentation.
    {"2002::", 16},      // 6to4 carries an IPv4 address.
    {"3fff::", 20},      // Documentation.
    {"5f00::", 16},      // Segment routing.
    {"fc00::", 7},       // Unique local; cloud metadata.
    {"fe80::", 10},      // Link-local.
    {"fec0::", 10},      // Site-local.
    {"ff00::", 8},       // Multicast.
};

// Inside 2001::/23 (IETF protocol assignments) only these are reachable.
constexpr Block kReachableAssignments[] = {
    {"2001:1::1", 128},    // Port control protocol anycast.
    {"2001:1::2", 128},    // TURN anycast.
    {"2001:1::3", 128},    // DNS-SD SRP anycast.
    {"2001:3::", 32},      // AMT.
    {"2001:4:112::", 48},  // AS112.
};

template <size_t N>
bool InAny(const IpAddress& address, const Block (&blocks)[N]) {
  return std::ranges::any_of(blocks, [&](const Block& block) {
    return InNetwork(address, *IpAddress::Parse(block.network), block.prefix_bits);
  });
}

bool IsIsatap(const IpAddress& address) {
  // Interface id ::0:5efe:a.b.c.d or ::200:5efe:a.b.c.d (RFC 5214): a tunnel to
  // the IPv4 address it carries, under any prefix.
  const auto& b = address.bytes;
  return (b[8] == 0x00 || b[8] == 0x02) && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe;
}

}  // namespace

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  IpAddress address;
  const std::string terminated(text);
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) return address;
  address.v6 = true;
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::FromSockaddr(const sockaddr& address) {
  IpAddress result;
  if (address.sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof(v4));
    std::memcpy(result.bytes.data(), &v4.sin_addr, 4);
    return result;
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address, sizeof(v6));
    std::memcpy(result.bytes.data(), &v6.sin6_addr, 16);
    result.v6 = true;
    return result;
  }
  return std::nullopt;
}

std::string IpAddress::ToString() const {
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), text, sizeof(text));
}

bool IsGloballyReachable(const IpAddress& address) {
  if (!address.v6) return !InAny(address, kDeniedV4);
  static const IpAddress kNat64 = *IpAddress::Parse("64:ff9b::");
  if (InNetwork(address, kNat64, 96)) {
    // Refusing the prefix as such would cut off hosts behind DNS64, where every
    // IPv4 receiver has such an address.
    IpAddress carried;
    std::copy(address.bytes.begin() + 12, address.bytes.end(), carried.bytes.begin());
    return IsGloballyReachable(carried);
  }
  if (IsIsatap(address)) return false;
  static const IpAddress kAssignments = *IpAddress::Parse("2001::");
  if (InNetwork(address, kAssignments, 23)) return InAny(address, kReachableAssignments);
  return !InAny(address, kDeniedV6);
}

absl::StatusOr<AddressGuard> AddressGuard::Make(const std::vector<std::string>& allowed_networks) {
  AddressGuard guard;
  for (const std::string& text : allowed_networks) {
    const size_t slash = text.find('/');
    const std::optional<IpAddress> address = IpAddress::Parse(text.substr(0, slash));
    int bits = address ? Bits(*address) : 0;
    if (slash != std::string::npos) {
      const char* begin = text.data() + slash + 1;
      const char* end = text.data() + text.size();
      const auto [stop, error] = std::from_chars(begin, end, bits);
      if (error != std::errc() || stop != end) bits = -1;
    }
    if (!address || bits < 0 || bits > Bits(*address)) {
      return absl::InvalidArgumentError("not an IP network: \"" + text + "\"");
    }
    guard.allowed_.push_back({*address, bits});
  }
  return guard;
}

bool AddressGuard::Allows(const IpAddress& address) const {
  if (IsGloballyReachable(address)) return true;
  return std::ranges::any_of(allowed_, [&](const Network& network) {
    return InNetwork(address, network.address, network.prefix_bits);
  });
}

}  // namespace gatehouse::service::delivery
