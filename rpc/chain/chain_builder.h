#ifndef GATEHOUSE_RPC_CHAIN_CHAIN_BUILDER_H_
#define GATEHOUSE_RPC_CHAIN_CHAIN_BUILDER_H_

#include <chrono>
#include <memory>

#include "base/time.h"
#include "rpc/chain/interceptor_chain.h"
#include "rpc/interceptors/failure_log.h"
#include "rpc/interceptors/in_flight.h"
#include "rpc/interceptors/stream_cap_interceptor.h"

namespace prometheus {
class Registry;
}

namespace gatehouse::rpc {

struct ChainOptions {
  const base::Clock& clock;
  prometheus::Registry& metrics;
  // Longest a unary call may take, whatever its client allows.
  std::chrono::milliseconds max_unary_deadline = std::chrono::seconds(30);
  // Of one chain: those who are told of it, such as `authenticate`, share it.
  std::shared_ptr<InFlight> in_flight = std::make_shared<InFlight>(InFlight::Limits());
  StreamCapInterceptor::Limits streams = {};
  FailureLog::Limits logged_failures = {};
  // From auth/, which knows credentials, permissions and rates. Null ones are
  // left out: for servers without a database, in tests and benchmarks.
  std::unique_ptr<Interceptor> authenticate = nullptr;
  std::unique_ptr<Interceptor> authorise = nullptr;
  std::unique_ptr<Interceptor> rate_limit = nullptr;
};

// The one place that says which interceptors there are and in which order.
InterceptorChain BuildChain(ChainOptions options);

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_CHAIN_CHAIN_BUILDER_H_
