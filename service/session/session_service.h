#ifndef GATEHOUSE_SERVICE_SESSION_SESSION_SERVICE_H_
#define GATEHOUSE_SERVICE_SESSION_SESSION_SERVICE_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "auth/limits/rate_limiter.h"
#include "auth/passkey/passkey_challenge.h"
#include "auth/passkey/passkey_response.h"
#include "auth/passkey/relying_party.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/common/idempotent.h"
#include "service/session/token_issuer.h"
#include "storage/passkey/passkey_store.h"
#include "storage/second_factor/second_factor_store.h"
#include "storage/session/session_store.h"
#include "storage/thread/thread_store.h"
#include "storage/user/user_store.h"

namespace gatehouse::auth {
class Authenticator;
class DeviceTokenCodec;
class Keyring;
class LoginChallengeCodec;
class PasswordHasher;
class RecoveryCodes;
struct LoginChallenge;
enum class Permission : uint8_t;
}  // namespace gatehouse::auth

namespace gatehouse::rpc {
template <typename T>
struct Encoded;
}  // namespace gatehouse::rpc

namespace gatehouse::storage {
class EventStore;
}

namespace gatehouse::v1 {
class AnswerChallengeRequest;
class AnswerChallengeResponse;
class AppendMessagesRequest;
class AppendMessagesResponse;
class CreateSessionRequest;
class CreateSessionResponse;
class DeleteThreadRequest;
class DeleteThreadResponse;
class FinishPasskeyLoginRequest;
class FinishPasskeyLoginResponse;
class GetJwksRequest;
class GetJwksResponse;
class GetSessionRequest;
class GetSessionResponse;
class ListMessagesRequest;
class ListMessagesResponse;
class ListSessionsRequest;
class ListSessionsResponse;
class RefreshSessionRequest;
class RefreshSessionResponse;
class RevokeSessionRequest;
class RevokeSessionResponse;
class RevokeUserSessionsRequest;
class RevokeUserSessionsResponse;
class StartPasskeyLoginRequest;
class StartPasskeyLoginResponse;
class StartPasskeyStepUpRequest;
class StartPasskeyStepUpResponse;
class StepUpSessionRequest;
class StepUpSessionResponse;
class UpdateSessionRequest;
class UpdateSessionResponse;
class VerifySessionRequest;
class VerifySessionResponse;
}  // namespace gatehouse::v1

namespace gatehouse::service {

class LoginFailures;
class PageTokens;

// The handlers of gatehouse.v1.SessionService; each method is documented in
// session.proto. Safe on every loop.
class SessionService {
 public:
  struct Options {
    std::chrono::seconds idle_ttl;
    std::chrono::seconds ttl;
    // How long a repeated refresh gets the same token again.
    std::chrono::seconds refresh_grace;
    // Live ones of one user; the oldest end when there are more.
    int64_t max_per_user;
    // How long a device stands in for a second factor; 0: none does.
    std::chrono::seconds remember_device{0};
  };

  // All outlive the service.
  struct Deps {
    storage::SessionStore& sessions;
    storage::ThreadStore& threads;
    storage::UserStore& users;
    storage::SecondFactorStore& second_factors;
    storage::PasskeyStore& passkeys;
    storage::EventStore& events;
    LoginFailures& failures;
    auth::PasswordHasher& hasher;
    auth::Authenticator& authenticator;
    const auth::Keyring& keyring;
    const TokenIssuer& issuer;
    const auth::RefreshTokenCodec& refresh_tokens;
    const auth::LoginChallengeCodec& challenges;
    const auth::RecoveryCodes& recovery_codes;
    const auth::RelyingParty& relying_party;
    const auth::DeviceTokenCodec& device_tokens;
    IdempotentCalls& once;
    const PageTokens& page_tokens;
    const base::Clock& clock;
  };

  // Codes for one user, from anywhere: whoever guesses knows the password already. Three of a
  // million are good at a time.
  static constexpr auth::RateLimit kCodesOfUser = {.rate = 2.0 / 60, .burst = 10};
  // Proofs that one user gives of itself anew, from anywhere: whoever guesses has a token of it.
  static constexpr auth::RateLimit kStepUpsOfUser = {.rate = 2.0 / 60, .burst = 10};

  SessionService(Deps deps, Options options)
      : deps_(deps),
        options_(options),
        codes_of_user_(kCodesOfUser),
        step_ups_of_user_(kStepUpsOfUser) {}

  template <typename T>
  using Result = base::Task<absl::StatusOr<T>>;

  Result<v1::CreateSessionResponse> CreateSession(base::CallContext ctx,
                                                  v1::CreateSessionRequest request);
  Result<v1::AnswerChallengeResponse> AnswerChallenge(base::CallContext ctx,
                                                      v1::AnswerChallengeRequest request);
  Result<v1::StartPasskeyLoginResponse> StartPasskeyLogin(base::CallContext ctx,
                                                          v1::StartPasskeyLoginRequest request);
  Result<v1::FinishPasskeyLoginResponse> FinishPasskeyLogin(base::CallContext ctx,
                                                            v1::FinishPasskeyLoginRequest request);
  Result<v1::StartPasskeyStepUpResponse> StartPasskeyStepUp(base::CallContext ctx,
                                                            v1::StartPasskeyStepUpRequest request);
  Result<v1::StepUpSessionResponse> StepUpSession(base::CallContext ctx,
                                                  v1::StepUpSessionRequest request);
  Result<rpc::Encoded<v1::VerifySessionResponse>> VerifySession(base::CallContext ctx,
                                                                v1::VerifySessionRequest request);
  Result<v1::RefreshSessionResponse> RefreshSession(base::CallContext ctx,
                                                    v1::RefreshSessionRequest request);
  Result<v1::GetSessionResponse> GetSession(base::CallContext ctx, v1::GetSessionRequest request);
  Result<v1::ListSessionsResponse> ListSessions(base::CallContext ctx,
                                                v1::ListSessionsRequest request);
  Result<v1::UpdateSessionResponse> UpdateSession(base::CallContext ctx,
                                                  v1::UpdateSessionRequest request,
                                                  MutationKey key = {});
  Result<v1::RevokeSessionResponse> RevokeSession(base::CallContext ctx,
                                                  v1::RevokeSessionRequest request,
                                                  MutationKey key = {});
  Result<v1::RevokeUserSessionsResponse> RevokeUserSessions(base::CallContext ctx,
                                                            v1::RevokeUserSessionsRequest request,
                                                            MutationKey key = {});
  Result<v1::AppendMessagesResponse> AppendMessages(base::CallContext ctx,
                                                    v1::AppendMessagesRequest request,
                                                    MutationKey key = {});
  Result<v1::ListMessagesResponse> ListMessages(base::CallContext ctx,
                                                v1::ListMessagesRequest request);
  Result<v1::DeleteThreadResponse> DeleteThread(base::CallContext ctx,
                                                v1::DeleteThreadRequest request,
                                                MutationKey key = {});
  Result<v1::GetJwksResponse> GetJwks(base::CallContext ctx, v1::GetJwksRequest request);

  // What runs its mutations.
  IdempotentCalls& once() const { return deps_.once; }
  static Replay ReplayOf(const v1::AppendMessagesRequest& /*request*/) {
    return Replay::kOnConflict;
  }

 private:
  // What a login says of the session that it makes.
  struct NewSession {
    std::string label;
    std::string thread_id;
    std::string context_json;
    std::vector<std::string> amr;
  };
  storage::Session MakeSession(const base::CallContext& ctx, const storage::UserCredentials& user,
                               NewSession asked) const;
  // Adds the session of a login, and ends the user's oldest if there are too many. LOGIN_FAILED if
  // the user may not log in any more.
  base::Task<absl::Status> AddSession(
      base::CallContext ctx, storage::Session session, storage::UserCredentials user,
      std::optional<storage::PasswordUpgrade> upgrade,
      std::optional<storage::SecondFactorUse> factor = std::nullopt);

  // What `token` proves of `user`, if it is of one of its devices that are remembered.
  Result<std::optional<storage::SecondFactorUse>> FindDevice(base::CallContext ctx,
                                                             storage::UserCredentials user,
                                                             std::string token);
  // A device that the login of `session` makes known, and what it is to show.
  struct RememberedNow {
    storage::NewDevice device;
    std::string token;
  };
  RememberedNow RememberDevice(const storage::Session& session) const;

  // The user whose password was verified; LOGIN_FAILED for every reason not to.
  base::Task<absl::StatusOr<storage::UserCredentials>> VerifyPassword(base::CallContext ctx,
                                                                      std::string login,
                                                                      std::string password);
  // Puts it on record (LoginFailures) and returns LOGIN_FAILED.
  base::Task<absl::Status> FailLogin(base::CallContext ctx, std::string login,
                                     std::optional<storage::UserCredentials> user);
  // The tokens of a session that was just added.
  absl::StatusOr<TokenIssuer::Tokens> TokensOf(const storage::Session& session,
                                               const storage::UserCredentials& user) const;
  // What a code proves, and whose it is. Both are nullopt where it proves nothing.
  struct Answer {
    std::optional<storage::UserCredentials> user;
    std::optional<storage::SecondFactorUse> factor;
  };
  Result<Answer> VerifyAnswer(base::CallContext ctx, auth::LoginChallenge challenge,
                              v1::AnswerChallengeRequest request);

  // What a passkey answered, before anybody looks whose it is.
  struct PasskeyAnswer {
    auth::AssertionResponse response;
    auth::PasskeyChallenge challenge;
    auth::AuthenticatorState state;
  };
  // PASSKEY_INVALID if it is no answer to a challenge for `purpose`.
  absl::StatusOr<PasskeyAnswer> ReadPasskeyAnswer(const std::string& json,
                                                  auth::PasskeyPurpose purpose,
                                                  base::Time now) const;
  // Whose passkey signed it, nil if none did; and what it is good for, if its count went on.
  struct PasskeyProof {
    base::Uuid user_id;
    std::optional<storage::PasskeyUse> use;
  };
  Result<PasskeyProof> VerifyPasskeyAnswer(base::CallContext ctx, PasskeyAnswer answer,
                                           base::Time now);
  // What a browser is asked for the passkeys of a user with. SECOND_FACTOR_STATE if there are none.
  Result<std::string> PasskeyOptionsOf(base::CallContext ctx, auth::PasskeyPurpose purpose,
                                       base::Uuid tenant_id, base::Uuid user_id);

  // What the user of a session proved anew.
  struct Proof {
    std::vector<std::string> amr;
    std::optional<storage::SecondFactorUse> use;
  };
  // nullopt if it proves nothing.
  Result<std::optional<Proof>> VerifyStepUp(base::CallContext ctx, storage::User user,
                                            v1::StepUpSessionRequest request);
  Result<bool> IsPassword(base::CallContext ctx, storage::User user, std::string password);
  // Adds it to the caller's session. LOGIN_FAILED if it was used before.
  Result<v1::StepUpSessionResponse> RaiseSession(base::CallContext ctx, Proof proof,
                                                 std::string by);

  // A rotation that did not take place: the grant to answer a retry with, or
  // REFRESH_TOKEN_INVALID. Ends the session if the token was used before.
  base::Task<absl::StatusOr<storage::TokenGrant>> ResolveRefresh(base::CallContext ctx,
                                                                 auth::RefreshClaims claims,
                                                                 base::Time now);

  // The session, if it is the caller's own or the caller has `permission`. Without
  // the permission one that does not exist and one of another user look the same.
  base::Task<absl::StatusOr<storage::Session>> FindPermitted(base::CallContext ctx,
                                                             base::Uuid session_id,
                                                             auth::Permission permission);

  const Deps deps_;
  const Options options_;
  auth::RateLimiter codes_of_user_;
  auth::RateLimiter step_ups_of_user_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SESSION_SESSION_SERVICE_H_
