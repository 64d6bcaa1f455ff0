#include "rpc/http2/callbacks.h"

#include <algorithm>
#include <cstdint>

#include "rpc/http2/session_memory.h"

namespace gatehouse::rpc::http2 {
namespace {

// Answers to PING and SETTINGS that a client has not read: beyond it the connection is closed.
constexpr size_t kMaxUnsentAcks = 200;

// Our own count of resets comes first and gives a better reason.
constexpr uint64_t kNoResetLimit = 1'000'000'000;

// When this much is to be written, the socket is tried before more is asked for.
constexpr size_t kOutputBytes = size_t{128} << 10;

// An answer's headers are few and often the same; what they add to the table of a connection is
// memory that it holds for as long as it lives.
constexpr size_t kHpackTableBytes = size_t{1} << 10;

constexpr int kFirstUnknownType = NGHTTP2_CONTINUATION + 1;

bool IsRequest(const nghttp2_frame& frame) { return frame.headers.cat == NGHTTP2_HCAT_REQUEST; }

bool EndsStream(const nghttp2_frame& frame) {
  return (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
}

// Of a DATA frame: it has no data but is not empty. Its padding counts the byte that says how much.
bool IsPaddingAlone(const nghttp2_frame& frame) {
  return frame.hd.length > 0 && frame.hd.length == frame.data.padlen && !EndsStream(frame);
}

Connection& ToConnection(void* user) { return *static_cast<Connection*>(user); }

}  // namespace

int Connection::Callbacks::OnBeginFrame(nghttp2_session*, const nghttp2_frame_hd* header,
                                        void* user) {
  return ToConnection(user).OnFrameBegin(header->type, header->flags, header->stream_id,
                                         header->length)
             ? 0
             : NGHTTP2_ERR_CALLBACK_FAILURE;
}

int Connection::Callbacks::OnFrameRecv(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  Connection& connection = ToConnection(user);
  const bool acknowledges = (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0;
  switch (frame->hd.type) {
    case NGHTTP2_SETTINGS:
      if (!acknowledges) connection.OnSettings();
      return 0;
    case NGHTTP2_PING:
      if (acknowledges) connection.OnPingAnswer();
      return 0;
    case NGHTTP2_RST_STREAM:
      return connection.OnReset() ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
    case NGHTTP2_HEADERS:
      if (IsRequest(*frame)) connection.OnRequest(frame->hd.stream_id);
      break;
    case NGHTTP2_DATA:
      if (IsPaddingAlone(*frame) && !connection.OnControlFrame()) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
      }
      break;
    default:
      return 0;
  }
  if (EndsStream(*frame) && !connection.ended()) connection.OnRequestEnd(frame->hd.stream_id);
  return connection.ended() ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

// The session answers it with RST_STREAM, or GOAWAY. A client that has its requests taken back in
// this way costs as much as one that does it by itself.
int Connection::Callbacks::OnInvalidFrame(nghttp2_session*, const nghttp2_frame*, int, void* user) {
  return ToConnection(user).OnReset() ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

int Connection::Callbacks::OnBeginHeaders(nghttp2_session*, const nghttp2_frame* frame,
                                          void* user) {
  if (!IsRequest(*frame) || ToConnection(user).OnRequestBegin(frame->hd.stream_id)) return 0;
  return NGHTTP2_ERR_CALLBACK_FAILURE;
}

int Connection::Callbacks::OnHeader(nghttp2_session*, const nghttp2_frame* frame,
                                    nghttp2_rcbuf* name, nghttp2_rcbuf* value, uint8_t,
                                    void* user) {
  const size_t length = nghttp2_rcbuf_get_buf(name).len + nghttp2_rcbuf_get_buf(value).len;
  if (!ToConnection(user).OnHeaderDecoded(length)) return NGHTTP2_ERR_CALLBACK_FAILURE;
  // Trailers of a request mean nothing in gRPC.
  if (IsRequest(*frame)) ToConnection(user).OnHeader(frame->hd.stream_id, name, value);
  return 0;
}

int Connection::Callbacks::OnDataChunk(nghttp2_session*, uint8_t, int32_t stream_id,
                                       const uint8_t* data, size_t length, void* user) {
  Connection& connection = ToConnection(user);
  connection.OnData(stream_id, {reinterpret_cast<const char*>(data), length});
  return connection.ended() ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

// Frames of types that RFC 9113 does not know: ignored, and counted as they begin.
int Connection::Callbacks::OnUnknownFrame(nghttp2_session*, void**, const nghttp2_frame_hd*,
                                          void*) {
  return NGHTTP2_ERR_CANCEL;
}

int Connection::Callbacks::OnStreamClose(nghttp2_session*, int32_t stream_id, uint32_t error_code,
                                         void* user) {
  Connection& connection = ToConnection(user);
  if (Stream* stream = connection.Find(stream_id)) {
    connection.OnStreamClosed(*stream, error_code);
  }
  return 0;
}

int Connection::Callbacks::OnFrameSend(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  if (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) {
    ToConnection(user).OnAnswerFrameSent();
    if (EndsStream(*frame)) ToConnection(user).OnAnswerSent(frame->hd.stream_id);
  } else if (frame->hd.type == NGHTTP2_RST_STREAM) {
    ToConnection(user).OnResetSent(frame->hd.stream_id);
    if (frame->rst_stream.error_code == NGHTTP2_REFUSED_STREAM) {
      ToConnection(user).owner_.OnStreamRefused();
    }
  } else if (frame->hd.type == NGHTTP2_GOAWAY) {
    ToConnection(user).OnGoAwaySent(frame->goaway.error_code);
  }
  return 0;
}

ssize_t Connection::Callbacks::ReadBody(nghttp2_session*, int32_t stream_id, uint8_t*,
                                        size_t length, uint32_t* flags, nghttp2_data_source*,
                                        void* user) {
  Stream* const stream = ToConnection(user).Find(stream_id);
  if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  const size_t ready = stream->BodyBytes();
  const size_t bytes = std::min(ready, length);
  if (bytes == ready && stream->BodyEnds()) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (stream->OnBodyEnd()) *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
  } else if (bytes == 0) {
    stream->body_waits_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  if (bytes > 0) *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  return static_cast<ssize_t>(bytes);
}

int Connection::Callbacks::SendBody(nghttp2_session*, nghttp2_frame* frame,
                                    const uint8_t* frame_header, size_t length,
                                    nghttp2_data_source*, void* user) {
  constexpr size_t kFrameHeaderBytes = 9;
  Connection& connection = ToConnection(user);
  std::string& output = connection.scratch_.output;
  Stream* const stream = connection.Find(frame->hd.stream_id);
  if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  output.append(reinterpret_cast<const char*>(frame_header), kFrameHeaderBytes);
  stream->TakeBody(length, output);
  return output.size() < kOutputBytes ? 0 : NGHTTP2_ERR_PAUSE;
}

// Shared by all sessions, and never changed.
const nghttp2_session_callbacks* Connection::Callbacks::Table() {
  static const nghttp2_session_callbacks* const table = [] {
    nghttp2_session_callbacks* made = nullptr;
    nghttp2_session_callbacks_new(&made);
    nghttp2_session_callbacks_set_on_begin_frame_callback(made, OnBeginFrame);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, OnFrameRecv);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(made, OnInvalidFrame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(made, OnBeginHeaders);
    nghttp2_session_callbacks_set_on_header_callback2(made, OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, OnDataChunk);
    nghttp2_session_callbacks_set_unpack_extension_callback(made, OnUnknownFrame);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, OnStreamClose);
    nghttp2_session_callbacks_set_on_frame_send_callback(made, OnFrameSend);
    nghttp2_session_callbacks_set_send_data_callback(made, SendBody);
    return made;
  }();
  return table;
}

const nghttp2_option* Connection::Callbacks::Options() {
  static const nghttp2_option* const options = [] {
    nghttp2_option* made = nullptr;
    nghttp2_option_new(&made);
    // What is not consumed may not be sent: a handler that does not read stops its client.
    nghttp2_option_set_no_auto_window_update(made, 1);
    // Closed streams are kept for priorities only, which RFC 9113 has abolished.
    nghttp2_option_set_no_closed_streams(made, 1);
    nghttp2_option_set_max_outbound_ack(made, kMaxUnsentAcks);
    nghttp2_option_set_stream_reset_rate_limit(made, kNoResetLimit, kNoResetLimit);
    nghttp2_option_set_max_deflate_dynamic_table_size(made, kHpackTableBytes);
    // Or it skips them without a word.
    for (int type = kFirstUnknownType; type <= UINT8_MAX; ++type) {
      nghttp2_option_set_user_recv_extension_type(made, static_cast<uint8_t>(type));
    }
    return made;
  }();
  return options;
}

SessionMemory::Made Connection::Callbacks::NewSession(Connection& connection,
                                                      SessionMemory& memory) {
  return memory.NewSession(Table(), &connection, Options());
}

}  // namespace gatehouse::rpc::http2
