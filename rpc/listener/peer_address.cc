#include "rpc/listener/peer_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cstring>

namespace gatehouse::rpc {
namespace {

constexpr size_t kIpv4Bytes = 4;
constexpr size_t kIpv6ClientBytes = 8;
// Where IPv4 stands in a mapped address.
constexpr size_t kMappedOffset = 12;

std::string Text(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family, address, text.data(), text.size());
  return text.data();
}

PeerAddress Ipv4(const void* address, in_port_t port) {
  return {.text = "ipv4:" + Text(AF_INET, address) + ':' + std::to_string(ntohs(port)),
          .client = std::string(static_cast<const char*>(address), kIpv4Bytes)};
}

}  // namespace

PeerAddress ToPeerAddress(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof(v4));
    return Ipv4(&v4.sin_addr, v4.sin_port);
  }
  if (address.ss_family != AF_INET6) return {.text = "unknown:"};
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof(v6));
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    return Ipv4(v6.sin6_addr.s6_addr + kMappedOffset, v6.sin6_port);
  }
  return {.text = "ipv6:%5B" + Text(AF_INET6, &v6.sin6_addr) +
                  "%5D:" + std::to_string(ntohs(v6.sin6_port)),
          .client = std::string(reinterpret_cast<const char*>(&v6.sin6_addr), kIpv6ClientBytes)};
}

}  // namespace gatehouse::rpc
