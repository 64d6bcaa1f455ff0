#ifndef GATEHOUSE_RPC_GRPC_PROTOCOL_ERRORS_H_
#define GATEHOUSE_RPC_GRPC_PROTOCOL_ERRORS_H_

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"

// What the gRPC layer answers by itself, about calls that never reach a handler.
namespace gatehouse::rpc {

absl::Status MetadataTooLarge(size_t limit);
absl::Status MessageTooLarge(size_t limit);
// `what` is wrong in terms of gRPC's protocol.
absl::Status ProtocolViolation(std::string_view what);
absl::Status UnsupportedEncoding();
absl::Status TooManyMessages();
// The rest of the request did not come in time.
absl::Status RequestTimedOut();
// A stream's client has sent nothing for too long.
absl::Status StreamSilent();
// Its bytes would take more memory than the connection or the server may hold.
absl::Status TransportOverloaded();
// The same of what open calls hold.
absl::Status CallsOverloaded();

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_GRPC_PROTOCOL_ERRORS_H_
