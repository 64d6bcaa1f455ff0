#include "rpc/grpc/gunzip.h"

#include <zlib.h>

#include <algorithm>
#include <memory>

#include "rpc/grpc/protocol_errors.h"

namespace gatehouse::rpc {
namespace {

// zlib's window of 32 KiB, with gzip's header.
constexpr int kGzipWindow = MAX_WBITS + 16;

// The first guess of how much becomes of a message.
constexpr size_t kUsualRatio = 4;
constexpr size_t kSmallest = 256;

}  // namespace

absl::StatusOr<std::string> Gunzip(std::string_view compressed, size_t limit) {
  z_stream stream{};
  if (inflateInit2(&stream, kGzipWindow) != Z_OK) return TransportOverloaded();
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::string inflated;
  // One byte more than is allowed tells that it is too large.
  size_t size = std::min(limit + 1, std::max(kSmallest, kUsualRatio * compressed.size()));
  while (true) {
    const size_t before = stream.total_out;
    inflated.resize(size);
    stream.next_out = reinterpret_cast<Bytef*>(inflated.data() + before);
    stream.avail_out = static_cast<uInt>(size - before);
    const int result = inflate(&stream, Z_NO_FLUSH);
    if (stream.total_out > limit) return MessageTooLarge(limit);
    if (result == Z_STREAM_END && stream.avail_in == 0) {
      inflated.resize(stream.total_out);
      return inflated;
    }
    if (result != Z_OK || stream.avail_out > 0) return ProtocolViolation("the message is no gzip");
    size = std::min(limit + 1, 2 * size);
  }
}

}  // namespace gatehouse::rpc
