#include "rpc/http2/header_list.h"

#include <nghttp2/nghttp2.h>

namespace gatehouse::rpc::http2 {
namespace {

// RFC 9113, 6.5.2: what an entry counts beside its bytes.
constexpr size_t kEntryBytes = 32;

// What an entry takes beside what it counts: two blocks of memory, and a place in the list.
constexpr size_t kEntryOverhead = 128;

// What a gRPC request has, with a little metadata.
constexpr size_t kUsualHeaders = 16;

std::string_view ToView(nghttp2_rcbuf* buffer) {
  const nghttp2_vec bytes = nghttp2_rcbuf_get_buf(buffer);
  return {reinterpret_cast<const char*>(bytes.base), bytes.len};
}

}  // namespace

HeaderList::~HeaderList() { Clear(); }

void HeaderList::Add(nghttp2_rcbuf* name, nghttp2_rcbuf* value, size_t limit) {
  bytes_ += nghttp2_rcbuf_get_buf(name).len + nghttp2_rcbuf_get_buf(value).len + kEntryBytes;
  if (bytes_ > limit) {
    too_large_ = true;
    Clear();
    return;
  }
  if (headers_.empty()) headers_.reserve(kUsualHeaders);
  nghttp2_rcbuf_incref(name);
  nghttp2_rcbuf_incref(value);
  headers_.push_back({name, value});
}

HeaderList::Entry HeaderList::operator[](size_t index) const {
  return {ToView(headers_[index].name), ToView(headers_[index].value)};
}

size_t HeaderList::held_bytes() const {
  return headers_.empty() ? 0 : bytes_ + headers_.size() * kEntryOverhead;
}

void HeaderList::Clear() {
  for (const Shared& header : headers_) {
    nghttp2_rcbuf_decref(header.name);
    nghttp2_rcbuf_decref(header.value);
  }
  headers_.clear();
}

}  // namespace gatehouse::rpc::http2
