#ifndef GATEHOUSE_RPC_GRPC_HEADER_VALUES_H_
#define GATEHOUSE_RPC_GRPC_HEADER_VALUES_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The forms in which gRPC over HTTP/2 puts things into headers.
namespace gatehouse::rpc {

// `grpc-timeout`: at most eight digits and a unit. More than a year counts as a year, so that
// whoever adds it to a time gets one. nullopt if it is malformed.
std::optional<std::chrono::nanoseconds> ParseGrpcTimeout(std::string_view value);

// Whether a `content-type` is gRPC's with messages of any kind: application/grpc, with +proto or
// parameters or not.
bool IsGrpcContentType(std::string_view value);

// `grpc-message`: printable ASCII stays, the rest becomes %XX.
std::string PercentEncode(std::string_view text);

// The values of a header whose name ends in -bin, of which several may be joined by commas.
// nullopt if one is no base 64.
std::optional<std::vector<std::string>> DecodeBinaryHeader(std::string_view value);

// Base 64 without padding, as gRPC sends it.
std::string EncodeBinaryHeader(std::string_view bytes);

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_GRPC_HEADER_VALUES_H_
