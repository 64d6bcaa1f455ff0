#ifndef GATEHOUSE_RPC_GRPC_CONNECTION_GROUP_H_
#define GATEHOUSE_RPC_GRPC_CONNECTION_GROUP_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/async/loop.h"
#include "base/ip_address.h"
#include "base/time.h"
#include "rpc/byte_budget.h"
#include "rpc/grpc/call_memory.h"
#include "rpc/grpc/memory_budget.h"
#include "rpc/http2/connection.h"
#include "rpc/http2/limits.h"
#include "rpc/http2/session_memory.h"
#include "rpc/http2/turn.h"
#include "rpc/interceptors/failure_log.h"
#include "rpc/listener/byte_stream.h"
#include "rpc/listener/connection_caps.h"
#include "rpc/server_options.h"
#include "rpc/transport.h"
#include "rpc/transport_metrics.h"

namespace gatehouse::rpc {

class ConnectionGroup;

// What is known of a connection when it is accepted.
struct Arrival {
  // The client's address, as far as it is known; nullopt if it has none.
  std::optional<base::IpAddress> peer;
  // It comes from one of ServerOptions::trusted_networks.
  bool is_proxy = false;
  // Given back when the connection is closed. Not null.
  std::shared_ptr<ConnectionCaps::Place> place;
};

// One client's connection and its calls. Goes when the connection and every call of it are gone:
// a handler may take longer than its client waits. Thread: the group's loop.
class GrpcConnection final : public http2::Connection::Owner {
 public:
  GrpcConnection(ConnectionGroup& group, std::unique_ptr<ByteStream> bytes, Arrival arrival);
  ~GrpcConnection();

  // http2::Connection::Owner
  http2::Stream& NewStream(http2::Connection& connection) override;
  bool OnProxied(const base::IpAddress& client) override;
  void OnStreamRefused() override;
  void OnConnectionEnding(http2::EndReason reason) override;
  void OnConnectionGone(http2::Connection& connection) override;

  // A call has gone.
  void OnCallGone();

  http2::Connection& http2() { return http2_; }
  ConnectionGroup& group() { return group_; }
  const std::optional<base::IpAddress>& peer() const { return arrival_.peer; }
  // The other end passes on what clients send, and is believed when it says whose that is.
  bool is_proxy() const { return arrival_.is_proxy; }
  ConnectionBudget& budget() { return budget_; }
  CallMemory& call_memory() { return call_memory_; }

 private:
  ConnectionGroup& group_;
  Arrival arrival_;
  ConnectionBudget budget_;
  CallMemory call_memory_;
  size_t calls_ = 0;
  bool gone_ = false;
  http2::Connection http2_;
};

// The connections of one loop. Thread: that loop, but for what is said otherwise.
class ConnectionGroup {
 public:
  // Of the server: what messages on their way hold, and what ConnectionCaps counts.
  struct Budgets {
    ByteBudget& messages;
    const ByteBudget& calls;
  };

  ConnectionGroup(base::Loop& loop, CallAcceptor& acceptor, const ServerOptions& options,
                  Budgets budgets, TransportMetrics& metrics);
  ~ConnectionGroup();
  ConnectionGroup(const ConnectionGroup&) = delete;
  ConnectionGroup& operator=(const ConnectionGroup&) = delete;

  // Serves a connection.
  void Add(std::unique_ptr<ByteStream> bytes, Arrival arrival);

  // Lets every connection end. `empty` becomes ready when no call and no connection is left.
  void Drain();
  std::future<void> empty() { return empty_.get_future(); }
  // Ends what is left of them.
  void CloseAll();

  // Any thread: how many connections it has or will have, and that one is on its way to Add.
  size_t size() const { return size_.load(std::memory_order_relaxed); }
  void AnnounceOne() { size_.fetch_add(1, std::memory_order_relaxed); }

  base::Loop& loop() { return loop_; }
  IoScratch& scratch() { return scratch_; }
  http2::SessionMemory& session_memory() { return session_memory_; }
  CallAcceptor& acceptor() { return acceptor_; }
  const ServerOptions& options() const { return options_; }
  const http2::Limits& limits() const { return limits_; }
  ByteBudget& message_budget() { return budgets_.messages; }
  http2::Turn& turn() { return turn_; }
  TransportMetrics& metrics() { return metrics_; }
  void OnGone(GrpcConnection& connection);
  // Counts a call that no interceptor will see, and logs it as far as FailureLog lets it.
  void OnRefused(RefusedCall reason, std::string_view method, std::string_view what,
                 const std::optional<base::IpAddress>& peer, std::string_view request_id);

 private:
  void Tick();
  void LogRefusals(base::SteadyTime now, bool all);
  void CheckEmpty();

  base::Loop& loop_;
  CallAcceptor& acceptor_;
  const ServerOptions options_;
  const http2::Limits limits_;
  const std::chrono::milliseconds tick_;
  const Budgets budgets_;
  TransportMetrics& metrics_;
  FailureLog refusals_;
  IoScratch scratch_;
  http2::SessionMemory session_memory_;
  http2::Turn turn_;
  std::unordered_map<GrpcConnection*, std::unique_ptr<GrpcConnection>> connections_;
  std::atomic<size_t> size_ = 0;
  bool draining_ = false;
  bool is_empty_ = false;
  std::promise<void> empty_;
  bool ticking_ = false;
  base::Loop::Timer timer_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_GRPC_CONNECTION_GROUP_H_
