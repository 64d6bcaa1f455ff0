#ifndef GATEHOUSE_RPC_HTTP2_CALLBACKS_H_
#define GATEHOUSE_RPC_HTTP2_CALLBACKS_H_

#include <nghttp2/nghttp2.h>

#include "rpc/http2/connection.h"
#include "rpc/http2/session_memory.h"
#include "rpc/http2/stream.h"

namespace gatehouse::rpc::http2 {

// nghttp2's C callbacks, which hand over to the connection and its streams. Part of Connection.
struct Connection::Callbacks {
  // A session whose callbacks reach `connection`.
  static SessionMemory::Made NewSession(Connection& connection, SessionMemory& memory);

  // Where the body of an answer comes from.
  static ssize_t ReadBody(nghttp2_session* session, int32_t stream_id, uint8_t* buffer,
                          size_t length, uint32_t* flags, nghttp2_data_source* source,
                          void* connection);

 private:
  static int OnBeginFrame(nghttp2_session* session, const nghttp2_frame_hd* header, void* user);
  static int OnFrameRecv(nghttp2_session* session, const nghttp2_frame* frame, void* user);
  static int OnInvalidFrame(nghttp2_session* session, const nghttp2_frame* frame, int error,
                            void* user);
  static int OnBeginHeaders(nghttp2_session* session, const nghttp2_frame* frame, void* user);
  static int OnHeader(nghttp2_session* session, const nghttp2_frame* frame, nghttp2_rcbuf* name,
                      nghttp2_rcbuf* value, uint8_t flags, void* user);
  static int OnDataChunk(nghttp2_session* session, uint8_t flags, int32_t stream_id,
                         const uint8_t* data, size_t length, void* user);
  static int OnUnknownFrame(nghttp2_session*, void** payload, const nghttp2_frame_hd* header,
                            void* user);
  static int OnStreamClose(nghttp2_session* session, int32_t stream_id, uint32_t error_code,
                           void* user);
  static int OnFrameSend(nghttp2_session* session, const nghttp2_frame* frame, void* user);
  static int SendBody(nghttp2_session* session, nghttp2_frame* frame, const uint8_t* frame_header,
                      size_t length, nghttp2_data_source* source, void* user);

  static const nghttp2_session_callbacks* Table();
  static const nghttp2_option* Options();
};

}  // namespace gatehouse::rpc::http2

#endif  // GATEHOUSE_RPC_HTTP2_CALLBACKS_H_
