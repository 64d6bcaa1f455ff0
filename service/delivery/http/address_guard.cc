#include "service/delivery/http/address_guard.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace gatehouse::service::delivery {
namespace {

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
    return base::IpNetwork{*IpAddress::Parse(block.network), block.prefix_bits}.Contains(address);
  });
}

bool IsIsatap(const IpAddress& address) {
  // Interface id ::0:5efe:a.b.c.d or ::200:5efe:a.b.c.d (RFC 5214): a tunnel to
  // the IPv4 address it carries, under any prefix.
  const auto& b = address.bytes;
  return (b[8] == 0x00 || b[8] == 0x02) && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe;
}

}  // namespace

bool IsGloballyReachable(const IpAddress& address) {
  if (!address.v6) return !InAny(address, kDeniedV4);
  static const base::IpNetwork kNat64 = *base::IpNetwork::Parse("64:ff9b::/96");
  if (kNat64.Contains(address)) {
    // Refusing the prefix as such would cut off hosts behind DNS64, where every
    // IPv4 receiver has such an address.
    IpAddress carried;
    std::copy(address.bytes.begin() + 12, address.bytes.end(), carried.bytes.begin());
    return IsGloballyReachable(carried);
  }
  if (IsIsatap(address)) return false;
  static const base::IpNetwork kAssignments = *base::IpNetwork::Parse("2001::/23");
  if (kAssignments.Contains(address)) return InAny(address, kReachableAssignments);
  return !InAny(address, kDeniedV6);
}

absl::StatusOr<AddressGuard> AddressGuard::Make(const std::vector<std::string>& allowed_networks) {
  AddressGuard guard;
  for (const std::string& text : allowed_networks) {
    const std::optional<base::IpNetwork> network = base::IpNetwork::Parse(text);
    if (!network) return absl::InvalidArgumentError("not an IP network: \"" + text + "\"");
    guard.allowed_.push_back(*network);
  }
  return guard;
}

bool AddressGuard::Lists(const IpAddress& address) const { return base::InAny(allowed_, address); }

bool AddressGuard::Allows(const IpAddress& address) const {
  return IsGloballyReachable(address) || Lists(address);
}

}  // namespace gatehouse::service::delivery
