#ifndef GATEHOUSE_RPC_HTTP2_LIMITS_H_
#define GATEHOUSE_RPC_HTTP2_LIMITS_H_

#include <chrono>
#include <cstddef>

namespace gatehouse::rpc::http2 {

// What one connection may take. Set from ServerOptions, which says why.
struct Limits {
  // Of a request's headers as HPACK gives them, each with the 32 bytes that RFC 9113 adds. Over
  // it only the request fails.
  size_t header_list_bytes = size_t{8} << 10;
  // Of a header block as it is sent. Over it the connection is closed: to go on with it, every
  // byte of it would have to be decoded. It is closed as well where frames bring header_list_bytes
  // and no header that is whole.
  size_t header_block_bytes = size_t{32} << 10;
  // More are refused, one by one. Of a client that has confirmed the setting nghttp2 takes that for
  // an error of the connection, where RFC 9113 (5.1.2) wants one of the stream; it has no option
  // for it.
  int concurrent_streams = 1000;
  // To the client's settings; and from the first byte of a request's headers to the last.
  std::chrono::milliseconds handshake = std::chrono::seconds(10);
  std::chrono::milliseconds write = std::chrono::seconds(30);
  std::chrono::milliseconds keepalive_time = std::chrono::minutes(1);
  std::chrono::milliseconds keepalive_timeout = std::chrono::seconds(20);
  // Zero: never.
  std::chrono::milliseconds idle = std::chrono::minutes(30);
  std::chrono::milliseconds age = std::chrono::hours(1);
  std::chrono::milliseconds age_grace = std::chrono::minutes(5);
  // Per second, and twice as many at once.
  int requests_per_second = 100'000;
  // Ten times as many at once.
  int resets_per_second = 100;
  // Twice as many at once; two for each frame of an answer are not counted.
  int control_frames_per_second = 20'000;
};

}  // namespace gatehouse::rpc::http2

#endif  // GATEHOUSE_RPC_HTTP2_LIMITS_H_
