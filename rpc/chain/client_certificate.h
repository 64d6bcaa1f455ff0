#ifndef GATEHOUSE_RPC_CHAIN_CLIENT_CERTIFICATE_H_
#define GATEHOUSE_RPC_CHAIN_CLIENT_CERTIFICATE_H_

#include <string>
#include <vector>

namespace gatehouse::rpc {

// Whose certificate the client has shown, which one of the authorities that the server was given
// has signed.
struct ClientCertificate {
  // As RFC 2253 writes it, the most specific part first: "CN=billing,O=Example".
  std::string subject = {};
  // The URIs among its alternative names: "spiffe://example.org/billing".
  std::vector<std::string> uris = {};
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_CHAIN_CLIENT_CERTIFICATE_H_
