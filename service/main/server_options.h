#ifndef GATEHOUSE_SERVICE_MAIN_SERVER_OPTIONS_H_
#define GATEHOUSE_SERVICE_MAIN_SERVER_OPTIONS_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "auth/interceptors/certificate_keys.h"
#include "rpc/interceptors/in_flight.h"
#include "rpc/interceptors/stream_cap_interceptor.h"
#include "rpc/server_options.h"
#include "rpc/tls/tls_files.h"
#include "service/config/config.h"

namespace gatehouse::service {

// What the settings of the area "grpc" mean for the server.
rpc::ServerOptions ServerOptionsOf(const config::GrpcSettings& config);
// What CheckTlsFiles looks at.
rpc::TlsFiles TlsFilesOf(const config::GrpcSettings& config);
// INVALID_FIELD if the file cannot be read or is not of its form.
absl::StatusOr<auth::CertificateKeys> CertificateKeysOf(const config::GrpcSettings& config);
rpc::InFlight::Limits InFlightLimitsOf(const config::GrpcSettings& config);
rpc::StreamCapInterceptor::Limits StreamLimitsOf(const config::GrpcSettings& config);
// How many loops a process has.
size_t LoopCountOf(const config::GrpcSettings& config);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_SERVER_OPTIONS_H_
