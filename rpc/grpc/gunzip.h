#ifndef GATEHOUSE_RPC_GRPC_GUNZIP_H_
#define GATEHOUSE_RPC_GRPC_GUNZIP_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace gatehouse::rpc {

// Inflates a message that came as gzip. RESOURCE_EXHAUSTED as soon as it gets larger than
// `limit`: what is beyond is never made. INTERNAL if it is no gzip, or not all of it.
absl::StatusOr<std::string> Gunzip(std::string_view compressed, size_t limit);

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_GRPC_GUNZIP_H_
