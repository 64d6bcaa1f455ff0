#ifndef GATEHOUSE_RPC_SERVER_H_
#define GATEHOUSE_RPC_SERVER_H_

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "base/async/loop.h"
#include "base/loop_probe.h"
#include "rpc/chain/interceptor_chain.h"
#include "rpc/method/method_registry.h"
#include "rpc/server_options.h"

namespace gatehouse::rpc {

class GrpcTransport;
class LoopCalls;

// Serves the methods of a registry over gRPC, through a chain, on a set of
// loops.
//
// Lifetime: loops (started), registry (validated) and chain outlive it, and so
// does everything handlers use. Shutdown before destruction. Thread-safe, but
// not from a loop's thread.
class Server {
 public:
  // Listens and serves at once. UNAVAILABLE if the address cannot be had.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       std::vector<base::Loop*> loops,
                                                       const MethodRegistry& registry,
                                                       const InterceptorChain& chain);
  ~Server();

  int port() const;

  // Whether new calls get through as far as handlers: connections are accepted, and no loop hangs.
  // To be asked again and again, see base::LoopProbe. Never waits.
  bool TakesCalls();

  struct ShutdownOptions {
    // What unary calls may take to finish by themselves. Streams, which may
    // never end, are told at once.
    std::chrono::milliseconds grace = std::chrono::seconds(10);
    // What a cancelled call may take to unwind before its stream is broken off.
    std::chrono::milliseconds unwind = std::chrono::seconds(1);
    // Called, on another thread, if a handler ignores all that for another
    // `unwind`: nothing can end it but the end of the process. Empty: log and
    // exit with status 70.
    std::function<void()> on_stuck = {};
  };

  // Stops accepting, drains and returns when no call is left. Calls that are
  // cut short end with UNAVAILABLE SHUTTING_DOWN. Again: returns at once, or
  // when the first one is through.
  void Shutdown(const ShutdownOptions& options);

 private:
  explicit Server(std::vector<std::unique_ptr<LoopCalls>> calls);

  std::vector<std::unique_ptr<LoopCalls>> calls_;
  std::vector<std::unique_ptr<base::LoopProbe>> probes_;
  std::unique_ptr<GrpcTransport> transport_;
  struct Once;
  std::unique_ptr<Once> shutdown_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_SERVER_H_
