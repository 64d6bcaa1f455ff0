#ifndef GATEHOUSE_RPC_INTERCEPTORS_ACCESS_LOG_INTERCEPTOR_H_
#define GATEHOUSE_RPC_INTERCEPTORS_ACCESS_LOG_INTERCEPTOR_H_

#include "base/time.h"
#include "rpc/chain/interceptor.h"
#include "rpc/interceptors/failure_log.h"

namespace gatehouse::rpc {

// One log line per call that failed, as far as FailureLog lets it; of the others one about many,
// with the next call that ends after some seconds. At level debug also one per call that did not
// fail. Never message contents, credentials or metadata.
class AccessLogInterceptor final : public Interceptor {
 public:
  explicit AccessLogInterceptor(const FailureLog::Limits& limits = {}) : failures_(limits) {}
  // Logs what was only counted until now.
  ~AccessLogInterceptor() override;

  std::string_view name() const override { return "access_log"; }
  void After(ServerCall& call, absl::Status& status) override;

 private:
  void LogCounts(base::SteadyTime now, bool all);

  FailureLog failures_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_INTERCEPTORS_ACCESS_LOG_INTERCEPTOR_H_
