// The part of Connection that knows which streams are over.

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "rpc/http2/connection.h"

namespace gatehouse::rpc::http2 {
namespace {

// More are hardly on their way at a time.
constexpr size_t kResetsKept = 64;

}  // namespace

// The session forgets streams at once when they are closed, which saves memory for each call of the
// last minutes, and so it cannot tell what clients must not do with them.
bool Connection::CheckClosedStream(int32_t stream_id) {
  if (stream_id > last_stream_id_ || stream_id % 2 == 0 ||
      nghttp2_session_find_stream(session_, stream_id) != nullptr) {
    return true;
  }
  // It may have been on its way when the stream was reset, or that is too long ago to know. The
  // session drops it without a word, and what is dropped may come for ever.
  if (std::ranges::find(reset_here_, stream_id) != reset_here_.end() ||
      (reset_here_.size() == kResetsKept && stream_id < reset_here_[oldest_reset_])) {
    return OnControlFrame();
  }
  // Without gaps in the numbers each of them was a request, and is over.
  const bool was_used = requests_ == (static_cast<uint32_t>(last_stream_id_) + 1) / 2;
  return Fail(EndReason::kProtocol, was_used ? NGHTTP2_STREAM_CLOSED : NGHTTP2_PROTOCOL_ERROR,
              "a frame of a request that is over");
}

void Connection::OnResetSent(int32_t stream_id) {
  if (reset_here_.size() < kResetsKept) {
    reset_here_.push_back(stream_id);
    return;
  }
  reset_here_[oldest_reset_] = stream_id;
  oldest_reset_ = (oldest_reset_ + 1) % kResetsKept;
}

}  // namespace gatehouse::rpc::http2
