#include "service/main/server_options.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <thread>

#include "base/ip_address.h"
#include "base/small_file.h"
#include "base/status.h"

namespace gatehouse::service {

namespace {

rpc::ClientAuth ClientAuthOf(std::string_view text) {
  if (text == "required") return rpc::ClientAuth::kRequired;
  return text == "accepted" ? rpc::ClientAuth::kAccepted : rpc::ClientAuth::kNone;
}

}  // namespace

rpc::ServerOptions ServerOptionsOf(const config::GrpcSettings& config) {
  return {
      .address = config.address,
      .tls_certificate_file = config.tls_certificate_file,
      .tls_key_file = config.tls_key_file,
      .tls_client_ca_file = config.tls_client_ca_file,
      .tls_client_auth = ClientAuthOf(config.tls_client_auth),
      .max_message_bytes = static_cast<size_t>(config.max_message_bytes),
      .max_metadata_bytes = static_cast<size_t>(config.max_metadata_bytes),
      .max_header_block_bytes = static_cast<size_t>(config.max_header_block_bytes),
      .max_concurrent_streams = static_cast<int>(config.max_connection_streams),
      .keepalive_time = config.keepalive_time,
      .keepalive_timeout = config.keepalive_timeout,
      .max_connection_age = config.max_connection_age,
      .max_connection_age_grace = config.max_connection_age_grace,
      .max_public_message_bytes = static_cast<size_t>(config.max_public_message_bytes),
      // The setting takes nothing else.
      .trusted_networks = *base::ParseNetworks(config.trusted_networks),
      .max_connections = static_cast<int>(config.max_connections),
      .max_connections_per_address = static_cast<int>(config.max_connections_per_address),
      .calm_down_time = config.calm_down_time,
      .handshake_timeout = config.handshake_timeout,
      .request_timeout = config.request_timeout,
      .min_request_bytes_per_second = static_cast<size_t>(config.min_request_bytes_per_second),
      .max_connection_idle = config.max_connection_idle,
      .max_stream_silence = config.max_stream_silence,
      .write_timeout = config.write_timeout,
      .max_connection_bytes = static_cast<size_t>(config.max_connection_bytes),
      .max_transport_bytes = static_cast<size_t>(config.max_transport_bytes),
      .max_calls_bytes = static_cast<size_t>(config.max_calls_bytes),
      .max_calls_bytes_per_address = static_cast<size_t>(config.max_calls_bytes_per_address),
      .gzip_lists_from_bytes = static_cast<size_t>(config.gzip_lists_from_bytes),
      .max_stream_resets_per_second = static_cast<int>(config.max_connection_resets_per_second),
      .max_requests_per_second = static_cast<int>(config.max_connection_requests_per_second),
      .max_control_frames_per_second =
          static_cast<int>(config.max_connection_control_frames_per_second),
  };
}

rpc::TlsFiles TlsFilesOf(const config::GrpcSettings& config) {
  return {.certificate = config.tls_certificate_file,
          .key = config.tls_key_file,
          .client_ca = config.tls_client_ca_file,
          .client_auth = ClientAuthOf(config.tls_client_auth)};
}

absl::StatusOr<auth::CertificateKeys> CertificateKeysOf(const config::GrpcSettings& config) {
  constexpr std::string_view kSetting = "grpc.tls_client_keys_file";
  if (config.tls_client_keys_file.empty()) return auth::CertificateKeys();
  if (config.tls_client_auth == "none") {
    return base::InvalidField(kSetting, "needs grpc.tls_client_auth: nobody shows a certificate");
  }
  GH_ASSIGN_OR_RETURN(const std::string text,
                      base::ReadSmallFile(kSetting, config.tls_client_keys_file));
  return auth::CertificateKeys::Parse(kSetting, text);
}

rpc::InFlight::Limits InFlightLimitsOf(const config::GrpcSettings& config) {
  return {.unary = static_cast<size_t>(config.max_in_flight),
          .known_percent = static_cast<size_t>(config.known_callers_percent)};
}

rpc::StreamCapInterceptor::Limits StreamLimitsOf(const config::GrpcSettings& config) {
  return {.per_principal = static_cast<size_t>(config.max_principal_streams),
          .public_per_address = static_cast<size_t>(config.max_public_streams_per_address),
          .public_in_all = static_cast<size_t>(config.max_public_streams)};
}

size_t LoopCountOf(const config::GrpcSettings& config) {
  if (config.loops > 0) return static_cast<size_t>(config.loops);
  // Each has connections of its own to Postgres, and more of them than this answer more calls than
  // one Postgres can.
  constexpr unsigned kMost = 4;
  return std::clamp(std::thread::hardware_concurrency(), 1u, kMost);
}

}  // namespace gatehouse::service
