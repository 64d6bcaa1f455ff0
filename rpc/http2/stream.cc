#include "rpc/http2/stream.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cassert>

#include "rpc/http2/callbacks.h"
#include "rpc/http2/connection.h"

namespace gatehouse::rpc::http2 {
namespace {

// More than any answer of ours has: those of its layer, details, and what interceptors add.
constexpr size_t kMaxFields = 32;

// The session's form of `fields`, good until these go. It copies what it keeps.
class FieldArray {
 public:
  explicit FieldArray(std::span<const Field> fields) {
    assert(fields.size() <= kMaxFields);
    for (const Field& field : fields.first(std::min(fields.size(), kMaxFields))) {
      array_[size_++] = {
          .name = const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(field.name.data())),
          .value = const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(field.value.data())),
          .namelen = field.name.size(),
          .valuelen = field.value.size(),
          .flags =
              static_cast<uint8_t>(field.unique ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE)};
    }
  }

  const nghttp2_nv* data() const { return array_.data(); }
  size_t size() const { return size_; }

 private:
  // Not initialised, for the most part never used.
  std::array<nghttp2_nv, kMaxFields> array_;
  size_t size_ = 0;
};

}  // namespace

void Stream::SendHeadersOnly(std::span<const Field> fields) {
  if (!open()) return;
  const FieldArray array(fields);
  nghttp2_submit_response(connection_->session_, id_, array.data(), array.size(), nullptr);
  connection_->turn_.AddOutput(*connection_);
}

void Stream::SendHeaders(std::span<const Field> fields) {
  if (!open()) return;
  const FieldArray array(fields);
  const nghttp2_data_provider body{.source = {.ptr = this},
                                   .read_callback = Connection::Callbacks::ReadBody};
  nghttp2_submit_response(connection_->session_, id_, array.data(), array.size(), &body);
  connection_->turn_.AddOutput(*connection_);
}

void Stream::ResumeBody() {
  if (!open()) return;
  if (body_waits_) {
    body_waits_ = false;
    nghttp2_session_resume_data(connection_->session_, id_);
  }
  connection_->turn_.AddOutput(*connection_);
}

void Stream::SendTrailers(std::span<const Field> fields) {
  if (!open()) return;
  const FieldArray array(fields);
  nghttp2_submit_trailer(connection_->session_, id_, array.data(), array.size());
}

void Stream::Reset(uint32_t error_code) {
  if (!open()) return;
  Connection& connection = *connection_;
  nghttp2_session_set_stream_user_data(connection.session_, id_, nullptr);
  nghttp2_submit_rst_stream(connection.session_, NGHTTP2_FLAG_NONE, id_, error_code);
  connection.Unlink(*this);
  connection.turn_.AddOutput(connection);
}

void Stream::Consume(size_t bytes) {
  if (!open() || bytes == 0) return;
  unconsumed_ -= bytes;
  nghttp2_session_consume(connection_->session_, id_, bytes);
  connection_->turn_.AddOutput(*connection_);
}

}  // namespace gatehouse::rpc::http2
