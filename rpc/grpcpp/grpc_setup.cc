#include "rpc/grpcpp/grpc_setup.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "base/log_line.h"
#include "base/status.h"
#include "rpc/tls/tls_files.h"

namespace gatehouse::rpc {
namespace {

// gRPC's own log lines, from its own threads, join ours.
void LogFromGrpc(gpr_log_func_args* args) {
  base::LogLine(
      args->severity == GPR_LOG_SEVERITY_ERROR ? base::LogLevel::kWarning : base::LogLevel::kDebug,
      "grpc", {{"error", args->message}});
}

// Protobuf reports every malformed string it parses: callers decide how often.
void LogFromProtobuf(google::protobuf::LogLevel, const char*, int, const std::string& message) {
  base::LogLine(base::LogLevel::kDebug, "protobuf", {{"error", message}});
}

absl::StatusOr<std::string> ReadPem(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (text.empty()) return absl::NotFoundError("cannot read " + path);
  return text;
}

}  // namespace

void SendLibraryLogsToOurs() {
  gpr_set_log_function(LogFromGrpc);
  google::protobuf::SetLogHandler(LogFromProtobuf);
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(
    const ServerOptions& options) {
  // gRPC would say no more than that it cannot listen.
  GH_RETURN_IF_ERROR(CheckTlsFiles(options.tls_certificate_file, options.tls_key_file));
  if (options.tls_certificate_file.empty()) {
    return grpc::InsecureServerCredentials();
  }
  GH_ASSIGN_OR_RETURN(std::string certificate, ReadPem(options.tls_certificate_file));
  GH_ASSIGN_OR_RETURN(std::string key, ReadPem(options.tls_key_file));
  grpc::SslServerCredentialsOptions ssl;
  ssl.pem_key_cert_pairs.push_back({std::move(key), std::move(certificate)});
  return grpc::SslServerCredentials(ssl);
}

void ApplyLimits(const ServerOptions& options, grpc::ServerBuilder& builder) {
  // Ours is checked after authentication and answered with details; gRPC's own
  // is a bound against memory exhaustion, where it just breaks the call off.
  builder.SetMaxReceiveMessageSize(static_cast<int>(2 * options.max_message_bytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE,
                             static_cast<int>(options.max_metadata_bytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_concurrent_streams);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS,
                             static_cast<int>(options.keepalive_time.count()));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                             static_cast<int>(options.keepalive_timeout.count()));
  // Clients may ping every 10 s, also without calls; the default of 5 minutes
  // makes well-meant client settings end in GOAWAY.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // Two servers on one port would share its connections at random.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  if (options.max_connection_age.count() > 0) {
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                               static_cast<int>(options.max_connection_age.count()));
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                               static_cast<int>(options.max_connection_age_grace.count()));
  }
}

}  // namespace gatehouse::rpc
