#ifndef GATEHOUSE_SERVICE_SESSION_PASSKEY_PASSKEY_ANSWERS_H_
#define GATEHOUSE_SERVICE_SESSION_PASSKEY_PASSKEY_ANSWERS_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "auth/passkey/passkey_challenge.h"
#include "auth/passkey/passkey_response.h"
#include "auth/passkey/relying_party.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/event_log/event_store.h"
#include "storage/passkey/passkey_store.h"

namespace gatehouse::service {

// What users are asked for their passkeys with, and what they prove by them, in logins and in
// step-ups. Immutable, safe on every loop; what it is made of outlives it, and it outlives its
// calls.
class PasskeyAnswers {
 public:
  PasskeyAnswers(storage::PasskeyStore& passkeys, storage::EventStore& events,
                 const auth::RelyingParty& relying_party, const base::Clock& clock)
      : passkeys_(passkeys), events_(events), relying_party_(relying_party), clock_(clock) {}

  // What a browser is asked for the passkeys of a user with. FAILED_PRECONDITION,
  // SECOND_FACTOR_STATE if there are none.
  base::Task<absl::StatusOr<std::string>> OptionsOf(base::CallContext ctx,
                                                    auth::PasskeyPurpose purpose,
                                                    base::Uuid tenant_id, base::Uuid user_id) const;

  // What a passkey answered, before anybody looks whose it is.
  struct Answer {
    auth::AssertionResponse response;
    auth::PasskeyChallenge challenge;
    auth::AuthenticatorState state;
  };
  // PASSKEY_INVALID if it is no answer to a challenge for `purpose`.
  absl::StatusOr<Answer> Read(const std::string& json, auth::PasskeyPurpose purpose,
                              base::Time now) const;

  // Whose passkey signed it, nil if none did; and what it is good for, if its count went on. One
  // that went back is on record.
  struct Proof {
    base::Uuid user_id;
    std::optional<storage::PasskeyUse> use;
  };
  base::Task<absl::StatusOr<Proof>> Verify(base::CallContext ctx, Answer answer,
                                           base::Time now) const;

 private:
  storage::PasskeyStore& passkeys_;
  storage::EventStore& events_;
  const auth::RelyingParty& relying_party_;
  const base::Clock& clock_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SESSION_PASSKEY_PASSKEY_ANSWERS_H_
