#ifndef GATEHOUSE_RPC_LISTENER_PEER_ADDRESS_H_
#define GATEHOUSE_RPC_LISTENER_PEER_ADDRESS_H_

#include <sys/socket.h>

#include <string>

namespace gatehouse::rpc {

// Where a connection comes from.
struct PeerAddress {
  // In gRPC's notation: "ipv4:192.0.2.1:50000", "ipv6:%5B2001:db8::1%5D:50000".
  std::string text;
  // What stands for one client where clients are counted: the IPv4 address, or the /64 that an
  // IPv6 client has to itself. Binary.
  std::string client;
};

// An IPv4 address in IPv6's clothes is one of IPv4.
PeerAddress ToPeerAddress(const sockaddr_storage& address);

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_LISTENER_PEER_ADDRESS_H_
