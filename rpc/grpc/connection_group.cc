#include "rpc/grpc/connection_group.h"

#include <algorithm>
#include <utility>

#include "base/log_line.h"
#include "rpc/grpc/stream_call.h"

namespace gatehouse::rpc {
namespace {

using std::chrono::milliseconds;

http2::Limits LimitsOf(const ServerOptions& options) {
  return {.header_list_bytes = options.max_metadata_bytes,
          .header_block_bytes = options.max_header_block_bytes,
          .concurrent_streams = options.max_concurrent_streams,
          .handshake = options.handshake_timeout,
          .write = options.write_timeout,
          .keepalive_time = options.keepalive_time,
          .keepalive_timeout = options.keepalive_timeout,
          .idle = options.max_connection_idle,
          .age = options.max_connection_age,
          .age_grace = options.max_connection_age_grace,
          .requests_per_second = options.max_requests_per_second,
          .resets_per_second = options.max_stream_resets_per_second,
          .control_frames_per_second = options.max_control_frames_per_second};
}

// Of a loop: whoever sends garbage could fill the disk with lines about it otherwise.
const FailureLog::Limits kLoggedRefusals{.per_caller = {.rate = 10, .burst = 100},
                                         .in_all = {.rate = 50, .burst = 500}};

// Of a method's name in the log: it may be anything.
constexpr size_t kLoggedMethodBytes = 128;

// Often enough for the shortest timeout to be kept, and no more: it wakes an idle server.
milliseconds TickOf(const ServerOptions& options) {
  milliseconds shortest =
      std::min({options.handshake_timeout, options.request_timeout, options.write_timeout,
                options.keepalive_timeout, options.max_stream_silence});
  for (const milliseconds maybe : {options.max_connection_age, options.max_connection_idle,
                                   options.max_connection_age_grace}) {
    if (maybe.count() > 0) shortest = std::min(shortest, maybe);
  }
  return std::clamp(shortest / 8, milliseconds(10), milliseconds(250));
}

}  // namespace

GrpcConnection::GrpcConnection(ConnectionGroup& group, std::unique_ptr<ByteStream> bytes,
                               Arrival arrival)
    : group_(group),
      arrival_(std::move(arrival)),
      budget_(group.message_budget(), group.options().max_connection_bytes),
      call_memory_(*arrival_.place),
      http2_(*this, group.turn(), group.scratch(), group.session_memory(), group.limits(),
             std::move(bytes), std::chrono::steady_clock::now()) {}

GrpcConnection::~GrpcConnection() = default;

http2::Stream& GrpcConnection::NewStream(http2::Connection&) {
  ++calls_;
  // Deletes itself.
  return *new StreamCall(*this);
}

bool GrpcConnection::OnProxied(const base::IpAddress& client) {
  arrival_.peer = client;
  // Of a chain of proxies the next one may be among the trusted ones.
  arrival_.is_proxy = base::InAny(group_.options().trusted_networks, client);
  if (arrival_.is_proxy) return true;
  const auto refused = arrival_.place->MoveTo(client.ClientKey(), http2_.now());
  if (refused) group_.metrics().OnRefused(*refused);
  return !refused;
}

void GrpcConnection::OnStreamRefused() { group_.metrics().OnRefused(RefusedCall::kTooManyStreams); }

void GrpcConnection::OnConnectionEnding(http2::EndReason reason) {
  group_.metrics().OnEnded(reason);
  if (http2::IsAbuse(reason)) arrival_.place->CalmDown(http2_.now());
}

void GrpcConnection::OnConnectionGone(http2::Connection&) {
  gone_ = true;
  group_.metrics().OnConnectionGone();
  call_memory_.Close();
  arrival_.place.reset();
  if (calls_ == 0) group_.OnGone(*this);
}

void GrpcConnection::OnCallGone() {
  if (--calls_ == 0 && gone_) group_.OnGone(*this);
}

ConnectionGroup::ConnectionGroup(base::Loop& loop, CallAcceptor& acceptor,
                                 const ServerOptions& options, Budgets budgets,
                                 TransportMetrics& metrics)
    : loop_(loop),
      acceptor_(acceptor),
      options_(options),
      limits_(LimitsOf(options)),
      tick_(TickOf(options)),
      budgets_(budgets),
      metrics_(metrics),
      refusals_(kLoggedRefusals),
      turn_(loop) {}

ConnectionGroup::~ConnectionGroup() { LogRefusals(std::chrono::steady_clock::now(), /*all=*/true); }

void ConnectionGroup::Add(std::unique_ptr<ByteStream> bytes, Arrival arrival) {
  if (draining_) {
    size_.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  if (arrival.is_proxy) bytes->ExpectProxyHeader();
  auto owned = std::make_unique<GrpcConnection>(*this, std::move(bytes), std::move(arrival));
  GrpcConnection* const connection = owned.get();
  connections_.emplace(connection, std::move(owned));
  metrics_.OnConnection();
  connection->http2().Start();
  if (!std::exchange(ticking_, true)) {
    timer_ = loop_.At(std::chrono::steady_clock::now() + tick_, [this] { Tick(); });
  }
}

void ConnectionGroup::Tick() {
  const base::SteadyTime now = std::chrono::steady_clock::now();
  // Those that go are taken out later, see OnGone.
  for (const auto& [connection, owned] : connections_) connection->http2().OnTick(now);
  metrics_.SetBufferedBytes(budgets_.messages.used());
  metrics_.SetCallsBytes(budgets_.calls.used());
  LogRefusals(now, /*all=*/false);
  ticking_ = !connections_.empty();
  if (ticking_) timer_ = loop_.At(now + tick_, [this] { Tick(); });
}

void ConnectionGroup::OnGone(GrpcConnection& connection) {
  // From within whatever the connection was doing.
  loop_.Post([this, gone = &connection] {
    connections_.erase(gone);
    size_.fetch_sub(1, std::memory_order_relaxed);
    CheckEmpty();
  });
}

void ConnectionGroup::OnRefused(RefusedCall reason, std::string_view method, std::string_view what,
                                const std::optional<base::IpAddress>& peer,
                                std::string_view request_id) {
  metrics_.OnRefused(reason);
  const FailureLog::Caller caller{.key = peer ? peer->ClientKey() : std::string(),
                                  .peer = peer ? peer->ToString() : std::string()};
  // Not by its method, which may be anything.
  const FailureLog::Kind kind{.reason = std::string(what)};
  if (!refusals_.Take(caller, kind, std::chrono::steady_clock::now())) return;
  base::LogLine(base::LogLevel::kInfo, "call refused before it was looked at",
                {{"method", method.substr(0, kLoggedMethodBytes)},
                 {"error", what},
                 {"request_id", request_id},
                 {"peer", caller.peer}});
}

void ConnectionGroup::LogRefusals(base::SteadyTime now, bool all) {
  if (!refusals_.has_counts()) return;
  for (const FailureLog::Count& count : refusals_.Collect(now, all)) {
    base::LogLine(
        base::LogLevel::kInfo,
        "calls refused before they were looked at, beyond those with lines of their own",
        {{"error", count.kind.reason}, {"calls", count.calls}, {"peer", count.caller.peer}});
  }
}

void ConnectionGroup::CheckEmpty() {
  if (!draining_ || !connections_.empty() || std::exchange(is_empty_, true)) return;
  timer_.Reset();
  empty_.set_value();
}

void ConnectionGroup::Drain() {
  draining_ = true;
  for (const auto& [connection, owned] : connections_) connection->http2().Drain();
  CheckEmpty();
}

void ConnectionGroup::CloseAll() {
  for (const auto& [connection, owned] : connections_) connection->http2().Close();
}

}  // namespace gatehouse::rpc
