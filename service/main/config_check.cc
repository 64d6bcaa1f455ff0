#include "service/main/config_check.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "auth/passkey/relying_party.h"
#include "base/status.h"
#include "base/text/ascii.h"
#include "rpc/tls/tls_files.h"
#include "service/config/display_name.h"
#include "service/config/secrets.h"
#include "service/delivery/http/http_sender.h"
#include "service/main/mail_options.h"
#include "service/main/server_options.h"
#include "storage/postgres/client/dsn.h"

namespace gatehouse::service {
namespace {

absl::Status CheckPasswordFile(const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  return storage::postgres::ReadPasswordFile(path).status();
}

absl::Status CheckCaFile(const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  const absl::Status status = delivery::HttpSender::CheckCaFile(path);
  if (status.ok()) return status;
  return base::InvalidField("webhook.ca_file", std::string(status.message()));
}

absl::Status CheckProxy(const std::string& url) {
  if (url.empty()) return absl::OkStatus();
  const absl::Status status = delivery::HttpSender::CheckProxy(url);
  if (status.ok()) return status;
  return base::InvalidField("webhook.proxy_url", std::string(status.message()));
}

absl::Status CheckDsn(std::string_view setting, const std::string& dsn) {
  const absl::Status status = storage::postgres::ParseDsn(dsn).status();
  if (status.ok()) return status;
  // The description alone: the message has a name of its own.
  return base::InvalidField(setting, base::GetErrorDetails(status)->violations.front().description);
}

// What is wrong with each file, or with all of them together.
std::vector<absl::Status> CheckSecrets(const config::AuthSettings& config) {
  std::vector<absl::Status> found = {
      config::LoadSecret("auth.master_key_file", config.master_key_file).status(),
      config::LoadSecret("auth.token_pepper_file", config.token_pepper_file).status()};
  if (!config.accepted_master_key_file.empty()) {
    found.push_back(
        config::LoadSecret("auth.accepted_master_key_file", config.accepted_master_key_file)
            .status());
  }
  if (!config.accepted_token_pepper_file.empty()) {
    found.push_back(
        config::LoadSecret("auth.accepted_token_pepper_file", config.accepted_token_pepper_file)
            .status());
  }
  if (std::ranges::all_of(found, &absl::Status::ok)) return {config::LoadSecrets(config).status()};
  return found;
}

}  // namespace

std::vector<absl::Status> FindDatabaseFaults(const config::DatabaseSettings& config) {
  std::vector<absl::Status> found;
  if (config.dsn.empty()) {
    found.push_back(base::InvalidField(
        "database.dsn", "is required: set GATEHOUSE_DATABASE_DSN, or try `gatehouse dev`"));
  } else {
    found.push_back(CheckDsn("database.dsn", config.dsn));
  }
  if (!config.direct_dsn.empty()) {
    found.push_back(CheckDsn("database.direct_dsn", config.direct_dsn));
  } else if (!config.prepared_statements) {
    found.push_back(
        base::InvalidField("database.direct_dsn",
                           "is required where database.prepared_statements is false: a pooler "
                           "would share the sequencer's session with others"));
  }
  if (!config.read_dsn.empty()) found.push_back(CheckDsn("database.read_dsn", config.read_dsn));
  std::erase_if(found, &absl::Status::ok);
  return found;
}

absl::Status CheckDatabaseSettings(const config::DatabaseSettings& config) {
  const std::vector<absl::Status> found = FindDatabaseFaults(config);
  return found.empty() ? absl::OkStatus() : found.front();
}

std::vector<absl::Status> FindFaults(const config::Config& config) {
  std::vector<absl::Status> found = CheckSecrets(config.auth);
  found.push_back(OpenBreachedPasswords(config.auth).status());
  std::ranges::move(FindDatabaseFaults(config.database), std::back_inserter(found));
  found.push_back(CheckPasswordFile(config.database.password_file));
  found.push_back(rpc::CheckTlsFiles(TlsFilesOf(config.grpc)));
  found.push_back(CertificateKeysOf(config.grpc).status());
  found.push_back(MakeGuard(config.webhook).status());
  found.push_back(CheckCaFile(config.webhook.ca_file));
  found.push_back(CheckProxy(config.webhook.proxy_url));
  found.push_back(ReadProxyCredentials(config.webhook).status());
  std::ranges::move(FindMailFaults(config.mail), std::back_inserter(found));
  found.push_back(auth::RelyingParty::Check({.id = config.auth.passkey_rp_id,
                                             .name = config::DisplayNameOf(config.auth),
                                             .origins = config.auth.passkey_origins}));
  std::erase_if(found, &absl::Status::ok);
  return found;
}

absl::StatusOr<std::string> ReadProxyCredentials(const config::WebhookSettings& config) {
  if (config.proxy_credentials_file.empty()) return std::string();
  std::ifstream file(config.proxy_credentials_file);
  std::string line;
  std::getline(file, line);
  const std::string_view credentials = base::WithoutLineEnd(line);
  if (credentials.find(':') != std::string_view::npos) return std::string(credentials);
  return base::InvalidField("webhook.proxy_credentials_file",
                            "must be a file whose first line is \"user:password\"");
}

absl::StatusOr<std::unique_ptr<auth::BreachedPasswords>> OpenBreachedPasswords(
    const config::AuthSettings& config) {
  if (config.breached_passwords_file.empty()) return nullptr;
  return auth::BreachedPasswords::Open("auth.breached_passwords_file",
                                       config.breached_passwords_file);
}

absl::StatusOr<delivery::AddressGuard> MakeGuard(const config::WebhookSettings& config) {
  std::istringstream stream(config.allowed_networks);
  const std::vector<std::string> networks{std::istream_iterator<std::string>(stream), {}};
  auto guard = delivery::AddressGuard::Make(networks);
  if (guard.ok()) return guard;
  return base::InvalidField("webhook.allowed_networks",
                            "must be IP networks separated by blanks, as \"10.1.0.0/16 ::1\"");
}

}  // namespace gatehouse::service
