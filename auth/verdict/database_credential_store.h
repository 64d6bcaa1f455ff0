#ifndef GATEHOUSE_AUTH_VERDICT_DATABASE_CREDENTIAL_STORE_H_
#define GATEHOUSE_AUTH_VERDICT_DATABASE_CREDENTIAL_STORE_H_

#include <optional>
#include <string>

#include "auth/verdict/credential_store.h"
#include "base/time.h"
#include "storage/api_key/api_key_store.h"
#include "storage/session/session_store.h"

namespace gatehouse::auth {

// Answers what authentication asks, from the database. Safe on every loop; what
// it is given outlives it.
class DatabaseCredentialStore : public CredentialStore {
 public:
  DatabaseCredentialStore(storage::SessionStore& sessions, storage::ApiKeyStore& api_keys,
                          const base::Clock& clock)
      : sessions_(sessions), api_keys_(api_keys), clock_(clock) {}

  base::Task<absl::StatusOr<std::optional<LiveSession>>> FindLiveSession(
      base::CallContext context, base::Uuid tenant_id, base::Uuid session_id) override;

  base::Task<absl::StatusOr<std::optional<LiveApiKey>>> FindLiveApiKey(
      base::CallContext context, base::Uuid tenant_id, std::string key_hash) override;

  base::Task<absl::StatusOr<std::optional<LiveApiKey>>> FindLiveApiKeyById(
      base::CallContext context, base::Uuid tenant_id, base::Uuid id) override;

 private:
  storage::SessionStore& sessions_;
  storage::ApiKeyStore& api_keys_;
  const base::Clock& clock_;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_VERDICT_DATABASE_CREDENTIAL_STORE_H_
