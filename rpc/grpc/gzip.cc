#include "rpc/grpc/gzip.h"

#include <zlib.h>

#include <memory>

#include "base/text/ascii.h"

namespace gatehouse::rpc {
namespace {

// zlib's window of 32 KiB, with gzip's header.
constexpr int kGzipWindow = MAX_WBITS + 16;

// The fastest: better ones take several times as long, for a tenth less.
constexpr int kLevel = Z_BEST_SPEED;

constexpr int kUsualMemory = 8;

}  // namespace

bool AcceptsGzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const size_t comma = accept_encoding.find(',');
    if (base::Trimmed(accept_encoding.substr(0, comma), " ") == "gzip") return true;
    if (comma == std::string_view::npos) return false;
    accept_encoding.remove_prefix(comma + 1);
  }
  return false;
}

std::optional<size_t> Gzip(std::string_view bytes, std::span<char> output) {
  z_stream stream{};
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, kGzipWindow, kUsualMemory, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    return std::nullopt;
  }
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, deflateEnd);
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(output.data());
  stream.avail_out = static_cast<uInt>(output.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) return std::nullopt;
  return stream.total_out;
}

}  // namespace gatehouse::rpc
