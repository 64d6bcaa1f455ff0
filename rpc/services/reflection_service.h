#ifndef GATEHOUSE_RPC_SERVICES_REFLECTION_SERVICE_H_
#define GATEHOUSE_RPC_SERVICES_REFLECTION_SERVICE_H_

#include <string>
#include <utility>
#include <vector>

#include "rpc/method/method_registry.h"

namespace gatehouse::rpc {

// grpc.reflection.v1 and v1alpha: lets grpcurl and the like list, describe and
// call methods without .proto files. Serves the descriptors this program is
// linked with, but lists only what the registry has.
//
// Public: the API is no secret. Outlives the server.
class ReflectionService {
 public:
  void Register(MethodRegistry& registry);

  // Services to list; after every other registration.
  void SetServices(std::vector<std::string> services) { services_ = std::move(services); }

 private:
  std::vector<std::string> services_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_SERVICES_REFLECTION_SERVICE_H_
