#ifndef GATEHOUSE_RPC_GRPC_HOSTILE_FIXTURE_H_
#define GATEHOUSE_RPC_GRPC_HOSTILE_FIXTURE_H_

#include <cstdint>
#include <string>

#include "rpc/echo_fixture.h"
#include "tests/support/http2/raw_client.h"

namespace gatehouse::rpc {

// Of RFC 9113: frames, flags and errors that RawClient does not name.
inline constexpr uint8_t kContinuation = 9;
inline constexpr uint8_t kPadded = 8;
inline constexpr uint32_t kProtocolError = 1;
inline constexpr uint32_t kFrameSizeError = 6;
inline constexpr uint32_t kCompressionError = 9;
inline constexpr uint32_t kEnhanceYourCalm = 11;

// What tests of what clients must not be able to do have in common.
class HostileFixture : public EchoFixture {
 protected:
  static std::string EchoMessage(const std::string& text);

  // Another call on the same connection still works: its answer has a message.
  static bool StillServes(tests::RawClient& client, uint32_t stream);

  // Waits until the metrics say so.
  void AwaitMetric(const std::string& text) const;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_GRPC_HOSTILE_FIXTURE_H_
