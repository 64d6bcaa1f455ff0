#ifndef GATEHOUSE_SERVICE_RPC_INTERCEPTORS_ACCESS_LOG_INTERCEPTOR_H_
#define GATEHOUSE_SERVICE_RPC_INTERCEPTORS_ACCESS_LOG_INTERCEPTOR_H_

#include "service/rpc/interceptor.h"

namespace gatehouse::service::rpc {

// One log line per call that failed, and at level debug also per call that did
// not. Never message contents, credentials or metadata.
class AccessLogInterceptor final : public Interceptor {
 public:
  std::string_view name() const override { return "access_log"; }
  void After(ServerCall& call, absl::Status& status) override;
};

}  // namespace gatehouse::service::rpc

#endif  // GATEHOUSE_SERVICE_RPC_INTERCEPTORS_ACCESS_LOG_INTERCEPTOR_H_
