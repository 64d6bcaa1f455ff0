#ifndef GATEHOUSE_RPC_HTTP2_HEADER_LIST_H_
#define GATEHOUSE_RPC_HTTP2_HEADER_LIST_H_

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/recycled_memory.h"

struct nghttp2_rcbuf;

namespace gatehouse::rpc::http2 {

// The headers of a request, in their order, pseudo headers among them. Shares the bytes with the
// HPACK decoder, so that a header that comes with every request of a connection is not copied for
// each.
class HeaderList {
 public:
  struct Entry {
    std::string_view name;
    std::string_view value;
  };

  HeaderList() = default;
  ~HeaderList();
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;

  // Beyond `limit` bytes nothing is kept.
  void Add(nghttp2_rcbuf* name, nghttp2_rcbuf* value, size_t limit);
  // Keeps none of them.
  void Clear();

  // What they take of memory, as if they shared none of it.
  size_t held_bytes() const;

  size_t size() const { return headers_.size(); }
  Entry operator[](size_t index) const;
  bool too_large() const { return too_large_; }

 private:
  struct Shared {
    nghttp2_rcbuf* name;
    nghttp2_rcbuf* value;
  };

  std::vector<Shared, base::RecyclingAllocator<Shared>> headers_;
  size_t bytes_ = 0;
  bool too_large_ = false;
};

}  // namespace gatehouse::rpc::http2

#endif  // GATEHOUSE_RPC_HTTP2_HEADER_LIST_H_
