#include "rpc/http2/connection.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/hash.h"
#include "rpc/http2/callbacks.h"
#include "rpc/http2/session_memory.h"

namespace gatehouse::rpc::http2 {
namespace {

// At once there may be this many times what is allowed per second: a client that ends takes back
// all of its calls; other frames come as they are needed.
constexpr double kBurstOfResets = 10;
constexpr double kBurst = 2;

// Up to a tenth more or less.
std::chrono::milliseconds WithJitter(std::chrono::milliseconds age) {
  const auto byte = static_cast<unsigned char>(base::RandomBytes(1)[0]);
  return age - age / 10 + age / 5 * byte / 255;
}

base::RateLimit PerSecond(int rate, double burst = kBurst) {
  return {.rate = static_cast<double>(rate), .burst = burst * rate};
}

base::RateLimit Resets(const Limits& limits) {
  return PerSecond(limits.resets_per_second, kBurstOfResets);
}

// Whoever reads answers widens windows for them, and gRPC's clients ping meanwhile to measure the
// network: so much for each frame of an answer comes for nothing, up to what many calls at a time
// make.
constexpr int kEarnedByFrame = 2;
constexpr int kMostEarned = 4096;

// How many times what a request may have in headers is decoded, for the connection to go on.
constexpr size_t kMostDecoded = 8;

// What a client may send before a handler has read it, over all streams of the connection; each
// of them has the protocol's 64 KiB.
constexpr int32_t kConnectionWindow = 1 << 20;

// A GOAWAY made by hand: its session is in no state to make one.
std::string GoAwayFrame(int32_t last_stream_id, uint32_t error_code, std::string_view why) {
  std::string frame;
  const auto append = [&frame](uint32_t number, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) frame.push_back(static_cast<char>(number >> (8 * i)));
  };
  append(static_cast<uint32_t>(8 + why.size()), 3);
  append(NGHTTP2_GOAWAY, 1);
  append(0, 1);
  append(0, 4);
  append(static_cast<uint32_t>(last_stream_id), 4);
  append(error_code, 4);
  frame.append(why);
  return frame;
}

}  // namespace

Connection::Connection(Owner& owner, Turn& turn, IoScratch& scratch, SessionMemory& memory,
                       const Limits& limits, std::unique_ptr<ByteStream> bytes,
                       base::SteadyTime now)
    : owner_(owner),
      turn_(turn),
      scratch_(scratch),
      limits_(limits),
      bytes_(std::move(bytes)),
      requests_allowed_(PerSecond(limits.requests_per_second), now),
      resets_allowed_(Resets(limits), now),
      control_frames_allowed_(PerSecond(limits.control_frames_per_second), now),
      now_(now),
      started_(now),
      last_input_(now),
      last_call_(now),
      last_progress_(now),
      state_since_(now),
      age_(WithJitter(limits.age)) {
  const SessionMemory::Made made = Callbacks::NewSession(*this, memory);
  session_ = made.session;
  session_page_ = made.page;
}

Connection::~Connection() {
  turn_.Remove(*this);
  nghttp2_session_del(session_);
}

void Connection::Start() {
  const std::array<nghttp2_settings_entry, 3> settings{{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, static_cast<uint32_t>(limits_.concurrent_streams)},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<uint32_t>(limits_.header_list_bytes)},
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
  }};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
  turn_.AddOutput(*this);
  bytes_->Start(this);
}

void Connection::SetState(State state) {
  state_ = state;
  state_since_ = now_;
}

void Connection::OnBytes(std::string_view bytes) {
  if (ended()) return;
  const Turn::Scope scope(turn_);
  now_ = std::chrono::steady_clock::now();
  last_input_ = now_;
  size_t looked_at = 0;
  while (const auto data = data_frames_.Find(bytes.substr(looked_at))) {
    if (!Feed(bytes.substr(0, looked_at + data->before))) return;
    bytes.remove_prefix(looked_at + data->before);
    looked_at = 1;
    if (!CheckClosedStream(data->stream_id)) return;
  }
  FollowHeaderBlock();
  if (!Feed(bytes)) return;
  // If they are another's, or of a request that has not begun, nothing comes of it.
  if (open_block_ != 0 && first_stream_ != nullptr) first_stream_->OnPartOfHeaders();
  turn_.AddOutput(*this);
}

void Connection::FollowHeaderBlock() {
  const uint32_t open = data_frames_.open_header_block();
  if (open != open_block_) block_since_ = now_;
  open_block_ = open;
}

bool Connection::Feed(std::string_view bytes) {
  const ssize_t result = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  // A callback has said why already.
  if (ended()) return false;
  if (result >= 0) return true;
  switch (result) {
    case NGHTTP2_ERR_BAD_CLIENT_MAGIC:
      return Fail(EndReason::kProtocol, NGHTTP2_PROTOCOL_ERROR, "this port speaks HTTP/2");
    case NGHTTP2_ERR_FLOODED:
      return CalmDown(EndReason::kControlFrames, "too many frames");
    case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS:
      return CalmDown(EndReason::kHeaderBlock, "the headers are in too many frames");
    default:
      return Fail(EndReason::kProtocol, NGHTTP2_INTERNAL_ERROR, "");
  }
}

bool Connection::OnProxyHeader(const std::optional<base::IpAddress>& client) {
  if (client && owner_.OnProxied(*client)) return true;
  TellEnding(EndReason::kProxyHeader);
  return false;
}

void Connection::OnGone() {
  if (state_ == State::kGone) return;
  const Turn::Scope scope(turn_);
  EndStreams();
  SetState(State::kGone);
  owner_.OnConnectionGone(*this);
}

void Connection::Close() { OnGone(); }

void Connection::RunJob() {
  if (ended()) return;
  std::string& output = scratch_.output;
  bool more = true;
  while (more && !bytes_->unsent()) {
    output.clear();
    more = FillOutput(output);
    if (ended()) return;
    if (!output.empty()) bytes_->Write(output);
  }
  CloseWhenDone();
}

bool Connection::FillOutput(std::string& output) {
  constexpr size_t kEnough = size_t{128} << 10;
  while (true) {
    const uint8_t* bytes = nullptr;
    const ssize_t length = nghttp2_session_mem_send(session_, &bytes);
    if (length < 0) {
      Fail(EndReason::kProtocol, NGHTTP2_INTERNAL_ERROR, "");
      return false;
    }
    output.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(length));
    if (output.size() >= kEnough) return true;
    // Bodies are not among the bytes: SendBody has appended them.
    if (length == 0) return false;
  }
}

void Connection::CloseWhenDone() {
  if (ended() || bytes_->unsent()) return;
  if (nghttp2_session_want_read(session_) != 0 || nghttp2_session_want_write(session_) != 0) {
    return;
  }
  EndStreams();
  Finish();
}

void Connection::Finish() {
  SetState(State::kFinishing);
  bytes_->Finish();
}

void Connection::EndStreams() {
  while (first_stream_ != nullptr) OnStreamClosed(*first_stream_, NGHTTP2_CANCEL);
}

void Connection::TellEnding(EndReason reason) {
  if (!std::exchange(ending_told_, true)) owner_.OnConnectionEnding(reason);
}

bool Connection::CalmDown(EndReason reason, std::string_view why) {
  return Fail(reason, NGHTTP2_ENHANCE_YOUR_CALM, why);
}

bool Connection::Fail(EndReason reason, uint32_t error_code, std::string_view why) {
  if (ended()) return false;
  TellEnding(reason);
  bytes_->Write(GoAwayFrame(last_stream_id_, error_code, why));
  EndStreams();
  Finish();
  return false;
}

// ---------------------------------------------------------------------------
// Frames

bool Connection::OnFrameBegin(uint8_t type, uint8_t flags, int32_t stream_id, size_t length) {
  if (type == NGHTTP2_HEADERS && !CheckClosedStream(stream_id)) return false;
  switch (type) {
    case NGHTTP2_HEADERS:
      block_bytes_ = undecoded_bytes_ = decoded_bytes_ = 0;
      return OnHeaderBytes(length);
    case NGHTTP2_CONTINUATION:
      return OnHeaderBytes(length);
    case NGHTTP2_RST_STREAM:
      return true;
    case NGHTTP2_DATA:
      // Those with nothing but padding are known when they are whole.
      return length > 0 || (flags & NGHTTP2_FLAG_END_STREAM) != 0 || OnControlFrame();
    default:
      return OnControlFrame();
  }
}

bool Connection::OnControlFrame() {
  if (control_frames_earned_ > 0) {
    --control_frames_earned_;
    return true;
  }
  return control_frames_allowed_.Take(PerSecond(limits_.control_frames_per_second), now_) ||
         CalmDown(EndReason::kControlFrames, "too many control frames");
}

bool Connection::OnHeaderBytes(size_t length) {
  // No header of which so much has come can be among those of a call.
  if (undecoded_bytes_ > limits_.header_list_bytes) {
    return CalmDown(EndReason::kHeaderBlock, "a header is too large");
  }
  undecoded_bytes_ += length;
  block_bytes_ += length;
  return block_bytes_ <= limits_.header_block_bytes ||
         CalmDown(EndReason::kHeaderBlock, "the headers are too large");
}

bool Connection::OnReset() {
  return resets_allowed_.Take(Resets(limits_), now_) ||
         CalmDown(EndReason::kResets, "too many requests taken back");
}

void Connection::OnPingAnswer() {
  ping_pending_ = false;
  if (state_ == State::kDraining) FinalGoAway();
}

bool Connection::OnHeaderDecoded(size_t length) {
  undecoded_bytes_ = 0;
  decoded_bytes_ += length;
  // A byte that names a large entry of the table costs as much as the entry, each time.
  return decoded_bytes_ <= kMostDecoded * limits_.header_list_bytes ||
         CalmDown(EndReason::kHeaderBlock, "the headers are too large");
}

bool Connection::OnRequestBegin(int32_t stream_id) {
  if (!requests_allowed_.Take(PerSecond(limits_.requests_per_second), now_)) {
    return CalmDown(EndReason::kRequests, "too many requests");
  }
  Stream& stream = owner_.NewStream(*this);
  stream.id_ = stream_id;
  last_stream_id_ = stream_id;
  ++requests_;
  Link(stream);
  nghttp2_session_set_stream_user_data(session_, stream_id, &stream);
  return true;
}

void Connection::OnHeader(int32_t stream_id, nghttp2_rcbuf* name, nghttp2_rcbuf* value) {
  if (Stream* stream = Find(stream_id)) {
    stream->headers_.Add(name, value, limits_.header_list_bytes);
  }
}

void Connection::OnRequest(int32_t stream_id) {
  if (Stream* stream = Find(stream_id)) stream->OnRequest();
}

void Connection::OnRequestEnd(int32_t stream_id) {
  if (Stream* stream = Find(stream_id)) stream->OnRequestEnd();
}

void Connection::OnAnswerFrameSent() {
  control_frames_earned_ = std::min(control_frames_earned_ + kEarnedByFrame, kMostEarned);
}

// The session's own, where it finds something that no connection outlives: ours have no error.
void Connection::OnGoAwaySent(uint32_t error_code) {
  if (error_code == NGHTTP2_NO_ERROR) return;
  // No client makes headers by mistake that nobody can decode.
  TellEnding(error_code == NGHTTP2_COMPRESSION_ERROR ? EndReason::kHeaderBlock
                                                     : EndReason::kProtocol);
}

void Connection::OnAnswerSent(int32_t stream_id) {
  // The answer is complete. Nothing more of the request is wanted: RFC 9113, 8.1.
  if (nghttp2_session_get_stream_remote_close(session_, stream_id) != 0) return;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream_id, NGHTTP2_NO_ERROR);
}

void Connection::OnData(int32_t stream_id, std::string_view bytes) {
  Stream* const stream = Find(stream_id);
  if (stream == nullptr) {
    nghttp2_session_consume_connection(session_, bytes.size());
    return;
  }
  stream->unconsumed_ += bytes.size();
  stream->OnData(bytes);
}

void Connection::OnStreamClosed(Stream& stream, uint32_t error_code) {
  Unlink(stream);
  stream.OnClosed(error_code == NGHTTP2_NO_ERROR);
}

Stream* Connection::Find(int32_t stream_id) const {
  return static_cast<Stream*>(nghttp2_session_get_stream_user_data(session_, stream_id));
}

void Connection::Link(Stream& stream) {
  ++open_streams_;
  last_call_ = now_;
  stream.next_ = first_stream_;
  if (first_stream_ != nullptr) first_stream_->previous_ = &stream;
  first_stream_ = &stream;
}

void Connection::Unlink(Stream& stream) {
  --open_streams_;
  last_call_ = now_;
  (stream.previous_ != nullptr ? stream.previous_->next_ : first_stream_) = stream.next_;
  if (stream.next_ != nullptr) stream.next_->previous_ = stream.previous_;
  stream.previous_ = stream.next_ = nullptr;
  stream.connection_ = nullptr;
  // What nobody will read must not narrow the connection for the others.
  if (stream.unconsumed_ > 0) {
    nghttp2_session_consume_connection(session_, stream.unconsumed_);
    turn_.AddOutput(*this);
  }
}

}  // namespace gatehouse::rpc::http2
