#ifndef GATEHOUSE_RPC_INTERCEPTORS_METRICS_INTERCEPTOR_H_
#define GATEHOUSE_RPC_INTERCEPTORS_METRICS_INTERCEPTOR_H_

#include <memory>

#include "rpc/chain/interceptor.h"

namespace prometheus {
class Registry;
}

namespace gatehouse::rpc {

// Counts calls by method and code, measures how long they take, and knows how
// many run. Outside authentication, so that refused calls count.
//
//   gatehouse_rpc_handled_total{method,code}
//   gatehouse_rpc_duration_seconds{method}     (unary methods)
//   gatehouse_rpc_in_flight
//   gatehouse_rpc_errors_total{reason,limit}   (`limit` names the one that was hit, if any)
class MetricsInterceptor final : public Interceptor {
 public:
  // The registry outlives the interceptor.
  explicit MetricsInterceptor(prometheus::Registry& registry);
  ~MetricsInterceptor() override;

  std::string_view name() const override { return "metrics"; }
  Decision Before(ServerCall& call) override;
  void After(ServerCall& call, absl::Status& status) override;

 private:
  class Metrics;
  std::unique_ptr<Metrics> metrics_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_INTERCEPTORS_METRICS_INTERCEPTOR_H_
