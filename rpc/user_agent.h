#ifndef GATEHOUSE_RPC_USER_AGENT_H_
#define GATEHOUSE_RPC_USER_AGENT_H_

#include <string>
#include <string_view>

namespace gatehouse::rpc {

// A `user-agent` header as it may be kept: at most 512 bytes, and "?" for what is not printable
// ASCII. Clients send any bytes, and text columns do not take all of them.
std::string UserAgent(std::string_view header);

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_USER_AGENT_H_
