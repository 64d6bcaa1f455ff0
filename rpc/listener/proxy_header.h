#ifndef GATEHOUSE_RPC_LISTENER_PROXY_HEADER_H_
#define GATEHOUSE_RPC_LISTENER_PROXY_HEADER_H_

#include <optional>
#include <string>
#include <string_view>

#include "base/ip_address.h"

namespace gatehouse::rpc {

// Reads the header of PROXY protocol version 2 that a proxy may send before anything else, to say
// whose connection it passes on. To be used for proxies that are trusted alone: anybody can write
// one. Its first bytes are the beginning of neither TLS nor HTTP/2, so it may also be missing.
//
// https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt
class ProxyHeaderReader {
 public:
  enum class Result {
    // There may be more of it.
    kIncomplete,
    // It is complete, or there is none.
    kDone,
    kMalformed,
  };

  // Takes what belongs to the header from the front of `bytes`.
  Result Feed(std::string_view& bytes);

  // Whose connection it is; nullopt: the proxy's own, which checks whether this server lives.
  const std::optional<base::IpAddress>& client() const { return client_; }

 private:
  Result Parse();

  std::string header_;
  std::optional<base::IpAddress> client_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_LISTENER_PROXY_HEADER_H_
