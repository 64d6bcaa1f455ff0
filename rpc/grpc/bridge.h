#ifndef GATEHOUSE_RPC_GRPC_BRIDGE_H_
#define GATEHOUSE_RPC_GRPC_BRIDGE_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "rpc/bridge.h"
#include "rpc/server_options.h"

namespace gatehouse::rpc {

// The gRPC server on nghttp2: a listener, and for each loop its connections.
// Whatever belongs to a connection happens on its loop's thread, and no call changes threads.
absl::StatusOr<std::unique_ptr<Bridge>> StartHttp2Bridge(const ServerOptions& options,
                                                         std::vector<Bridge::CallLoop> groups);

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_GRPC_BRIDGE_H_
