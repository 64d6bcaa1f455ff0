#include "rpc/bridge.h"

#include <grpc/grpc.h>
#include <grpc/support/time.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <pthread.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/status.h"
#include "rpc/grpcpp/grpc_call.h"
#include "rpc/grpcpp/grpc_setup.h"

// The only door to gRPC's library, and the place of all its template code: grpc_call.cc is one
// call, grpc_setup.cc what is said before it serves, this file the rest: queues, their threads,
// start and shutdown.
//
// Per loop there is one completion queue and one thread that waits on it. That thread does gRPC's
// network work and posts what happened to the loop; every operation of a call is issued on the
// loop, where its coroutine runs.
//
// This, grpc_call.cc and grpc_setup.cc are built without ThreadSanitizer's
// instrumentation: gRPC's header templates share state with its library, whose
// synchronisation TSan cannot see, and each call would be reported. What crosses
// threads here does so in Loop::Post only, which TSan does see.

namespace gatehouse::rpc {
namespace {

// Calls that may be accepted before a loop has looked at the first of them; on
// top of these gRPC queues by itself.
constexpr int kPendingAccepts = 64;

// How long the ends of calls, which only free memory, wait for another event to
// reach the loop with, after the last of them. And how many may wait.
constexpr std::chrono::milliseconds kEndsWait(5);
constexpr size_t kMaxWaitingEnds = 64;

// How long connections without calls may stay during a shutdown. Their clients are told to go;
// most look at once, but one that is not called meanwhile may do so every few seconds only.
constexpr std::chrono::milliseconds kGoodbye(500);

gpr_timespec After(std::chrono::nanoseconds time) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_nanos(time.count(), GPR_TIMESPAN));
}

// Hands the events of a queue to its loop. Ends of calls go with the next event
// that matters, so that the loop is not woken for them.
class Poller {
 public:
  explicit Poller(QueueStation& station) : station_(station) {}

  void Run() {
    pthread_setname_np(pthread_self(), "grpc-queue");
    void* tag = nullptr;
    bool ok = false;
    while (true) {
      const grpc::CompletionQueue::NextStatus next = station_.queue->AsyncNext(
          &tag, &ok, events_.empty() ? gpr_inf_future(GPR_CLOCK_MONOTONIC) : After(kEndsWait));
      if (next == grpc::CompletionQueue::SHUTDOWN) return;
      if (next == grpc::CompletionQueue::GOT_EVENT) {
        auto* const event = static_cast<GrpcCall::Tag*>(tag);
        events_.emplace_back(event, ok);
        if (event->CanWait() && events_.size() < kMaxWaitingEnds) continue;
      }
      station_.loop->Post([events = std::exchange(events_, {})] {
        for (const auto& [tag, ok] : events) tag->Run(ok);
      });
    }
  }

 private:
  QueueStation& station_;
  std::vector<std::pair<GrpcCall::Tag*, bool>> events_;
};

// Waits until every call of the station has finished and every accept has failed:
// an operation on a queue that was shut down aborts the process, and gRPC's own
// shutdown does not wait for calls it has broken off.
void AwaitEmpty(QueueStation& station) {
  station.loop->Post([&station] {
    station.closing = true;
    if (station.calls == 0) station.empty.set_value();
  });
  station.empty.get_future().wait();
}

class GrpcBridge final : public Bridge {
 public:
  absl::Status Listen(const ServerOptions& options, std::vector<Bridge::CallLoop> stations) {
    SendLibraryLogsToOurs();
    GH_ASSIGN_OR_RETURN(std::shared_ptr<grpc::ServerCredentials> credentials,
                        MakeCredentials(options));
    grpc::ServerBuilder builder;
    builder.AddListeningPort(options.address, std::move(credentials), &port_);
    builder.RegisterAsyncGenericService(&service_);
    ApplyLimits(options, builder);
    for (const Bridge::CallLoop& station : stations) {
      stations_.push_back(
          std::make_unique<QueueStation>(QueueStation{.loop = station.loop,
                                                      .acceptor = station.acceptor,
                                                      .service = &service_,
                                                      .queue = builder.AddCompletionQueue()}));
    }
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0) {
      server_.reset();
      for (std::unique_ptr<QueueStation>& station : stations_) station->queue->Shutdown();
      return absl::UnavailableError("cannot listen on " + options.address +
                                    ": the port is in use or the address is not of this host");
    }
    for (std::unique_ptr<QueueStation>& station : stations_) {
      station->thread = std::thread([station = station.get()] { Poller(*station).Run(); });
      station->loop->Post([station = station.get()] {
        for (int i = 0; i < kPendingAccepts; ++i) GrpcCall::Accept(*station);
      });
    }
    return absl::OkStatus();
  }

  int port() const override { return port_; }
  // The library does not say.
  bool accepting() const override { return true; }

  void Shutdown(base::SteadyTime deadline) override {
    // It ends when the last connection has, or breaks calls off at the deadline.
    std::future<void> closed = std::async(std::launch::async, [this, deadline] {
      server_->Shutdown(After(deadline - std::chrono::steady_clock::now()));
    });
    for (std::unique_ptr<QueueStation>& station : stations_) AwaitEmpty(*station);
    // No call is left to wait for.
    if (closed.wait_for(kGoodbye) != std::future_status::ready) {
      grpc_server_cancel_all_calls(server_->c_server());
    }
    closed.wait();
    for (std::unique_ptr<QueueStation>& station : stations_) {
      station->queue->Shutdown();
      station->thread.join();
    }
  }

 private:
  grpc::AsyncGenericService service_;
  std::vector<std::unique_ptr<QueueStation>> stations_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Bridge>> Bridge::Start(const ServerOptions& options,
                                                      std::vector<CallLoop> stations) {
  auto bridge = std::make_unique<GrpcBridge>();
  if (absl::Status status = bridge->Listen(options, std::move(stations)); !status.ok())
    return status;
  return bridge;
}

}  // namespace gatehouse::rpc
