#ifndef GATEHOUSE_SERVICE_CONFIG_SERVICE_LINKS_H_
#define GATEHOUSE_SERVICE_CONFIG_SERVICE_LINKS_H_

#include <map>
#include <string>

namespace gatehouse::service::config {

// Whether the variable `name` of `environment` is what Kubernetes, or Docker's links, write for a
// service named like this server, by its name and by its value: of somebody who means a setting,
// GATEHOUSE_GRPC_PORT=6000 is an error.
//
// Each service NAME of a Kubernetes namespace gives every pod there NAME_SERVICE_HOST,
// NAME_SERVICE_PORT, NAME_PORT, NAME_PORT_50051_TCP, NAME_PORT_50051_TCP_ADDR and the like. One
// named gatehouse, or gatehouse-something, is nothing unusual beside this server.
bool IsServiceLink(const std::map<std::string, std::string>& environment, const std::string& name);

}  // namespace gatehouse::service::config

#endif  // GATEHOUSE_SERVICE_CONFIG_SERVICE_LINKS_H_
