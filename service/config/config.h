#ifndef GATEHOUSE_SERVICE_CONFIG_CONFIG_H_
#define GATEHOUSE_SERVICE_CONFIG_CONFIG_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "service/config/shown_setting.h"
#include "service/delivery/defaults.h"
#include "storage/postgres/client/defaults.h"

namespace gatehouse::service::config {

// One struct per area; settings.cc gives each field its name, its limits and
// its documentation.

struct GrpcSettings {
  std::string address = "127.0.0.1:50051";
  std::string tls_certificate_file;
  std::string tls_key_file;
  std::string tls_client_ca_file;
  std::string tls_client_auth = "none";
  std::string tls_client_keys_file;
  int64_t max_in_flight = 4096;
  int64_t known_callers_percent = 25;
  std::chrono::milliseconds max_unary_time{10'000};
  std::chrono::milliseconds drain_delay{0};
  std::chrono::milliseconds drain_grace{10'000};
  // 0: one loop for each core, at most four.
  int64_t loops = 0;

  // Separated by blanks.
  std::string trusted_networks;

  // What clients may take of the server. rpc/server_options.h says why these figures.
  int64_t max_connections = 20'000;
  int64_t max_connections_per_address = 2'000;
  std::chrono::milliseconds calm_down_time{1'000};
  std::chrono::milliseconds handshake_timeout{10'000};
  std::chrono::milliseconds request_timeout{2'000};
  int64_t min_request_bytes_per_second = 8 * 1024;
  std::chrono::seconds max_stream_silence{60};
  std::chrono::milliseconds write_timeout{30'000};
  std::chrono::milliseconds keepalive_time{60'000};
  std::chrono::milliseconds keepalive_timeout{20'000};
  std::chrono::seconds max_connection_age{3'600};
  std::chrono::seconds max_connection_age_grace{300};
  std::chrono::seconds max_connection_idle{1'800};
  int64_t max_connection_requests_per_second = 100'000;
  int64_t max_connection_resets_per_second = 100;
  int64_t max_connection_control_frames_per_second = 20'000;
  int64_t max_metadata_bytes = 8 * 1024;
  int64_t max_header_block_bytes = 32 * 1024;
  int64_t max_message_bytes = 4 * 1024 * 1024;
  int64_t max_public_message_bytes = 16 * 1024;
  int64_t max_connection_bytes = 16 * 1024 * 1024;
  int64_t max_transport_bytes = 128 * 1024 * 1024;
  int64_t max_calls_bytes = 128 * 1024 * 1024;
  int64_t max_calls_bytes_per_address = 64 * 1024 * 1024;
  int64_t max_connection_streams = 1'000;
  int64_t max_principal_streams = 1'000;
  int64_t max_public_streams_per_address = 100;
  int64_t max_public_streams = 1'000;
  bool reflection = true;
  int64_t gzip_lists_from_bytes = 0;
};

struct HttpSettings {
  std::string address = "127.0.0.1:8081";
};

struct DatabaseSettings {
  std::string dsn;
  std::string password_file;
  int64_t lanes = 2;
  int64_t write_lanes = 8;
  int64_t pool_size = 4;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds statement_timeout = storage::postgres::kDefaultStatementTimeout;
  bool prepared_statements = true;
  bool allow_standby = false;
  std::string direct_dsn;
  std::string read_dsn;
  std::chrono::milliseconds read_max_lag{5'000};

  // For what needs a session to itself, past the pooler that `dsn` may name.
  const std::string& direct() const { return direct_dsn.empty() ? dsn : direct_dsn; }
};

struct AuthSettings {
  std::string issuer = "gatehouse";
  std::string audience = "gatehouse";
  std::string signing_algorithm = "ES256";
  std::chrono::seconds access_token_ttl{300};
  std::chrono::seconds refresh_grace{20};
  std::chrono::milliseconds max_revocation_lag{1'000};
  std::chrono::seconds session_idle_ttl{14 * 24 * 3600};
  std::chrono::seconds session_ttl{90 * 24 * 3600};
  int64_t max_sessions_per_user = 100;
  std::string master_key_file;
  std::string accepted_master_key_file;
  std::string token_pepper_file;
  std::string accepted_token_pepper_file;
  int64_t argon2_memory_kib = 19 * 1024;
  int64_t argon2_iterations = 2;
  int64_t argon2_parallelism = 1;
  // 0: the costs are as they are set; else measured at start.
  std::chrono::milliseconds argon2_target{0};
  int64_t argon2_max_memory_kib = 64 * 1024;
  // 0: one for every core.
  int64_t hash_threads = 0;
  int64_t hash_queue = 256;
  // Empty: new passwords are not looked up.
  std::string breached_passwords_file;
  // 0: users may choose any password again.
  int64_t password_history = 0;
  int64_t requests_per_second = 0;
  int64_t public_requests_per_second = 1000;
  int64_t login_failures_per_minute = 10;
  int64_t login_failures_burst = 20;
  std::chrono::seconds step_up_max_age{900};
  // 0: none.
  std::chrono::seconds remember_device{0};
  // Empty: see DisplayNameOf.
  std::string display_name;
  std::string passkey_rp_id;
  // Separated by blanks.
  std::string passkey_origins;

  // Of one hash, whatever is measured.
  int64_t most_argon2_memory_kib() const {
    if (argon2_target.count() == 0) return argon2_memory_kib;
    return std::max(argon2_memory_kib, argon2_max_memory_kib);
  }
};

struct WebhookSettings {
  bool allow_http = false;
  // Separated by blanks.
  std::string allowed_networks;
  // Empty: the authorities that the system trusts.
  std::string ca_file;
  int64_t max_in_flight = delivery::kDefaultMaxInFlight;
  std::chrono::seconds backlog_alert_after{3600};
  int64_t certificate_alert_days = 14;
  // "http://host:port"; empty: none.
  std::string proxy_url;
  // Empty: the proxy asks for none.
  std::string proxy_credentials_file;
  // 0: however old the oldest event becomes.
  std::chrono::seconds max_backlog_age{0};
};

// How long what has had its use is kept; 0: for ever, but for what says otherwise.
struct RetentionSettings {
  std::chrono::days events{365};
  std::chrono::days attempts{30};
  std::chrono::days ended_sessions{30};
  std::chrono::hours requests{24};
  // After they have expired; 0: not at all.
  std::chrono::hours one_time_tokens{0};
  std::chrono::days replays{30};
  std::chrono::days alerts{90};
  std::chrono::days messages{0};
  // After they were deleted; they can be brought back until then.
  std::chrono::days deleted_users{30};
};

struct MailSettings {
  // HOST:PORT; empty: the server sends no mail.
  std::string server;
  std::string tls = "starttls";
  bool allow_plaintext = false;
  // Empty: the authorities that the system trusts.
  std::string ca_file;
  std::string username;
  std::string password_file;
  std::string helo_name;
  std::chrono::milliseconds timeout{30'000};
  int64_t max_in_flight = 4;
  std::string from;
  std::string from_name;
  std::string product_name = "Gatehouse";
  std::string template_dir;
  std::string default_locale = "en";
  // Pages of the product, with {token} in them; empty: such mails are not sent.
  std::string password_reset_url;
  std::string email_verification_url;
  std::string invitation_url;
  std::string magic_link_url;
};

struct LogSettings {
  std::string level = "info";
  int64_t failed_calls_per_second = 10;
};

struct Config {
  GrpcSettings grpc;
  HttpSettings http;
  DatabaseSettings database;
  AuthSettings auth;
  WebhookSettings webhook;
  RetentionSettings retention;
  MailSettings mail;
  LogSettings log;
  // Of `gatehouse dev` alone: its database and its secrets.
  std::string data_dir;
  // By key; of those that were given.
  std::map<std::string, Origin> origins;
};

}  // namespace gatehouse::service::config

#endif  // GATEHOUSE_SERVICE_CONFIG_CONFIG_H_
