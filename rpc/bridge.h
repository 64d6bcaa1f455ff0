#ifndef GATEHOUSE_RPC_BRIDGE_H_
#define GATEHOUSE_RPC_BRIDGE_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "base/loop.h"
#include "base/time.h"
#include "rpc/server_options.h"
#include "rpc/transport.h"

namespace gatehouse::rpc {

// The listening gRPC server, and the only door to gRPC: this target holds all its
// template code. grpc_call.cc is one call, grpc_setup.cc what is said before it serves,
// bridge.cc the rest: queues, their threads, start and shutdown.
//
// Per loop there is one completion queue and one thread that waits on it. That
// thread does gRPC's network work and posts what happened to the loop; every
// operation of a call is issued on the loop, where its coroutine runs.
class Bridge {
 public:
  struct Lane {
    base::Loop* loop;
    CallAcceptor* acceptor;
  };

  // Listens and accepts at once. Loops and acceptors outlive the bridge.
  static absl::StatusOr<std::unique_ptr<Bridge>> Start(const ServerOptions& options,
                                                       std::vector<Lane> lanes);
  // After Shutdown.
  virtual ~Bridge() = default;

  // The port it listens on, also if the options asked for any.
  virtual int port() const = 0;

  // Stops listening, waits until every call has finished, and aborts those left
  // at `deadline`. Returns when no event will come any more: never, while a
  // handler does not end. Once; not on a loop's thread.
  virtual void Shutdown(base::SteadyTime deadline) = 0;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_BRIDGE_H_
