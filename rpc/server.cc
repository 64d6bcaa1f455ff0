#include "rpc/server.h"

#include <mutex>
#include <utility>

#include "base/async/watchdog.h"
#include "rpc/grpc/grpc_transport.h"
#include "rpc/loop_calls.h"

namespace gatehouse::rpc {
namespace {

// A loop that has run nothing for so long hangs: the longest turns take some milliseconds.
constexpr std::chrono::seconds kLoopPatience(2);

void ExitStuck() { base::ExitStuck("a handler does not end; exiting without it"); }

}  // namespace

struct Server::Once {
  std::once_flag flag;
};

Server::Server(std::vector<std::unique_ptr<LoopCalls>> calls)
    : calls_(std::move(calls)), shutdown_(std::make_unique<Once>()) {
  for (const std::unique_ptr<LoopCalls>& c : calls_) {
    probes_.push_back(std::make_unique<base::LoopProbe>(c->loop(), kLoopPatience));
  }
}

Server::~Server() = default;

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      std::vector<base::Loop*> loops,
                                                      const MethodRegistry& registry,
                                                      const InterceptorChain& chain) {
  std::vector<std::unique_ptr<LoopCalls>> calls;
  std::vector<GrpcTransport::CallLoop> call_loops;
  for (base::Loop* loop : loops) {
    calls.push_back(std::make_unique<LoopCalls>(*loop, registry, chain, options.max_message_bytes,
                                                options.max_public_message_bytes));
    call_loops.push_back({.loop = loop, .acceptor = calls.back().get()});
  }
  std::unique_ptr<Server> server(new Server(std::move(calls)));
  absl::StatusOr<std::unique_ptr<GrpcTransport>> transport =
      GrpcTransport::Start(options, call_loops);
  if (!transport.ok()) {
    for (const std::unique_ptr<LoopCalls>& c : server->calls_) c->Join();
    return transport.status();
  }
  server->transport_ = *std::move(transport);
  return server;
}

int Server::port() const { return transport_->port(); }

bool Server::TakesCalls() {
  const base::SteadyTime now = std::chrono::steady_clock::now();
  bool all = transport_->accepting();
  // Each of them has to be asked.
  for (const std::unique_ptr<base::LoopProbe>& probe : probes_) all = probe->Responds(now) && all;
  return all;
}

void Server::Shutdown(const ShutdownOptions& options) {
  std::call_once(shutdown_->flag, [&] {
    const base::SteadyTime cancel_all = std::chrono::steady_clock::now() + options.grace;
    const base::SteadyTime abort = cancel_all + options.unwind;
    const base::Watchdog watchdog(abort + options.unwind,
                                  options.on_stuck ? options.on_stuck : ExitStuck);
    for (const std::unique_ptr<LoopCalls>& calls : calls_) {
      calls->loop().Post([calls = calls.get(), cancel_all] { calls->Drain(cancel_all); });
    }
    transport_->Shutdown(abort);
    for (const std::unique_ptr<LoopCalls>& calls : calls_) calls->Join();
  });
}

}  // namespace gatehouse::rpc
