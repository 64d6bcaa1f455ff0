#ifndef GATEHOUSE_RPC_REQUEST_ID_H_
#define GATEHOUSE_RPC_REQUEST_ID_H_

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace gatehouse::rpc {

// What a call is found by in the log: what its client has sent as `x-request-id`, if that can be
// kept, or else a new one.
std::string RequestIdOf(std::optional<std::string_view> sent, base::Time now);

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_REQUEST_ID_H_
