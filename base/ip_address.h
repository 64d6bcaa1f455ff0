#ifndef GATEHOUSE_BASE_IP_ADDRESS_H_
#define GATEHOUSE_BASE_IP_ADDRESS_H_

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::base {

// An IPv4 or IPv6 address. ::ffff:1.2.3.4 is not taken for 1.2.3.4 unless Unmapped() is asked.
struct IpAddress {
  bool v6 = false;
  std::array<uint8_t, 16> bytes = {};  // The first 4 for IPv4.

  // Dotted quad or RFC 4291 text, without brackets, zone or anything else that
  // inet_aton would make of "127.1" or "0x7f000001".
  static std::optional<IpAddress> Parse(std::string_view text);
  // nullopt for families other than AF_INET and AF_INET6.
  static std::optional<IpAddress> FromSockaddr(const sockaddr& address);

  std::string ToString() const;

  // The IPv4 address that an IPv6 socket shows as ::ffff:a.b.c.d; itself otherwise.
  IpAddress Unmapped() const;

  // What stands for one client where clients are counted: the IPv4 address, or the /64 that an
  // IPv6 client commonly has as a whole. Binary, and too short for an allocation.
  std::string ClientKey() const;

  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

// All addresses that begin with the same bits.
struct IpNetwork {
  IpAddress address;
  int prefix_bits = 0;

  // "10.1.0.0/16", "127.0.0.1", "::1/128".
  static std::optional<IpNetwork> Parse(std::string_view text);

  bool Contains(const IpAddress& other) const;
};

bool InAny(const std::vector<IpNetwork>& networks, const IpAddress& address);

// Networks separated by blanks; nullopt if one of them is none.
std::optional<std::vector<IpNetwork>> ParseNetworks(std::string_view text);

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_IP_ADDRESS_H_
