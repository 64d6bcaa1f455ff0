#ifndef GATEHOUSE_SERVICE_RPC_REFLECTION_SERVICE_H_
#define GATEHOUSE_SERVICE_RPC_REFLECTION_SERVICE_H_

#include <string>
#include <utility>
#include <vector>

#include "service/rpc/method_registry.h"

namespace gatehouse::service::rpc {

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

}  // namespace gatehouse::service::rpc

#endif  // GATEHOUSE_SERVICE_RPC_REFLECTION_SERVICE_H_
