#ifndef GATEHOUSE_SERVICE_CONFIG_SECRETS_H_
#define GATEHOUSE_SERVICE_CONFIG_SECRETS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "auth/token/token_peppers.h"
#include "service/config/config.h"
#include "storage/sealing_keys.h"

namespace gatehouse::service::config {

inline constexpr size_t kSecretBytes = 32;

// What the server keeps in files and never in the database.
struct Secrets {
  // kSecretBytes: seals what the database holds of secrets, such as signing keys.
  std::string master_key;
  // kSecretBytes: authenticates tokens of all kinds but access tokens, and hashes recovery codes.
  std::string token_pepper;
  // kSecretBytes, or empty: opens as well, while the master key is being changed.
  std::string accepted_master_key = {};
  // kSecretBytes, or empty: what was made under it is taken as well, while the pepper is being
  // changed.
  std::string accepted_token_pepper = {};
};

// The master key, with the second one if there is one.
inline storage::SealingKeys KeysOf(const Secrets& secrets) {
  return {secrets.master_key, secrets.accepted_master_key};
}

// The token pepper, with the second one if there is one.
inline auth::TokenPeppers PeppersOf(const Secrets& secrets) {
  return {secrets.token_pepper, secrets.accepted_token_pepper};
}

// Reads one secret: 64 hex digits, the end of a line allowed. `setting` names it in errors,
// which never show its contents. FAILED_PRECONDITION if `path` is empty, cannot be read, can be
// read by every user or written by the group (a group may read: that is how Kubernetes mounts
// secrets), has another length, or holds an example: bytes as regular as nobody's random ones.
absl::StatusOr<std::string> LoadSecret(std::string_view setting, const std::string& path);

// The secrets of `gatehouse serve`; each must differ from the others.
absl::StatusOr<Secrets> LoadSecrets(const AuthSettings& config);

// Both secrets of `gatehouse dev`, in `folder` (mode 0700, files 0600). Those that are missing are
// made at random if `may_create`; pass false once there is a database, since what it holds was
// sealed under the secrets that are gone.
absl::StatusOr<Secrets> OpenSecretsFolder(const std::string& folder, bool may_create);

}  // namespace gatehouse::service::config

#endif  // GATEHOUSE_SERVICE_CONFIG_SECRETS_H_
