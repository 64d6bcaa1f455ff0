#ifndef GATEHOUSE_SERVICE_SESSION_SESSION_DEPS_H_
#define GATEHOUSE_SERVICE_SESSION_SESSION_DEPS_H_

#include <chrono>
#include <cstdint>

#include "base/time.h"
#include "service/common/idempotent.h"
#include "service/session/token_issuer.h"
#include "storage/event_log/event_log.h"
#include "storage/log_feed.h"
#include "storage/one_time_token/one_time_token_store.h"
#include "storage/passkey/passkey_store.h"
#include "storage/second_factor/second_factor_store.h"
#include "storage/session/session_store.h"
#include "storage/tenant/tenant_store.h"
#include "storage/thread/thread_store.h"
#include "storage/user/user_store.h"

namespace gatehouse::auth {
class AccessTokenCodec;
class Authenticator;
class DeviceTokenCodec;
class Keyring;
class LoginChallengeCodec;
class OneTimeTokenCodec;
class PasswordHasher;
class RecoveryCodes;
class RefreshTokenCodec;
class RelyingParty;
class TenantDirectory;
}  // namespace gatehouse::auth

namespace gatehouse::storage {
class EventStore;
}

namespace gatehouse::service {

class LoginFailures;
class PageTokens;

namespace mail {
class MailRequestQueue;
}

// What SessionService does by configuration.
struct SessionOptions {
  std::chrono::seconds idle_ttl;
  std::chrono::seconds ttl;
  // How long a repeated refresh gets the same token again.
  std::chrono::seconds refresh_grace;
  // Live ones of one user; the oldest end when there are more.
  int64_t max_per_user;
  // How long a device stands in for a second factor; 0: none does.
  std::chrono::seconds remember_device{0};
};

// What it is made of. All outlive it.
struct SessionDeps {
  storage::SessionStore& sessions;
  storage::ThreadStore& threads;
  storage::UserStore& users;
  storage::SecondFactorStore& second_factors;
  storage::PasskeyStore& passkeys;
  storage::EventStore& events;
  LoginFailures& failures;
  auth::PasswordHasher& hasher;
  auth::Authenticator& authenticator;
  const auth::Keyring& keyring;
  const auth::TenantDirectory& tenants;
  const TokenIssuer& issuer;
  const auth::AccessTokenCodec& access_tokens;
  storage::EventLog& log;
  storage::LogFeed& feed;
  const auth::RefreshTokenCodec& refresh_tokens;
  const auth::LoginChallengeCodec& challenges;
  const auth::RecoveryCodes& recovery_codes;
  const auth::RelyingParty& relying_party;
  const auth::DeviceTokenCodec& device_tokens;
  IdempotentCalls& once;
  const PageTokens& page_tokens;
  const base::Clock& clock;
  storage::OneTimeTokenStore& one_time_tokens;
  const auth::OneTimeTokenCodec& one_time_codec;
  mail::MailRequestQueue& mail_requests;
  storage::TenantStore& tenant_store;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SESSION_SESSION_DEPS_H_
