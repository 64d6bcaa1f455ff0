#ifndef GATEHOUSE_RPC_BRIDGE_H_
#define GATEHOUSE_RPC_BRIDGE_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "base/async/loop.h"
#include "base/time.h"
#include "rpc/server_options.h"
#include "rpc/transport.h"

namespace gatehouse::rpc {

// The listening gRPC server, seen from the rest of the program: calls come to the acceptor of a
// loop, and everything that happens to them happens on that loop. There are two, by
// ServerOptions::transport: rpc/grpcpp on gRPC's own library, rpc/grpc on nghttp2.
class Bridge {
 public:
  struct CallLoop {
    base::Loop* loop;
    CallAcceptor* acceptor;
  };

  // Listens and accepts at once. Loops and acceptors outlive the bridge.
  static absl::StatusOr<std::unique_ptr<Bridge>> Start(const ServerOptions& options,
                                                       std::vector<CallLoop> loops);
  // After Shutdown.
  virtual ~Bridge() = default;

  // The port it listens on, also if the options asked for any.
  virtual int port() const = 0;

  // Whether new connections are accepted, as far as it can tell. Any thread.
  virtual bool accepting() const = 0;

  // Stops listening, waits until every call has finished, and aborts those left
  // at `deadline`. Returns when no event will come any more: never, while a
  // handler does not end. Once; not on a loop's thread.
  virtual void Shutdown(base::SteadyTime deadline) = 0;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_BRIDGE_H_
