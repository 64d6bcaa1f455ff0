#ifndef GATEHOUSE_RPC_GRPC_GUNZIP_H_
#define GATEHOUSE_RPC_GRPC_GUNZIP_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace gatehouse::rpc {

// How large a message that came as gzip says that it becomes. 0 if it is no gzip at first sight.
size_t GunzippedBytes(std::string_view compressed);

// Inflates it. RESOURCE_EXHAUSTED, before anything is made, if it says that it becomes larger than
// `limit`. INTERNAL if it is no gzip, or not all of it, or becomes larger than it says.
absl::StatusOr<std::string> Gunzip(std::string_view compressed, size_t limit);

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_GRPC_GUNZIP_H_
