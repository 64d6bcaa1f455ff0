#ifndef GATEHOUSE_RPC_INTERCEPTORS_ACCESS_LOG_INTERCEPTOR_H_
#define GATEHOUSE_RPC_INTERCEPTORS_ACCESS_LOG_INTERCEPTOR_H_

#include "rpc/chain/interceptor.h"

namespace gatehouse::rpc {

// One log line per call that failed, and at level debug also per call that did
// not. Never message contents, credentials or metadata.
class AccessLogInterceptor final : public Interceptor {
 public:
  std::string_view name() const override { return "access_log"; }
  void After(ServerCall& call, absl::Status& status) override;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_INTERCEPTORS_ACCESS_LOG_INTERCEPTOR_H_
