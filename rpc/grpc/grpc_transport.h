#ifndef GATEHOUSE_RPC_GRPC_GRPC_TRANSPORT_H_
#define GATEHOUSE_RPC_GRPC_GRPC_TRANSPORT_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "base/async/loop.h"
#include "base/time.h"
#include "rpc/server_options.h"
#include "rpc/transport.h"

namespace gatehouse::rpc {

// The listening gRPC server on nghttp2, seen from the rest of the program: a listener, and for each
// loop its connections. Calls come to the acceptor of a loop. Whatever belongs to a connection
// happens on its loop's thread, and no call changes threads.
class GrpcTransport {
 public:
  struct CallLoop {
    base::Loop* loop;
    CallAcceptor* acceptor;
  };

  // Listens and accepts at once. Loops and acceptors outlive the transport.
  static absl::StatusOr<std::unique_ptr<GrpcTransport>> Start(const ServerOptions& options,
                                                              const std::vector<CallLoop>& loops);
  // After Shutdown.
  ~GrpcTransport();

  // The port it listens on, also if the options asked for any.
  int port() const;

  // Whether new connections are accepted, as far as it can tell. Any thread.
  bool accepting() const;

  // Stops listening, waits until every call has finished, and aborts those left
  // at `deadline`. Returns when no event will come any more: never, while a
  // handler does not end. Once; not on a loop's thread.
  void Shutdown(base::SteadyTime deadline);

 private:
  class Impl;
  explicit GrpcTransport(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_GRPC_GRPC_TRANSPORT_H_
