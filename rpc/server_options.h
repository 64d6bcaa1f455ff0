#ifndef GATEHOUSE_RPC_SERVER_OPTIONS_H_
#define GATEHOUSE_RPC_SERVER_OPTIONS_H_

#include <chrono>
#include <cstddef>
#include <string>

namespace gatehouse::rpc {

struct ServerOptions {
  // "host:port"; port 0 takes any free one.
  std::string address = "127.0.0.1:0";

  // PEM files. Empty: plain text, for a trusted network or behind a proxy.
  std::string tls_certificate_file = {};
  std::string tls_key_file = {};

  // gRPC's customary limit, stated.
  size_t max_message_bytes = size_t{4} << 20;
  // Of all request headers together; an access token takes about 1 KiB.
  size_t max_metadata_bytes = size_t{8} << 10;
  // Per connection. One client with more calls in flight opens another.
  int max_concurrent_streams = 1000;

  // Finds dead peers: without it a cut cable holds a stream's resources for the
  // two hours of TCP.
  std::chrono::milliseconds keepalive_time = std::chrono::minutes(1);
  std::chrono::milliseconds keepalive_timeout = std::chrono::seconds(20);
  // Clients reconnect now and then, so that they find new instances behind a
  // load balancer; gRPC adds 10 % jitter. Zero: never.
  std::chrono::milliseconds max_connection_age = std::chrono::hours(1);
  // What calls on such a connection, streams included, may still take.
  std::chrono::milliseconds max_connection_age_grace = std::chrono::minutes(5);
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_SERVER_OPTIONS_H_
