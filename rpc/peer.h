#ifndef GATEHOUSE_RPC_PEER_H_
#define GATEHOUSE_RPC_PEER_H_

#include <string>
#include <string_view>

namespace gatehouse::rpc {

// The address in gRPC's notation of a peer, without its port:
// "ipv4:192.0.2.1:50000" -> "192.0.2.1", "ipv6:%5B2001:db8::1%5D:50000" ->
// "2001:db8::1". Empty for anything else, such as Unix sockets.
std::string PeerIp(std::string_view peer);

// A `user-agent` header as it may be kept: at most 512 bytes, and "?" for what is not printable
// ASCII. gRPC hands over whatever bytes a client sent, and text columns do not take all of them.
std::string UserAgent(std::string_view header);

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_PEER_H_
