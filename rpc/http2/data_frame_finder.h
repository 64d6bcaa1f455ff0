#ifndef GATEHOUSE_RPC_HTTP2_DATA_FRAME_FINDER_H_
#define GATEHOUSE_RPC_HTTP2_DATA_FRAME_FINDER_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gatehouse::rpc::http2 {

// Finds the DATA frames in a client's bytes before the session sees them, since of one on a stream
// that is closed the session says nothing; and knows of headers that are not whole, of which it
// says nothing either.
class DataFrameFinder {
 public:
  struct Found {
    // Up to the last byte of the frame's header, exclusive: a session that has as much does not
    // know of the frame yet.
    size_t before;
    int32_t stream_id;
  };

  // Looks on from where it stopped. nullopt: there is none in the rest of `bytes`. Otherwise the
  // next call begins with the byte after the header: bytes.substr(before + 1).
  std::optional<Found> Find(std::string_view bytes) {
    size_t at = 0;
    while (true) {
      const size_t skipped = std::min(skip_, bytes.size() - at);
      skip_ -= skipped;
      at += skipped;
      if (at == bytes.size()) return std::nullopt;
      header_[have_++] = static_cast<unsigned char>(bytes[at++]);
      if (have_ < kHeaderBytes) continue;
      have_ = 0;
      skip_ =
          static_cast<size_t>(header_[0]) << 16 | static_cast<size_t>(header_[1]) << 8 | header_[2];
      const unsigned type = header_[3];
      if (type == kHeaders) ++header_blocks_;
      block_open_ = type == kHeaders || type == kContinuation;
      block_ends_ = (header_[4] & kEndHeaders) != 0;
      if (type != kData) continue;
      const uint32_t id = static_cast<uint32_t>(header_[5] & 0x7F) << 24 |
                          static_cast<uint32_t>(header_[6]) << 16 |
                          static_cast<uint32_t>(header_[7]) << 8 | header_[8];
      return Found{.before = at - 1, .stream_id = static_cast<int32_t>(id)};
    }
  }

  // The number of the header block that has begun and is not whole; 0 if there is none.
  uint32_t open_header_block() const {
    return block_open_ && (!block_ends_ || skip_ > 0) ? header_blocks_ : 0;
  }

 private:
  static constexpr size_t kHeaderBytes = 9;
  static constexpr unsigned kData = 0;
  static constexpr unsigned kHeaders = 1;
  static constexpr unsigned kContinuation = 9;
  static constexpr unsigned kEndHeaders = 4;
  // "PRI * HTTP/2.0", which comes before the first frame.
  static constexpr size_t kPrefaceBytes = 24;

  size_t skip_ = kPrefaceBytes;
  size_t have_ = 0;
  uint32_t header_blocks_ = 0;
  bool block_open_ = false;
  bool block_ends_ = false;
  std::array<unsigned char, kHeaderBytes> header_;
};

}  // namespace gatehouse::rpc::http2

#endif  // GATEHOUSE_RPC_HTTP2_DATA_FRAME_FINDER_H_
