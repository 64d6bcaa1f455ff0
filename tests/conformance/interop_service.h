#ifndef GATEHOUSE_TESTS_CONFORMANCE_INTEROP_SERVICE_H_
#define GATEHOUSE_TESTS_CONFORMANCE_INTEROP_SERVICE_H_

#include <string_view>

#include "rpc/chain/interceptor.h"
#include "rpc/method/method_registry.h"

namespace gatehouse::tests {

// grpc.testing.TestService, which gRPC's interoperability tests call. Messages are never
// compressed on the way out.
void RegisterInteropService(rpc::MethodRegistry& registry);

// Sends back the metadata that those tests send to be sent back.
class EchoMetadataLink final : public rpc::Interceptor {
 public:
  std::string_view name() const override { return "echo_metadata"; }
  rpc::Decision Before(rpc::ServerCall& call) override;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_CONFORMANCE_INTEROP_SERVICE_H_
