#include "rpc/grpc/lane.h"

#include <algorithm>
#include <utility>

#include "rpc/grpc/stream_call.h"

namespace gatehouse::rpc {
namespace {

using std::chrono::milliseconds;

http2::Limits LimitsOf(const ServerOptions& options) {
  return {.header_list_bytes = options.max_metadata_bytes,
          .header_block_bytes = 4 * options.max_metadata_bytes,
          .concurrent_streams = options.max_concurrent_streams,
          .handshake = options.handshake_timeout,
          .request = options.request_timeout,
          .write = options.write_timeout,
          .keepalive_time = options.keepalive_time,
          .keepalive_timeout = options.keepalive_timeout,
          .idle = options.max_connection_idle,
          .age = options.max_connection_age,
          .age_grace = options.max_connection_age_grace,
          .resets_per_second = options.max_stream_resets_per_second,
          .control_frames_per_second = options.max_control_frames_per_second};
}

// Often enough for the shortest timeout to be kept, and no more: it wakes an idle server.
milliseconds TickOf(const ServerOptions& options) {
  milliseconds shortest = std::min({options.handshake_timeout, options.request_timeout,
                                    options.write_timeout, options.keepalive_timeout});
  for (const milliseconds maybe : {options.max_connection_age, options.max_connection_idle,
                                   options.max_connection_age_grace}) {
    if (maybe.count() > 0) shortest = std::min(shortest, maybe);
  }
  return std::clamp(shortest / 8, milliseconds(10), milliseconds(250));
}

}  // namespace

GrpcConnection::GrpcConnection(Lane& lane, std::unique_ptr<ByteStream> bytes, std::string peer,
                               std::function<void()> on_gone)
    : lane_(lane),
      peer_(std::move(peer)),
      on_gone_(std::move(on_gone)),
      budget_(lane.total_budget(), lane.options().max_connection_bytes),
      http2_(*this, lane.turn(), lane.scratch(), lane.limits(), std::move(bytes),
             std::chrono::steady_clock::now()) {}

GrpcConnection::~GrpcConnection() = default;

http2::Stream& GrpcConnection::NewStream(http2::Connection&) {
  ++calls_;
  // Deletes itself.
  return *new StreamCall(*this);
}

void GrpcConnection::OnConnectionGone(http2::Connection&) {
  gone_ = true;
  on_gone_();
  if (calls_ == 0) lane_.OnGone(*this);
}

void GrpcConnection::OnCallGone() {
  if (--calls_ == 0 && gone_) lane_.OnGone(*this);
}

Lane::Lane(base::Loop& loop, CallAcceptor& acceptor, const ServerOptions& options,
           TotalBudget& total)
    : loop_(loop),
      acceptor_(acceptor),
      options_(options),
      limits_(LimitsOf(options)),
      tick_(TickOf(options)),
      total_(total),
      turn_(loop) {}

Lane::~Lane() = default;

void Lane::Add(std::unique_ptr<ByteStream> bytes, std::string peer, std::function<void()> on_gone) {
  if (draining_) {
    size_.fetch_sub(1, std::memory_order_relaxed);
    on_gone();
    return;
  }
  auto owned = std::make_unique<GrpcConnection>(*this, std::move(bytes), std::move(peer),
                                                std::move(on_gone));
  GrpcConnection* const connection = owned.get();
  connections_.emplace(connection, std::move(owned));
  connection->http2().Start();
  if (!std::exchange(ticking_, true)) {
    timer_ = loop_.At(std::chrono::steady_clock::now() + tick_, [this] { Tick(); });
  }
}

void Lane::Tick() {
  const base::SteadyTime now = std::chrono::steady_clock::now();
  // Those that go are taken out later, see OnGone.
  for (const auto& [connection, owned] : connections_) connection->http2().OnTick(now);
  ticking_ = !connections_.empty();
  if (ticking_) timer_ = loop_.At(now + tick_, [this] { Tick(); });
}

void Lane::OnGone(GrpcConnection& connection) {
  // From within whatever the connection was doing.
  loop_.Post([this, gone = &connection] {
    connections_.erase(gone);
    size_.fetch_sub(1, std::memory_order_relaxed);
    CheckEmpty();
  });
}

void Lane::CheckEmpty() {
  if (!draining_ || !connections_.empty() || std::exchange(is_empty_, true)) return;
  timer_.Reset();
  empty_.set_value();
}

void Lane::Drain() {
  draining_ = true;
  for (const auto& [connection, owned] : connections_) connection->http2().Drain();
  CheckEmpty();
}

void Lane::CloseAll() {
  for (const auto& [connection, owned] : connections_) connection->http2().Close();
}

}  // namespace gatehouse::rpc
