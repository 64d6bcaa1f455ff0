// The part of Connection that ends it in time: timeouts, pings, the goodbye.

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "rpc/http2/connection.h"
#include "rpc/http2/session_memory.h"

namespace gatehouse::rpc::http2 {
namespace {

// How long the client has to see the first GOAWAY, and to close its side in the end. A client
// that is not called may look at its connection every few seconds only.
constexpr std::chrono::milliseconds kGoodbye(250);

// One that was silent for so long is likely to stay so for a while.
constexpr std::chrono::seconds kQuiet(1);

}  // namespace

void Connection::Drain() {
  if (state_ != State::kOpen) return;
  const Turn::Scope scope(turn_);
  SetState(State::kDraining);
  nghttp2_submit_shutdown_notice(session_);
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
  turn_.AddOutput(*this);
}

void Connection::FinalGoAway() {
  SetState(State::kLeaving);
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR,
                        nullptr, 0);
  turn_.AddOutput(*this);
}

void Connection::OnTick(base::SteadyTime now) {
  if (state_ == State::kGone) return;
  const Turn::Scope scope(turn_);
  now_ = now;
  if (state_ == State::kFinishing) {
    if (now_ >= state_since_ + kGoodbye) Close();
    return;
  }
  if (const std::optional<EndReason> cause = CauseOfDeath()) {
    TellEnding(*cause);
    Close();
    return;
  }
  if (open_block_ != 0 && now_ >= block_since_ + limits_.handshake) {
    CalmDown(EndReason::kHeaderBlock, "the headers do not come");
    return;
  }
  TickDrain();
  TickKeepalive();
  TickRest();
  for (Stream* stream = first_stream_; stream != nullptr;) {
    Stream* const next = stream->next_;
    stream->OnTick(now);
    stream = next;
  }
}

// Why there is no use in saying anything any more, if there is none.
std::optional<EndReason> Connection::CauseOfDeath() const {
  if (!greeted_ && now_ >= started_ + limits_.handshake) return EndReason::kHandshakeTimeout;
  if (bytes_->unsent() && bytes_->sent_bytes() == sent_bytes_ &&
      now_ >= last_progress_ + limits_.write) {
    return EndReason::kWriteTimeout;
  }
  if (ping_pending_ && last_input_ < pinged_at_ && now_ >= pinged_at_ + limits_.keepalive_timeout) {
    return EndReason::kKeepaliveTimeout;
  }
  return std::nullopt;
}

void Connection::TickDrain() {
  switch (state_) {
    case State::kOpen:
      if (age_.count() > 0 && now_ >= started_ + age_) {
        TellEnding(EndReason::kAge);
        Drain();
      } else if (limits_.idle.count() > 0 && open_streams_ == 0 &&
                 now_ >= last_call_ + limits_.idle) {
        TellEnding(EndReason::kIdle);
        Drain();
      }
      break;
    case State::kDraining:
      if (now_ >= state_since_ + kGoodbye) FinalGoAway();
      break;
    case State::kLeaving:
      if (now_ >= state_since_ + limits_.age_grace) Close();
      break;
    default:
      break;
  }
}

void Connection::TickKeepalive() {
  if (ended()) return;
  if (!bytes_->unsent() || bytes_->sent_bytes() != sent_bytes_) {
    sent_bytes_ = bytes_->sent_bytes();
    last_progress_ = now_;
  }
  if (!greeted_ || now_ < last_input_ + limits_.keepalive_time) return;
  // Once for each silence.
  if (ping_pending_ && pinged_at_ > last_input_) return;
  ping_pending_ = true;
  pinged_at_ = now_;
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
  turn_.AddOutput(*this);
}

void Connection::TickRest() {
  if (now_ < std::max(last_input_, last_call_) + kQuiet) {
    resting_ = false;
  } else if (!std::exchange(resting_, true)) {
    SessionMemory::Rest(session_page_);
    bytes_->Rest();
  }
}

}  // namespace gatehouse::rpc::http2
