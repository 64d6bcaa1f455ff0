#ifndef GATEHOUSE_RPC_GRPC_FORWARDED_FOR_H_
#define GATEHOUSE_RPC_GRPC_FORWARDED_FOR_H_

#include <optional>
#include <string_view>
#include <vector>

#include "base/ip_address.h"

namespace gatehouse::rpc {

// Whom a call comes from that a trusted proxy passes on, by the values of its `x-forwarded-for`
// headers in their order. Each proxy appends the address it got the call from, so whatever stands
// left of the last address that is no trusted proxy's was said by a stranger. nullopt if none of
// it is of use: the call is the proxy's own then.
std::optional<base::IpAddress> ForwardedFor(const std::vector<std::string_view>& values,
                                            const std::vector<base::IpNetwork>& trusted);

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_GRPC_FORWARDED_FOR_H_
