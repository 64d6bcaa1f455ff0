#ifndef GATEHOUSE_AUTH_TOKEN_REFRESH_TOKEN_H_
#define GATEHOUSE_AUTH_TOKEN_REFRESH_TOKEN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/token/signed_bytes.h"
#include "auth/token/token_peppers.h"
#include "base/uuid.h"

namespace gatehouse::auth {

// What a refresh token says.
struct RefreshClaims {
  base::Uuid tenant_id;
  base::Uuid session_id;
  base::Uuid user_id;
  // Of the session's generations, the one this token is good for.
  int64_t generation = 0;

  friend bool operator==(const RefreshClaims&, const RefreshClaims&) = default;
};

// Makes and reads refresh tokens: gh_rt_ + base64url(version, tenant, session,
// user, generation, HMAC-SHA-256 truncated to 16 bytes under
// HKDF(server secret, session id)).
//
// The token is a function of its claims, so it is stored nowhere, a retry gets
// the identical one, and a forged one is refused without a query. While the pepper
// is being changed, another server may make another one of the same claims: both
// are taken, and good for the one generation.
//
// Immutable, thread-safe.
class RefreshTokenCodec {
 public:
  explicit RefreshTokenCodec(const TokenPeppers& peppers);

  std::string Encode(const RefreshClaims& claims) const;
  // nullopt for anything Encode did not make.
  std::optional<RefreshClaims> Decode(std::string_view token) const;

 private:
  const SignedBytes bytes_;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_TOKEN_REFRESH_TOKEN_H_
