#ifndef GATEHOUSE_SERVICE_SESSION_TOKEN_ISSUER_H_
#define GATEHOUSE_SERVICE_SESSION_TOKEN_ISSUER_H_

#include <string>

#include "absl/status/statusor.h"
#include "auth/token/access_token.h"
#include "auth/token/refresh_token.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/session/session.h"

namespace gatehouse::service {

// Makes the two tokens of a session. Immutable, thread-safe; the codecs
// outlive it.
class TokenIssuer {
 public:
  struct Tokens {
    std::string access_token;
    base::Time access_token_expire_time;
    std::string refresh_token;
    // When the session ends unless it is refreshed before.
    base::Time refresh_token_expire_time;
  };

  TokenIssuer(const auth::AccessTokenCodec& access_tokens,
              const auth::RefreshTokenCodec& refresh_tokens)
      : access_tokens_(access_tokens), refresh_tokens_(refresh_tokens) {}

  // The refresh token is a function of session and generation: issuing again
  // gives the same. The access token is new each time.
  absl::StatusOr<Tokens> Issue(const base::Uuid& tenant_id, const base::Uuid& session_id,
                               const base::Uuid& user_id, const storage::TokenGrant& grant) const;

 private:
  const auth::AccessTokenCodec& access_tokens_;
  const auth::RefreshTokenCodec& refresh_tokens_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SESSION_TOKEN_ISSUER_H_
