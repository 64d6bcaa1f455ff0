#ifndef GATEHOUSE_SERVICE_MAIN_SERVER_OPTIONS_H_
#define GATEHOUSE_SERVICE_MAIN_SERVER_OPTIONS_H_

#include "rpc/interceptors/stream_cap_interceptor.h"
#include "rpc/server_options.h"
#include "service/config/config.h"

namespace gatehouse::service {

// What the settings of the area "grpc" mean for the server.
rpc::ServerOptions ServerOptionsOf(const config::GrpcConfig& config);
rpc::StreamCapInterceptor::Limits StreamLimitsOf(const config::GrpcConfig& config);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_SERVER_OPTIONS_H_
