#ifndef GATEHOUSE_AUTH_PASSKEY_RELYING_PARTY_H_
#define GATEHOUSE_AUTH_PASSKEY_RELYING_PARTY_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "auth/passkey/passkey_challenge.h"
#include "auth/passkey/passkey_key.h"
#include "auth/passkey/passkey_response.h"
#include "auth/token/token_peppers.h"
#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::auth {

// A passkey that was made, as the authenticator told it.
struct NewPasskey {
  std::string credential_id;
  PasskeyKey key;
  uint32_t sign_count = 0;
  // What kind of authenticator it is; nil where it does not say.
  base::Uuid aaguid;
  // May live on several devices, and does.
  bool backup_eligible = false;
  bool backed_up = false;
};

// What an authenticator says beside its signature.
struct AuthenticatorState {
  uint32_t sign_count = 0;
  bool user_verified = false;
  // May live on several devices, which stays as it was when the passkey was made; and does.
  bool backup_eligible = false;
  bool backed_up = false;
};

// A passkey that a browser is told of.
struct PasskeyHint {
  std::string credential_id;
  std::vector<std::string> transports;
};

// Who asks for passkeys: a domain and the origins of its pages and apps. Makes the options that a
// browser takes, and reads what comes back (WebAuthn level 3, sections 7.1 and 7.2). Whose passkey
// it is and whether the signature is right is not its business.
//
// Immutable, thread-safe.
class RelyingParty {
 public:
  struct Options {
    // A domain without a port, such as "example.com". Empty: passkeys are switched off.
    std::string id;
    // Shown to people.
    std::string name;
    // Separated by blanks: "https://login.example.com", of that domain or below it, or those of
    // apps, "android:apk-key-hash:...". Empty: https:// and the id.
    std::string origins;
  };
  // How long a person may take, in front of an authenticator that they have to look for.
  static constexpr std::chrono::minutes kChallengeLifetime{5};

  // INVALID_FIELD about auth.passkey_rp_id or auth.passkey_origins.
  static absl::Status Check(const Options& options);

  // `options` pass Check; the challenges are made under `peppers`.
  RelyingParty(Options options, const TokenPeppers& peppers);

  // OK, or FAILED_PRECONDITION, CONSTRAINT_VIOLATED: no operator has named a domain.
  absl::Status RequireEnabled() const;
  const std::string& id() const { return options_.id; }

  struct User {
    base::Uuid tenant_id;
    base::Uuid id;
    std::string username;
    std::string display_name;
  };
  // PublicKeyCredentialCreationOptionsJSON. `exclude`: the authenticators that have one already.
  std::string CreationOptions(const User& user, const std::vector<PasskeyHint>& exclude,
                              base::Time now) const;
  // PublicKeyCredentialRequestOptionsJSON. Without `allow` the authenticator offers what it has.
  // A nil user: anybody's.
  std::string RequestOptions(PasskeyPurpose purpose, const base::Uuid& tenant_id,
                             const base::Uuid& user_id, const std::vector<PasskeyHint>& allow,
                             base::Time now) const;

  // The challenge that `client_data_json` answers, if it is one of ours that is good for `purpose`
  // and comes from one of our pages. PASSKEY_INVALID.
  absl::StatusOr<PasskeyChallenge> ReadChallenge(std::string_view client_data_json,
                                                 PasskeyPurpose purpose, base::Time now) const;
  // What the authenticator made, if it made it for us. PASSKEY_INVALID. Attestations are not
  // looked at: which make of authenticator it is decides nothing here.
  absl::StatusOr<NewPasskey> ReadRegistration(const RegistrationResponse& response) const;
  // What it says beside its signature, if it is for us and somebody was present, and known to the
  // authenticator where `verified`. PASSKEY_INVALID.
  absl::StatusOr<AuthenticatorState> ReadAssertion(const AssertionResponse& response,
                                                   bool verified) const;

 private:
  const Options options_;
  const std::vector<std::string> origins_;
  const std::string id_hash_;
  const PasskeyChallengeCodec challenges_;

  std::string MakeChallenge(PasskeyPurpose purpose, const base::Uuid& tenant_id,
                            const base::Uuid& user_id, base::Time now) const;
  // The bytes that begin every authenticator data; PASSKEY_INVALID if they are not for us.
  absl::StatusOr<AuthenticatorState> ReadHead(std::string_view authenticator_data) const;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_PASSKEY_RELYING_PARTY_H_
