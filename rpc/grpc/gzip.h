#ifndef GATEHOUSE_RPC_GRPC_GZIP_H_
#define GATEHOUSE_RPC_GRPC_GZIP_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace gatehouse::rpc {

// Whether a `grpc-accept-encoding` has gzip in it.
bool AcceptsGzip(std::string_view accept_encoding);

// Compresses into `output`. Returns how many bytes it took; nullopt if there was no room.
std::optional<size_t> Gzip(std::string_view bytes, std::span<char> output);

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_GRPC_GZIP_H_
