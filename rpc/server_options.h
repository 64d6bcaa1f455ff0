#ifndef GATEHOUSE_RPC_SERVER_OPTIONS_H_
#define GATEHOUSE_RPC_SERVER_OPTIONS_H_

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "base/ip_address.h"

namespace gatehouse::rpc {

class TransportMetrics;

// Whether certificates of clients are asked for. What is shown must be good.
enum class ClientAuth { kNone, kAccepted, kRequired };

struct ServerOptions {
  // "host:port"; port 0 takes any free one.
  std::string address = "127.0.0.1:0";

  // PEM files. Empty: plain text, for a trusted network or behind a proxy.
  std::string tls_certificate_file = {};
  std::string tls_key_file = {};
  // PEM file of the authorities whose certificates clients may, or must, show.
  std::string tls_client_ca_file = {};
  ClientAuth tls_client_auth = ClientAuth::kNone;

  // Of a message to any method, in the end: gRPC's customary limit, stated. A method takes what
  // its access option says.
  size_t max_message_bytes = size_t{4} << 20;
  // Of all request headers together; an access token takes about 1 KiB.
  size_t max_metadata_bytes = size_t{8} << 10;
  // Of the same as they are sent, beyond which the connection is closed: so much of headers that
  // are too large is decoded for the sake of the other calls. It is closed before that where frames
  // have brought max_metadata_bytes and no header that is whole.
  size_t max_header_block_bytes = size_t{32} << 10;
  // Per connection. One client with more calls in flight opens another.
  int max_concurrent_streams = 1000;

  // Finds dead peers: without it a cut cable holds a stream's resources for the
  // two hours of TCP.
  std::chrono::milliseconds keepalive_time = std::chrono::minutes(1);
  std::chrono::milliseconds keepalive_timeout = std::chrono::seconds(20);
  // Clients reconnect now and then, so that they find new instances behind a
  // load balancer; up to 10 % more or less, so that not all come at once. Zero: never.
  std::chrono::milliseconds max_connection_age = std::chrono::hours(1);
  // What calls on such a connection, streams included, may still take.
  std::chrono::milliseconds max_connection_age_grace = std::chrono::minutes(5);

  // Of a message to a method that needs no credentials: such messages are small, and
  // whoever sends them is not known.
  size_t max_public_message_bytes = size_t{16} << 10;

  // How often it is looked, when there is a new connection, whether the TLS files have changed:
  // renewing a certificate has weeks.
  std::chrono::milliseconds certificate_check = std::chrono::seconds(10);

  // Proxies whose word counts as to whose connection (PROXY protocol) or call (x-forwarded-for)
  // they pass on.
  std::vector<base::IpNetwork> trusted_networks = {};

  // Open at once. In all: what the file descriptors and the memory are meant for. Per address
  // (IPv6: per /64): so that no one client takes them all; a proxy needs a few hundred.
  int max_connections = 20'000;
  int max_connections_per_address = 2'000;

  // How long the address of a client whose connection was closed for a flood, of whatever kind,
  // gets no new one. Connections of trusted proxies do not count. Zero: none.
  std::chrono::milliseconds calm_down_time = std::chrono::seconds(1);

  // From the TCP connection to the client's HTTP/2 settings, a TLS handshake included.
  std::chrono::milliseconds handshake_timeout = std::chrono::seconds(10);
  // From the headers of a request to its end, and between its parts: a call that is not whole does
  // nothing but hold memory. A large one has as much more as its bytes take at this rate, which is
  // less than that of any line between services; whoever sends a byte now and then does not get on.
  std::chrono::milliseconds request_timeout = std::chrono::seconds(2);
  size_t min_request_bytes_per_second = size_t{8} << 10;
  // How long a connection may stay without calls. Zero: for ever.
  std::chrono::milliseconds max_connection_idle = std::chrono::minutes(30);
  // How long a client that has opened a stream may send nothing while the server waits for its
  // next message. Such a stream costs little, but only so many are allowed without credentials.
  std::chrono::milliseconds max_stream_silence = std::chrono::minutes(1);
  // How long the socket of a client that does not read, or the window of one of its streams, may
  // take nothing at all.
  std::chrono::milliseconds write_timeout = std::chrono::seconds(30);

  // Messages over 16 KiB that clients have not read, or that are not whole, per connection and in
  // all. What would go over it fails.
  size_t max_connection_bytes = size_t{16} << 20;
  size_t max_transport_bytes = size_t{128} << 20;

  // What open calls hold beside that: their headers, what has come of a request until it is whole,
  // and 2 KiB each. Beyond 32 KiB of each connection, so that the usual calls always find room. In
  // all, and of the connections of one address; those of a proxy count in all alone. As many calls
  // and streams as may be in flight take about half of it.
  size_t max_calls_bytes = size_t{128} << 20;
  size_t max_calls_bytes_per_address = size_t{64} << 20;

  // An answer that is a page of a list is compressed with gzip if it has as many bytes and its
  // client takes that. Zero: never. What has a secret in it, such as a token, is no list.
  size_t gzip_lists_from_bytes = 0;

  // Of one connection, per second. Beyond it is told to calm down, and closed. Ten times as many
  // resets at once: clients cancel calls now and then, at their end all of them; none makes
  // thousands to take them back.
  int max_stream_resets_per_second = 100;
  // Twice as many of these at once. More requests than one connection can get answered.
  int max_requests_per_second = 100'000;
  // PING, SETTINGS, PRIORITY, WINDOW_UPDATE, unknown and empty frames. gRPC clients that measure
  // the network ping once in a round trip: two for each frame of an answer are not counted.
  int max_control_frames_per_second = 20'000;

  // Counts connections and what is refused there. Null: nobody looks at it. Outlives the server.
  TransportMetrics* metrics = nullptr;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_SERVER_OPTIONS_H_
