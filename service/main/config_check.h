#ifndef GATEHOUSE_SERVICE_MAIN_CONFIG_CHECK_H_
#define GATEHOUSE_SERVICE_MAIN_CONFIG_CHECK_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "auth/password/breached/breached_passwords.h"
#include "service/config/config.h"
#include "service/delivery/http/address_guard.h"

namespace gatehouse::service {

// Everything that `serve` refuses about a configuration before it needs the database
// or an address to listen on: what is not set, files that cannot be used, values that
// only their user can judge. Empty if it is good. Shows no contents of files.
std::vector<absl::Status> FindFaults(const config::Config& config);

// Of that what is about how the database is reached.
std::vector<absl::Status> FindDatabaseFaults(const config::DatabaseSettings& config);

// The first of those, for commands that are nothing without a database.
absl::Status CheckDatabaseSettings(const config::DatabaseSettings& config);

// "user:password" of webhook.proxy_credentials_file; empty without one. INVALID_FIELD otherwise.
absl::StatusOr<std::string> ReadProxyCredentials(const config::WebhookSettings& config);

// The list of auth.breached_passwords_file; null if there is none. INVALID_FIELD if it cannot be
// used.
absl::StatusOr<std::unique_ptr<auth::BreachedPasswords>> OpenBreachedPasswords(
    const config::AuthSettings& config);

// The guard of webhook.allowed_networks; INVALID_FIELD if an item is no network.
absl::StatusOr<delivery::AddressGuard> MakeGuard(const config::WebhookSettings& config);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_CONFIG_CHECK_H_
