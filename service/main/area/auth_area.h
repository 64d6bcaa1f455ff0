#ifndef GATEHOUSE_SERVICE_MAIN_AREA_AUTH_AREA_H_
#define GATEHOUSE_SERVICE_MAIN_AREA_AUTH_AREA_H_

#include <memory>

#include "auth/passkey/relying_party.h"
#include "auth/password/breached/breached_passwords.h"
#include "auth/password/password_hasher.h"
#include "auth/second_factor/recovery_codes.h"
#include "auth/signing_key/key_rotation.h"
#include "auth/signing_key/keyring.h"
#include "auth/step_up/step_up.h"
#include "auth/tenant/tenant_directory.h"
#include "auth/tenant/tenant_reader.h"
#include "auth/token/access_token.h"
#include "auth/token/device_token.h"
#include "auth/token/login_challenge.h"
#include "auth/token/one_time_token.h"
#include "auth/token/refresh_token.h"
#include "auth/verdict/authenticator.h"
#include "auth/verdict/database_credential_store.h"
#include "base/time.h"
#include "service/config/config.h"
#include "service/config/secrets.h"
#include "service/main/area/storage_area.h"
#include "service/session/login/login_failures.h"

namespace gatehouse::service {

// Who callers are, and how they prove it.
struct AuthArea {
  // Blocks while it measures what password hashes may cost, where that is asked for.
  // `breached`: the list of auth.breached_passwords_file; null without one.
  AuthArea(const config::AuthSettings& config, const config::Secrets& secrets, StorageArea& storage,
           const base::Clock& clock, std::unique_ptr<auth::BreachedPasswords> breached = nullptr);

  auth::TenantDirectory tenants;
  auth::TenantReader tenant_reader;
  auth::Keyring keyring;
  auth::AccessTokenCodec access_tokens;
  auth::RefreshTokenCodec refresh_tokens;
  auth::OneTimeTokenCodec one_time_tokens;
  auth::LoginChallengeCodec challenges;
  auth::RecoveryCodes recovery_codes;
  auth::DeviceTokenCodec device_tokens;
  auth::RelyingParty relying_party;
  auth::StepUp step_up;
  auth::PasswordHasher hasher;
  std::unique_ptr<auth::BreachedPasswords> breached_passwords;
  LoginFailures login_failures;
  auth::DatabaseCredentialStore credentials;
  auth::Authenticator authenticator;
  auth::KeyRotation key_rotation;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_AREA_AUTH_AREA_H_
