// The life of a lane's connection: made, lost, made again. What happens on it
// while it is up is in lane_send.cc and lane.cc.

#include <libpq-fe.h>

#include <algorithm>
#include <asio/error_code.hpp>
#include <chrono>
#include <random>

#include "storage/postgres/client/client_errors.h"
#include "storage/postgres/client/lanes/lane.h"
#include "storage/postgres/client/start_connection.h"

namespace gatehouse::storage::postgres {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Full jitter: after an outage every server reconnects, at times of its own.
milliseconds Backoff(const DatabaseConfig& config, int failures) {
  static thread_local std::minstd_rand random{std::random_device{}()};
  constexpr int kMaxDoublings = 16;
  const int64_t limit = std::min<int64_t>(
      config.max_backoff.count(), config.min_backoff.count() << std::min(failures, kMaxDoublings));
  return milliseconds(std::uniform_int_distribution<int64_t>(0, limit)(random));
}

std::string Trimmed(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

Lane::Lane(std::shared_ptr<ClientState> state, base::Loop& loop, Owner& owner)
    : state_(std::move(state)), loop_(loop), owner_(owner), socket_(loop.io()) {}

Lane::~Lane() { CloseSocket(); }

void Lane::Connect() {
  if (closed_) return;
  ++connection_id_;
  connection_ = StartConnection(state_->params.Build(rotation_));
  if (connection_ == nullptr || PQstatus(connection_) == CONNECTION_BAD) {
    OnConnectFailed(connection_ == nullptr ? "out of memory" : PQerrorMessage(connection_));
    return;
  }
  connect_timer_ = loop_.At(steady_clock::now() + state_->config.connect_timeout, [this] {
    ++rotation_;
    OnConnectFailed("timed out");
  });
  AwaitConnect(/*for_reading=*/false);
}

void Lane::AwaitConnect(bool for_reading) {
  // libpq closes and opens sockets as it goes through the hosts, so Asio holds
  // the descriptor only while it waits.
  asio::error_code error;
  socket_.assign(PQsocket(connection_), error);
  if (error) {
    OnConnectFailed(error.message());
    return;
  }
  socket_.async_wait(for_reading ? socket_.wait_read : socket_.wait_write,
                     [self = shared_from_this(), id = connection_id_](const asio::error_code&) {
                       if (id != self->connection_id_ || self->connection_ == nullptr) return;
                       self->socket_.release();
                       self->PollConnect();
                     });
}

void Lane::PollConnect() {
  switch (PQconnectPoll(connection_)) {
    case PGRES_POLLING_READING:
      AwaitConnect(/*for_reading=*/true);
      return;
    case PGRES_POLLING_WRITING:
      AwaitConnect(/*for_reading=*/false);
      return;
    case PGRES_POLLING_OK:
      OnConnected();
      return;
    default:
      OnConnectFailed(PQerrorMessage(connection_));
  }
}

void Lane::OnConnected() {
  connect_timer_.Reset();
  asio::error_code error;
  socket_.assign(PQsocket(connection_), error);
  if (error || PQsetnonblocking(connection_, 1) != 0 || PQenterPipelineMode(connection_) != 1) {
    OnConnectFailed("cannot enter pipeline mode");
    return;
  }
  cancel_ = std::shared_ptr<pg_cancel>(PQgetCancel(connection_), PQfreeCancel);
  ready_ = true;
  ++state_->counters.connects;
  ++state_->counters.connections;
  state_->SetConnectError("");
  if (state_->config.tell && failures_ > 0) state_->config.tell("connected to the database again");
  WaitReadable();
  owner_.OnLaneReady(*this);
}

void Lane::OnConnectFailed(const std::string& why) {
  const std::string text = Trimmed(why);
  ++state_->counters.connect_failures;
  state_->SetConnectError(text);
  if (state_->config.tell) state_->config.tell("cannot connect to the database: " + text);
  CloseSocket();
  ScheduleReconnect();
}

void Lane::ScheduleReconnect() {
  if (closed_) return;
  connect_timer_ =
      loop_.At(steady_clock::now() + Backoff(state_->config, failures_), [this] { Connect(); });
  ++failures_;
}

void Lane::CloseSocket() {
  connect_timer_.Reset();
  head_timer_.Reset();
  head_watched_ = cancel_sent_ = cancel_under_way_ = server_gave_up_ = false;
  waits_readable_ = waits_writable_ = false;
  prepared_.clear();
  stale_.clear();
  cancel_.reset();
  if (ready_) --state_->counters.connections;
  ready_ = false;
  if (connection_ == nullptr) return;
  // libpq closes the descriptor; Asio must have let go of it by then.
  if (socket_.is_open()) socket_.release();
  PQfinish(connection_);
  connection_ = nullptr;
}

std::optional<SegmentResult> Lane::LostResult(const InFlight& entry, size_t member,
                                              bool was_head) const {
  const Segment& segment = *entry.members[member].segment;
  if (entry.error) {
    if (member != entry.failed) return std::nullopt;
    return ToStatus(*entry.error);
  }
  // A transaction whose COMMIT was not sent is rolled back with its connection.
  if (segment.pinned && !segment.is_commit) return UnavailableError();
  // The server takes commands in order. If it gave up on one of the head's, then
  // it has not come to that segment's Sync, nor to anything behind it.
  // A pooler in between says such things of itself, whatever the server has done meanwhile.
  const bool from_server = state_->config.use_prepared_statements;
  const bool not_executed =
      from_server && server_gave_up_ && !(was_head && entry.next == entry.commands.size());
  const bool may_run_again = not_executed || segment.batch.may_run_again();
  if (may_run_again && !segment.pinned) return std::nullopt;
  return not_executed ? UnavailableError() : OutcomeUnknownError();
}

void Lane::Fail(const std::string& why) {
  if (connection_ == nullptr) return;
  const std::string text = Trimmed(why);
  ++state_->counters.connections_lost;
  if (state_->config.tell) state_->config.tell("lost a connection to the database: " + text);
  Completions completions;
  std::vector<SegmentPtr> again;
  bool is_head = true;
  for (const InFlight& entry : TakeAll()) {
    for (size_t i = 0; i < entry.members.size(); ++i) {
      const SegmentPtr& segment = entry.members[i].segment;
      segment->lane = nullptr;
      std::optional<SegmentResult> result = LostResult(entry, i, is_head);
      if (result) {
        completions.emplace_back(segment, *std::move(result));
      } else if (segment->retries >= kMaxSegmentRetries) {
        completions.emplace_back(segment, UnavailableError());
      } else {
        segment->alone = true;
        ++segment->retries;
        ++state_->counters.retries;
        again.push_back(segment);
      }
    }
    is_head = false;
  }
  CloseSocket();
  ScheduleReconnect();
  for (SegmentPtr& segment : again) {
    if (!segment->abandoned) owner_.Resubmit(std::move(segment));
  }
  // Later: this may run inside a call that is sending.
  loop_.Post([completions = std::move(completions)] {
    for (const auto& [segment, result] : completions) segment->done.Set(result);
  });
}

void Lane::Close(const absl::Status& status) {
  closed_ = true;
  // A closed connection alone does not end the statement that runs on it.
  if (ready_ && !in_flight_.empty() && !in_flight_.front().members.empty() &&
      !in_flight_.front().is_commit()) {
    state_->canceller->TryCancel(cancel_, loop_, [] {});
  }
  CloseSocket();
  loop_.Post([lost = TakeAll(), status] {
    for (const InFlight& entry : lost) {
      for (const Member& member : entry.members) {
        member.segment->lane = nullptr;
        member.segment->done.Set(status);
      }
    }
  });
}

}  // namespace gatehouse::storage::postgres
