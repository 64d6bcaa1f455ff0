#ifndef GATEHOUSE_RPC_INTERCEPTORS_PARSE_INTERCEPTOR_H_
#define GATEHOUSE_RPC_INTERCEPTORS_PARSE_INTERCEPTOR_H_

#include "rpc/chain/interceptor.h"

namespace gatehouse::rpc {

// Reads the request. After authentication: until then nothing of it is taken
// from the network, so strangers cannot make the server hold their messages.
class ParseInterceptor final : public Interceptor {
 public:
  std::string_view name() const override { return "parse"; }
  Decision Before(ServerCall& call) override {
    if (call.method().kind == MethodKind::kBidiStreaming) return Decision::Continue();
    return call.ReadRequest();
  }
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_INTERCEPTORS_PARSE_INTERCEPTOR_H_
