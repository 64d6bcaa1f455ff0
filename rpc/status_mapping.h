#ifndef GATEHOUSE_RPC_STATUS_MAPPING_H_
#define GATEHOUSE_RPC_STATUS_MAPPING_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace gatehouse::rpc {

// A status as it goes over the wire.
struct WireStatus {
  int code = 0;
  std::string message = {};
  // A serialised google.rpc.Status, for grpc-status-details-bin.
  std::string details = {};
};

// True for codes that mean a fault of ours: the message is for the log alone.
bool IsServerFault(const absl::Status& status);

// The one place where a status becomes an answer. Every error carries an
// ErrorInfo, with the default reason of its code if it has none of its own.
// An internal error shows `error_id` instead of its message; the caller logs
// both. Message and details are cut to what a client's default limit of 8 KiB
// for all metadata leaves room for.
WireStatus ToWireStatus(const absl::Status& status, std::string_view error_id);

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_STATUS_MAPPING_H_
