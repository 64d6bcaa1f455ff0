#ifndef GATEHOUSE_RPC_HTTP2_END_REASON_H_
#define GATEHOUSE_RPC_HTTP2_END_REASON_H_

#include <array>
#include <cstddef>
#include <string_view>

namespace gatehouse::rpc::http2 {

// Why the server ended a connection that its client would have kept.
enum class EndReason {
  kHandshakeTimeout,
  kWriteTimeout,
  kKeepaliveTimeout,
  kAge,
  kIdle,
  // Limits on what a client may send.
  kHeaderBlock,
  kResets,
  kRequests,
  kControlFrames,
  // The bytes are no HTTP/2. Headers that cannot be decoded are a header block's fault.
  kProtocol,
  // A proxy's header is malformed, or its client has too many connections.
  kProxyHeader,
  // There is no room for its calls, and it does not read what it is answered.
  kNoRoom,
};

// Whether no client sends such things by mistake.
constexpr bool IsAbuse(EndReason reason) {
  return reason == EndReason::kHeaderBlock || reason == EndReason::kResets ||
         reason == EndReason::kRequests || reason == EndReason::kControlFrames ||
         reason == EndReason::kNoRoom;
}

// As metrics name them, in their order.
inline constexpr std::array<std::string_view, 12> kEndReasonNames = {
    "handshake_timeout",
    "write_timeout",
    "keepalive_timeout",
    "age",
    "idle",
    "header_block",
    "resets",
    "requests",
    "control_frames",
    "protocol",
    "proxy_header",
    "no_room",
};

}  // namespace gatehouse::rpc::http2

#endif  // GATEHOUSE_RPC_HTTP2_END_REASON_H_
