#ifndef GATEHOUSE_AUTH_VERDICT_CREDENTIAL_STORE_H_
#define GATEHOUSE_AUTH_VERDICT_CREDENTIAL_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::auth {

// What the database says about a session that is live.
struct LiveSession {
  base::Uuid user_id;
  std::string username;
  std::string role;
  // What the role permits if it is not a built-in one. Names, not bits: of
  // another release of this program, perhaps.
  std::optional<std::vector<std::string>> role_permissions;
  int64_t user_epoch = 0;
  // The earlier of the idle and the absolute end.
  base::Time expires_at;
};

// What the database says about an API key that is live.
struct LiveApiKey {
  base::Uuid api_key_id;
  std::string display_name;
  std::vector<std::string> permissions;
  std::optional<base::Time> expires_at;
  // The user it ends with, and beyond whose rights it has none; nil: nobody.
  base::Uuid owner_id = {};
  // As of LiveSession, of that user.
  std::string owner_role = {};
  std::optional<std::vector<std::string>> owner_permissions = std::nullopt;
};

// What authentication asks the database. One statement each, on the primary: the
// answer decides whether a revoked credential is refused.
// Implemented by the storage behind the composition root, and by a fake in tests.
class CredentialStore {
 public:
  virtual ~CredentialStore() = default;

  // nullopt if the session does not exist, has ended, or its user is disabled or deleted.
  virtual base::Task<absl::StatusOr<std::optional<LiveSession>>> FindLiveSession(
      base::CallContext context, base::Uuid tenant_id, base::Uuid session_id) = 0;

  // By SHA-256 of the key. nullopt if there is none or it has ended. Called at most
  // once per key, instance and minute, so it may also note the use.
  virtual base::Task<absl::StatusOr<std::optional<LiveApiKey>>> FindLiveApiKey(
      base::CallContext context, base::Uuid tenant_id, std::string key_hash) = 0;

  // The same by the key's id, for callers that have proven otherwise that it is theirs.
  virtual base::Task<absl::StatusOr<std::optional<LiveApiKey>>> FindLiveApiKeyById(
      base::CallContext context, base::Uuid tenant_id, base::Uuid id) = 0;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_VERDICT_CREDENTIAL_STORE_H_
