#ifndef GATEHOUSE_AUTH_TOKEN_ACCESS_TOKEN_H_
#define GATEHOUSE_AUTH_TOKEN_ACCESS_TOKEN_H_

#include <chrono>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "auth/signing_key/keyring.h"
#include "auth/token/access_claims.h"
#include "base/time.h"

namespace gatehouse::auth {

// Signs and verifies access tokens: JWTs of the profile of RFC 9068.
//
// Of a token's header nothing is parsed, let alone trusted: each key has one
// header, with its algorithm, its id and the type at+jwt, and a token is
// genuine only if its first part is that text. So there is no algorithm to
// confuse, no `none`, no `crit`, no key in the header.
//
// Immutable, thread-safe.
class AccessTokenCodec {
 public:
  struct Options {
    // The default tenant's; of others IssuerOfTenant makes theirs of it.
    std::string issuer;
    std::string audience;
    std::chrono::seconds lifetime = std::chrono::minutes(5);
    // How far ahead the clock of another instance may be.
    std::chrono::seconds leeway = std::chrono::seconds(30);
  };

  struct Signed {
    std::string token;
    base::Time expires_at;
  };

  // `keyring` and `clock` outlive the codec.
  AccessTokenCodec(const Keyring& keyring, const base::Clock& clock, Options options);

  // Never later than `not_after`, the end of the session. INTERNAL if the tenant has no key.
  absl::StatusOr<Signed> Sign(AccessClaims claims, base::Time not_after = base::Time::max()) const;

  // The claims of a genuine token that has not expired. Whether its session still
  // lives is another question. The error's message is for logs and tests; callers
  // see UNAUTHENTICATED alone.
  absl::StatusOr<AccessClaims> Verify(std::string_view token) const;

  const Options& options() const { return options_; }

 private:
  const Keyring& keyring_;
  const base::Clock& clock_;
  const Options options_;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_TOKEN_ACCESS_TOKEN_H_
