#include "service/session/passkey/passkey_answers.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth/passkey/passkey_challenge.h"
#include "auth/passkey/passkey_key.h"
#include "auth/passkey/passkey_response.h"
#include "auth/passkey/relying_party.h"
#include "base/status.h"
#include "service/common/json.h"
#include "storage/event.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

using base::CallContext;

// A count that did not go on: authenticators that do not count say 0 for ever.
bool WentBack(const storage::Passkey& passkey, int64_t count) {
  return (passkey.sign_count != 0 || count != 0) && count <= passkey.sign_count;
}

storage::Event ClonedEvent(const CallContext& ctx, base::Time now, const storage::Passkey& passkey,
                           int64_t count) {
  storage::Event event =
      storage::MakeEvent(ctx, now, std::string(storage::event_types::kUserPasskeyCloned),
                         {{"user", passkey.user_id.ToString(), ""},
                          {"passkey", passkey.id.ToString(), passkey.display_name}},
                         JsonObject()
                             .AddNumber("count", count)
                             .AddNumber("last_count", passkey.sign_count)
                             .ToString());
  event.tenant_id = passkey.tenant_id;
  event.outcome = storage::Outcome::kDenied;
  return event;
}

}  // namespace

absl::StatusOr<PasskeyAnswers::Answer> PasskeyAnswers::Read(const std::string& json,
                                                            auth::PasskeyPurpose purpose,
                                                            base::Time now) const {
  GH_RETURN_IF_ERROR(relying_party_.RequireEnabled());
  Answer answer;
  GH_ASSIGN_OR_RETURN(answer.response, auth::ParseAssertionResponse(json));
  GH_ASSIGN_OR_RETURN(answer.challenge,
                      relying_party_.ReadChallenge(answer.response.client_data_json, purpose, now));
  // Alone it stands for both factors: something that one has, and what the authenticator asked for.
  const bool alone = purpose == auth::PasskeyPurpose::kLogin;
  GH_ASSIGN_OR_RETURN(answer.state, relying_party_.ReadAssertion(answer.response, alone));
  return answer;
}

base::Task<absl::StatusOr<PasskeyAnswers::Proof>> PasskeyAnswers::Verify(CallContext ctx,
                                                                         Answer answer,
                                                                         base::Time now) const {
  const auth::AssertionResponse& response = answer.response;
  GH_CO_ASSIGN_OR_RETURN(
      std::optional<storage::Passkey> passkey,
      co_await passkeys_.FindByCredential(ctx, answer.challenge.tenant_id, response.credential_id));
  auth::PasskeyKey key = auth::NobodysPasskeyKey();
  if (passkey) {
    key = {.algorithm = static_cast<auth::PasskeyAlgorithm>(passkey->algorithm),
           .bytes = passkey->public_key};
  }
  const bool signed_by_it =
      auth::VerifySignature(key, relying_party_.id(), response.authenticator_data,
                            response.client_data_json, response.signature);
  if (!passkey || !signed_by_it) co_return Proof();
  // The handle is the id of the user that the passkey was made for. Whom the challenge does not
  // name it has to (WebAuthn level 3, 7.2, step 6).
  const bool is_named = !answer.challenge.user_id.is_nil();
  if (is_named && answer.challenge.user_id != passkey->user_id) co_return Proof();
  if (response.user_handle.empty() ? !is_named : response.user_handle != passkey->user_id.bytes()) {
    co_return Proof();
  }
  // What may be backed up stays so, and what may not (the same section).
  if (answer.state.backup_eligible != passkey->backup_eligible) co_return Proof();
  Proof proof{.user_id = passkey->user_id, .use = std::nullopt};
  if (WentBack(*passkey, answer.state.sign_count)) {
    GH_CO_RETURN_IF_ERROR(
        co_await events_.AppendNow(ctx, ClonedEvent(ctx, now, *passkey, answer.state.sign_count)));
    co_return proof;
  }
  proof.use = {
      .passkey_id = passkey->id,
      .challenge = {.nonce = answer.challenge.nonce, .expire_time = answer.challenge.expire_time},
      .sign_count = answer.state.sign_count,
      .backed_up = answer.state.backed_up,
      .now = now};
  co_return proof;
}

base::Task<absl::StatusOr<std::string>> PasskeyAnswers::OptionsOf(CallContext ctx,
                                                                  auth::PasskeyPurpose purpose,
                                                                  base::Uuid tenant_id,
                                                                  base::Uuid user_id) const {
  GH_CO_ASSIGN_OR_RETURN(const std::vector<storage::Passkey> passkeys,
                         co_await passkeys_.List(ctx, tenant_id, user_id));
  if (passkeys.empty()) {
    co_return base::MakeError(absl::StatusCode::kFailedPrecondition, "the user has no passkey",
                              {.reason = base::Reason::kSecondFactorState});
  }
  std::vector<auth::PasskeyHint> allow;
  for (const storage::Passkey& passkey : passkeys) {
    allow.push_back({.credential_id = passkey.credential_id, .transports = passkey.transports});
  }
  co_return relying_party_.RequestOptions(purpose, tenant_id, user_id, allow, clock_.Now());
}

}  // namespace gatehouse::service
