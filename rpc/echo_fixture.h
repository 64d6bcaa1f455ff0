#ifndef GATEHOUSE_RPC_ECHO_FIXTURE_H_
#define GATEHOUSE_RPC_ECHO_FIXTURE_H_

#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "base/async/loop.h"
#include "base/time.h"
#include "rpc/chain/chain_builder.h"
#include "rpc/chain/interceptor.h"
#include "rpc/interceptors/in_flight.h"
#include "rpc/interceptors/stream_cap_interceptor.h"
#include "rpc/method/method_registry.h"
#include "rpc/server.h"
#include "rpc/services/health_service.h"
#include "rpc/services/reflection_service.h"
#include "rpc/transport_metrics.h"
#include "tests/support/grpc_client.h"

namespace gatehouse::rpc {

inline constexpr char kEcho[] = "/gatehouse.test.EchoService/Echo";
inline constexpr char kCount[] = "/gatehouse.test.EchoService/Count";
inline constexpr char kChat[] = "/gatehouse.test.EchoService/Chat";

// What the handlers and the test tell each other. Thread-safe.
class EchoProbe {
 public:
  // Handlers that began to wait, messages they began to write, and handlers
  // that returned.
  std::atomic<int> waiting = 0;
  std::atomic<int> writing = 0;
  std::atomic<int> returned = 0;

  // Blocks until `counter` is at least `count`; fails the test after a while.
  static void Await(const std::atomic<int>& counter, int count);
};

// A server with two loops, the real chain and the EchoService, and a client of
// it. Echo does as the text says:
//   "wait"      until cancelled, then returns what the token's owner decided
//   "wait-ok"   until cancelled, then succeeds all the same
//   "throw"     throws
//   "internal"  fails with an internal error
//   "invalid"   fails with a field violation
//   "stubborn"  ignores everything until Release()
//   "peer"      answers with the caller's address
class EchoFixture : public ::testing::Test {
 protected:
  EchoFixture();
  ~EchoFixture() override;

  // Not called by the constructor, so that tests can set options.
  void StartServer();
  void Release() { released_.set_value(); }

  // What /metrics would show.
  std::string MetricsText() const;
  // Waits until a counter, named with its labels, is no longer 0.
  void AwaitCounted(const std::string& counter) const;

  // A call of Echo; `text` as above.
  tests::CallOutcome Echo(const std::string& text, const tests::CallOptions& options = {});
  // The same under way: the handler waits once this returns.
  std::unique_ptr<tests::ClientStream> StartEcho(const std::string& text,
                                                 const tests::CallOptions& options = {});

  base::SystemClock clock_;
  prometheus::Registry metrics_;
  TransportMetrics transport_metrics_{metrics_};
  EchoProbe probe_;
  std::promise<void> released_;
  ServerOptions options_;
  InFlight::Limits in_flight_;
  StreamCapInterceptor::Limits streams_;
  std::chrono::milliseconds max_unary_deadline_ = std::chrono::seconds(30);
  HealthService health_{{"gatehouse.test.EchoService"}};
  ReflectionService reflection_;
  MethodRegistry registry_;
  std::vector<std::unique_ptr<base::Loop>> loops_;
  // Stands where the program has the one that looks at credentials.
  std::unique_ptr<Interceptor> link_;
  std::unique_ptr<InterceptorChain> chain_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<tests::GrpcClient> client_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_ECHO_FIXTURE_H_
