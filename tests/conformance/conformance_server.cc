// The gRPC server alone, with a few methods of no use, for programs that look at how it speaks:
// h2spec, h2load, gRPC's own clients and their interoperability tests. Prints "PORT <number>" and
// serves until standard input ends.
//
//   conformance_server [LOOPS] [CERTIFICATE KEY]

#include <prometheus/registry.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/async/loop.h"
#include "base/log_line.h"
#include "base/time.h"
#include "gatehouse/test/echo.pb.h"
#include "rpc/chain/chain_builder.h"
#include "rpc/method/method_registry.h"
#include "rpc/server.h"
#include "rpc/services/health_service.h"
#include "rpc/services/reflection_service.h"
#include "tests/conformance/interop_service.h"

namespace gatehouse {
namespace {

using test::EchoRequest;
using test::EchoResponse;

base::Task<absl::StatusOr<EchoResponse>> Echo(base::CallContext, EchoRequest request) {
  EchoResponse response;
  response.set_text(std::move(*request.mutable_text()));
  co_return response;
}

base::Task<absl::Status> Count(base::CallContext, test::CountRequest request,
                               rpc::Writer<EchoResponse> writer) {
  for (int i = 0; i < request.count(); ++i) {
    EchoResponse response;
    response.set_text(std::string(request.text_bytes(), 'x'));
    const bool more = co_await writer.Write(response);
    if (!more) break;
  }
  co_return absl::OkStatus();
}

base::Task<absl::Status> Chat(base::CallContext, rpc::Reader<EchoRequest> reader,
                              rpc::Writer<EchoResponse> writer) {
  EchoRequest request;
  while (co_await reader.Read(&request)) {
    EchoResponse response;
    response.set_text(request.text());
    const bool more = co_await writer.Write(response);
    if (!more) break;
  }
  co_return absl::OkStatus();
}

int Run(const std::vector<std::string>& arguments) {
  base::SetLogLevel(base::LogLevel::kError);
  const base::SystemClock clock;
  prometheus::Registry metrics;
  rpc::MethodRegistry registry;
  registry.AddUnary<EchoRequest, EchoResponse>("/gatehouse.test.EchoService/Echo", &Echo);
  registry.AddServerStreaming<test::CountRequest, EchoResponse>("/gatehouse.test.EchoService/Count",
                                                                &Count);
  registry.AddBidiStreaming<EchoRequest, EchoResponse>("/gatehouse.test.EchoService/Chat", &Chat);
  tests::RegisterInteropService(registry);
  rpc::HealthService health({"gatehouse.test.EchoService"});
  rpc::ReflectionService reflection;
  health.Register(registry);
  reflection.Register(registry);
  reflection.SetServices(registry.ServiceNames());
  health.SetAll(true);
  if (!registry.Validate([](std::string_view) { return std::nullopt; }).ok()) return 1;
  const auto chain = std::make_unique<rpc::InterceptorChain>(
      rpc::BuildChain({.clock = clock,
                       .metrics = metrics,
                       // Where the program has the one that looks at credentials.
                       .authenticate = std::make_unique<tests::EchoMetadataLink>()}));

  rpc::ServerOptions options;
  // Nobody has credentials here, and large messages are among what is tested.
  options.max_public_message_bytes = options.max_message_bytes;
  // h2spec breaks the protocol in each of its cases, and comes back at once.
  options.calm_down_time = std::chrono::milliseconds(0);
  if (arguments.size() > 3) {
    options.tls_certificate_file = arguments[2];
    options.tls_key_file = arguments[3];
  }
  std::vector<std::unique_ptr<base::Loop>> loops;
  std::vector<base::Loop*> pointers;
  const int count = arguments.size() > 1 ? std::atoi(arguments[1].c_str()) : 1;
  for (int i = 0; i < count; ++i) {
    loops.push_back(std::make_unique<base::Loop>("loop-" + std::to_string(i)));
    loops.back()->Start();
    pointers.push_back(loops.back().get());
  }
  auto server = rpc::Server::Start(options, pointers, registry, *chain);
  if (!server.ok()) {
    std::cerr << server.status() << "\n";
    return 1;
  }
  std::cout << "PORT " << (*server)->port() << std::endl;
  while (std::cin.get() != std::char_traits<char>::eof()) {
  }
  (*server)->Shutdown({});
  for (const auto& loop : loops) loop->Stop();
  return 0;
}

}  // namespace
}  // namespace gatehouse

int main(int argc, char** argv) {
  return gatehouse::Run(std::vector<std::string>(argv, argv + argc));
}
