#ifndef GATEHOUSE_SERVICE_CONFIG_GRPC_SETTINGS_H_
#define GATEHOUSE_SERVICE_CONFIG_GRPC_SETTINGS_H_

#include <vector>

#include "service/config/settings.h"

namespace gatehouse::service::config {

// Appends the settings of the gRPC server, of which there are many.
void AddGrpc(std::vector<Setting>& all);

}  // namespace gatehouse::service::config

#endif  // GATEHOUSE_SERVICE_CONFIG_GRPC_SETTINGS_H_
