#include "rpc/grpc/gunzip.h"

#include <zlib.h>

#include <algorithm>
#include <memory>

#include "rpc/grpc/protocol_errors.h"

namespace gatehouse::rpc {
namespace {

// zlib's window of 32 KiB, with gzip's header.
constexpr int kGzipWindow = MAX_WBITS + 16;

// RFC 1952: a header of ten bytes, two of nothing, a checksum, and the length.
constexpr std::string_view kMagic = "\x1f\x8b";
constexpr size_t kLengthBytes = 4;
constexpr size_t kShortest = 10 + 2 + 4 + kLengthBytes;

// The first guess of how much becomes of a message.
constexpr size_t kUsualRatio = 4;
constexpr size_t kSmallest = 256;

}  // namespace

// The last four bytes, the least significant one first.
size_t GunzippedBytes(std::string_view compressed) {
  if (compressed.size() < kShortest || !compressed.starts_with(kMagic)) return 0;
  size_t bytes = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    bytes = bytes << 8 | static_cast<unsigned char>(compressed[compressed.size() - 1 - i]);
  }
  return bytes;
}

absl::StatusOr<std::string> Gunzip(std::string_view compressed, size_t limit) {
  const size_t bytes = GunzippedBytes(compressed);
  if (bytes > limit) return MessageTooLarge(limit);
  z_stream stream{};
  if (inflateInit2(&stream, kGzipWindow) != Z_OK) return TransportOverloaded();
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::string inflated;
  // One byte more than it says tells that it is larger. By and by, since that may be a lie.
  size_t size = std::min(bytes + 1, std::max(kSmallest, kUsualRatio * compressed.size()));
  while (true) {
    const size_t before = stream.total_out;
    inflated.resize(size);
    stream.next_out = reinterpret_cast<Bytef*>(inflated.data() + before);
    stream.avail_out = static_cast<uInt>(size - before);
    const int result = inflate(&stream, Z_NO_FLUSH);
    if (stream.total_out > bytes) return ProtocolViolation("the message is no gzip");
    if (result == Z_STREAM_END && stream.avail_in == 0) {
      inflated.resize(stream.total_out);
      return inflated;
    }
    if (result != Z_OK || stream.avail_out > 0) return ProtocolViolation("the message is no gzip");
    size = std::min(bytes + 1, 2 * size);
  }
}

}  // namespace gatehouse::rpc
