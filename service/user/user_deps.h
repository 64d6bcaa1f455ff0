#ifndef GATEHOUSE_SERVICE_USER_USER_DEPS_H_
#define GATEHOUSE_SERVICE_USER_USER_DEPS_H_

#include <string>

#include "base/time.h"
#include "service/common/idempotent.h"
#include "service/common/page_token.h"
#include "service/user/bulk/bulk_stores.h"
#include "storage/api_key/api_key_store.h"
#include "storage/one_time_token/one_time_token_store.h"
#include "storage/passkey/passkey_store.h"
#include "storage/role/role_store.h"
#include "storage/second_factor/second_factor_store.h"
#include "storage/user/user_store.h"

namespace gatehouse::auth {
class Authenticator;
class BreachedPasswords;
class OneTimeTokenCodec;
class PasswordHasher;
class RecoveryCodes;
class RelyingParty;
class StepUp;
class TenantDirectory;
}  // namespace gatehouse::auth

namespace gatehouse::storage {
class EventStore;
}

namespace gatehouse::service::mail {
class MailComposer;
class MailRequestQueue;
}  // namespace gatehouse::service::mail

namespace gatehouse::service {

// What UserService is made of. All outlives it.
struct UserDeps {
  storage::UserStore& users;
  storage::OneTimeTokenStore& tokens;
  storage::SecondFactorStore& second_factors;
  storage::PasskeyStore& passkeys;
  storage::RoleStore& roles;
  storage::ApiKeyStore& api_keys;
  storage::EventStore& events;
  BulkStores bulk;
  IdempotentCalls& once;
  const PageTokens& page_tokens;
  const auth::OneTimeTokenCodec& token_codec;
  const auth::RecoveryCodes& recovery_codes;
  const auth::RelyingParty& relying_party;
  const auth::StepUp& step_up;
  auth::PasswordHasher& hasher;
  auth::BreachedPasswords* breached;  // Null: there is no list of them.
  // How many passwords that users have had last they may not choose again; 0: any.
  storage::UserStore::PasswordHistory password_history;
  // Told of what was revoked, so that this instance refuses it at once.
  auth::Authenticator& authenticator;
  const auth::TenantDirectory& tenants;
  // For how long a deleted user can be brought back before its row may go.
  base::Duration purge_after;
  const base::Clock& clock;
  // Whose accounts they are, as authenticator apps show it.
  std::string issuer;
  const mail::MailComposer& mail_composer;
  mail::MailRequestQueue& mail_requests;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_USER_USER_DEPS_H_
