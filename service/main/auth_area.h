#ifndef GATEHOUSE_SERVICE_MAIN_AUTH_AREA_H_
#define GATEHOUSE_SERVICE_MAIN_AUTH_AREA_H_

#include "auth/access_token.h"
#include "auth/authenticator.h"
#include "auth/keyring.h"
#include "auth/password_hasher.h"
#include "auth/refresh_token.h"
#include "base/time.h"
#include "service/config/config.h"
#include "service/config/secrets.h"
#include "service/main/storage_area.h"
#include "service/session/credential_store.h"
#include "service/session/key_rotation.h"

namespace gatehouse::service {

// Who callers are, and how they prove it.
struct AuthArea {
  AuthArea(const config::AuthConfig& config, const config::Secrets& secrets, StorageArea& storage,
           const base::Clock& clock);

  auth::Keyring keyring;
  auth::AccessTokenCodec access_tokens;
  auth::RefreshTokenCodec refresh_tokens;
  auth::PasswordHasher hasher;
  DatabaseCredentialStore credentials;
  auth::Authenticator authenticator;
  KeyRotation key_rotation;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_AUTH_AREA_H_
