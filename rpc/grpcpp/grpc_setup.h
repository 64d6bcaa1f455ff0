#ifndef GATEHOUSE_RPC_GRPCPP_GRPC_SETUP_H_
#define GATEHOUSE_RPC_GRPCPP_GRPC_SETUP_H_

#include <grpcpp/grpcpp.h>

#include <memory>

#include "absl/status/statusor.h"
#include "rpc/server_options.h"

namespace gatehouse::rpc {

// How gRPC is set up before it serves: part of the bridge, built like it.

// Lines of gRPC and Protobuf go to our log. Of the whole process; again does nothing.
void SendLibraryLogsToOurs();

// TLS with the options' certificate; plain text without one. NOT_FOUND if a file cannot be read.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(
    const ServerOptions& options);

// Sizes, streams, keep-alive and the age of connections, as the options say.
void ApplyLimits(const ServerOptions& options, grpc::ServerBuilder& builder);

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_GRPCPP_GRPC_SETUP_H_
