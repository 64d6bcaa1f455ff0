#ifndef GATEHOUSE_AUTH_TOKEN_ACCESS_CLAIMS_H_
#define GATEHOUSE_AUTH_TOKEN_ACCESS_CLAIMS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::auth {

// What is known of access tokens without keys: both the server and verifiers elsewhere read them.

// Longer tokens are refused unread. Ours have about 600 bytes.
inline constexpr size_t kMaxAccessTokenBytes = 4096;

// What an access token says. Times have the resolution of JWT: seconds.
struct AccessClaims {
  base::Uuid tenant_id;            // tid
  base::Uuid user_id;              // sub
  base::Uuid session_id;           // sid
  int64_t user_epoch = 0;          // uep
  std::vector<std::string> roles;  // roles
  std::vector<std::string> amr;    // amr
  base::Time auth_time;            // auth_time
  // Set when it is signed:
  base::Uuid token_id;    // jti
  base::Time issued_at;   // iat
  base::Time expires_at;  // exp
  std::string issuer;     // iss
  std::string audience;   // aud
  base::Time not_before;  // the later of iat and nbf
};

// The parts of a token, views of it.
struct SplitToken {
  std::string_view header;
  std::string_view payload;
  // Header and payload, which is what was signed.
  std::string_view signed_part;
  std::string_view signature;
};
// UNAUTHENTICATED unless it has three parts and is no longer than ours can be.
absl::StatusOr<SplitToken> SplitAccessToken(std::string_view token);

// Of a payload whose signature is good, or of a token that is known to be. UNAUTHENTICATED if it
// does not say all that ours say.
absl::StatusOr<AccessClaims> ParseAccessClaims(std::string_view payload);

// Who it is for and when it is good. UNAUTHENTICATED otherwise.
struct ClaimRules {
  std::string_view issuer;
  std::string_view audience;
  // How far ahead the clock of who signed may be.
  std::chrono::seconds leeway{30};
};
absl::Status CheckAccessClaims(const AccessClaims& claims, const ClaimRules& rules, base::Time now);

// The refusal of a token. The message is for logs and tests.
absl::Status TokenRefused(std::string_view why);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_TOKEN_ACCESS_CLAIMS_H_
