#ifndef GATEHOUSE_RPC_HTTP2_SESSION_MEMORY_H_
#define GATEHOUSE_RPC_HTTP2_SESSION_MEMORY_H_

#include <nghttp2/nghttp2.h>

namespace gatehouse::rpc::http2 {

// Recycled memory in nghttp2's words: a session makes and frees the same few blocks for each
// request.
nghttp2_mem SessionMemory();

}  // namespace gatehouse::rpc::http2

#endif  // GATEHOUSE_RPC_HTTP2_SESSION_MEMORY_H_
