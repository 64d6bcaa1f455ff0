// What the answers of passkeys prove, in logins and in step-ups.

#include <optional>
#include <string>
#include <utility>

#include "auth/passkey/passkey_challenge.h"
#include "auth/passkey/passkey_key.h"
#include "auth/passkey/passkey_response.h"
#include "auth/passkey/relying_party.h"
#include "base/status.h"
#include "service/common/json.h"
#include "service/session/session_service.h"
#include "storage/event_log/event_store.h"
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

absl::StatusOr<SessionService::PasskeyAnswer> SessionService::ReadPasskeyAnswer(
    const std::string& json, auth::PasskeyPurpose purpose, base::Time now) const {
  GH_RETURN_IF_ERROR(deps_.relying_party.RequireEnabled());
  PasskeyAnswer answer;
  GH_ASSIGN_OR_RETURN(answer.response, auth::ParseAssertionResponse(json));
  GH_ASSIGN_OR_RETURN(answer.challenge, deps_.relying_party.ReadChallenge(
                                            answer.response.client_data_json, purpose, now));
  // Alone it stands for both factors: something that one has, and what the authenticator asked for.
  const bool alone = purpose == auth::PasskeyPurpose::kLogin;
  GH_ASSIGN_OR_RETURN(answer.state, deps_.relying_party.ReadAssertion(answer.response, alone));
  return answer;
}

SessionService::Result<SessionService::PasskeyProof> SessionService::VerifyPasskeyAnswer(
    CallContext ctx, PasskeyAnswer answer, base::Time now) {
  const auth::AssertionResponse& response = answer.response;
  GH_CO_ASSIGN_OR_RETURN(std::optional<storage::Passkey> passkey,
                         co_await deps_.passkeys.FindByCredential(ctx, answer.challenge.tenant_id,
                                                                  response.credential_id));
  auth::PasskeyKey key = auth::NobodysPasskeyKey();
  if (passkey) {
    key = {.algorithm = static_cast<auth::PasskeyAlgorithm>(passkey->algorithm),
           .bytes = passkey->public_key};
  }
  const bool signed_by_it =
      auth::VerifySignature(key, deps_.relying_party.id(), response.authenticator_data,
                            response.client_data_json, response.signature);
  if (!passkey || !signed_by_it) co_return PasskeyProof();
  // The handle is the id of the user that the passkey was made for.
  if (!response.user_handle.empty() && response.user_handle != passkey->user_id.bytes()) {
    co_return PasskeyProof();
  }
  if (!answer.challenge.user_id.is_nil() && answer.challenge.user_id != passkey->user_id) {
    co_return PasskeyProof();
  }
  PasskeyProof proof{.user_id = passkey->user_id, .use = std::nullopt};
  if (WentBack(*passkey, answer.state.sign_count)) {
    GH_CO_RETURN_IF_ERROR(co_await deps_.events.AppendNow(
        ctx, ClonedEvent(ctx, now, *passkey, answer.state.sign_count)));
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

SessionService::Result<std::string> SessionService::PasskeyOptionsOf(CallContext ctx,
                                                                     auth::PasskeyPurpose purpose,
                                                                     base::Uuid tenant_id,
                                                                     base::Uuid user_id) {
  GH_CO_ASSIGN_OR_RETURN(const std::vector<storage::Passkey> passkeys,
                         co_await deps_.passkeys.List(ctx, tenant_id, user_id));
  if (passkeys.empty()) {
    co_return base::MakeError(absl::StatusCode::kFailedPrecondition, "the user has no passkey",
                              {.reason = base::Reason::kSecondFactorState});
  }
  std::vector<auth::PasskeyHint> allow;
  for (const storage::Passkey& passkey : passkeys) {
    allow.push_back({.credential_id = passkey.credential_id, .transports = passkey.transports});
  }
  co_return deps_.relying_party.RequestOptions(purpose, tenant_id, user_id, allow,
                                               deps_.clock.Now());
}

}  // namespace gatehouse::service
