// `gatehouse serve` and one method more, which does nothing: what a call costs
// that goes through the whole chain. Configured by the environment alone; prints the READY line.
// Not a program to run in earnest.

#include <utility>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "gatehouse/bench/v1/noop.pb.h"
#include "rpc/method/method_registry.h"
#include "service/config/load_config.h"
#include "service/config/secrets.h"
#include "service/main/serve_command.h"
#include "service/signals/stop_signal.h"

namespace gatehouse {
namespace {

base::Task<absl::StatusOr<bench::v1::NoopResponse>> Noop(base::CallContext,
                                                         bench::v1::NoopRequest request) {
  bench::v1::NoopResponse response;
  response.set_payload(std::move(*request.mutable_payload()));
  co_return response;
}

void AddNoop(rpc::MethodRegistry& registry) {
  registry.AddUnary<bench::v1::NoopRequest, bench::v1::NoopResponse>(
      "/gatehouse.bench.v1.NoopService/Noop", &Noop);
}

int Run() {
  service::StopSignal stop;
  auto config = service::config::LoadConfig({.environment = service::config::ProcessEnvironment()});
  if (!config.ok()) return service::Fail(config.status());
  auto secrets = service::config::LoadSecrets(config->auth);
  if (!secrets.ok()) return service::Fail(secrets.status());
  const absl::Status served = service::ServeUntilStopped(
      {.config = *config, .secrets = *std::move(secrets), .extra_methods = AddNoop}, stop,
      [](const service::App&) {});
  return served.ok() ? 0 : service::Fail(served);
}

}  // namespace
}  // namespace gatehouse

int main() {
  // As in service/main/main.cc: the benchmarks measure what users get.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return gatehouse::Run();
}
