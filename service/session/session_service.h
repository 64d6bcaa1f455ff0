#ifndef GATEHOUSE_SERVICE_SESSION_SESSION_SERVICE_H_
#define GATEHOUSE_SERVICE_SESSION_SESSION_SERVICE_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "auth/limits/rate_limiter.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "rpc/method/message_stream.h"
#include "service/common/idempotent.h"
#include "service/session/passkey/passkey_answers.h"
#include "service/session/revocation/revocation_feed.h"
#include "service/session/session_deps.h"
#include "service/session/session_messages.h"
#include "service/session/token_issuer.h"
#include "storage/one_time_token/one_time_token.h"
#include "storage/second_factor/second_factor.h"
#include "storage/session/session_store.h"
#include "storage/user/user.h"

namespace gatehouse::auth {
struct LoginChallenge;
struct RefreshClaims;
enum class Permission : uint8_t;
}  // namespace gatehouse::auth

namespace gatehouse::service {

// The handlers of gatehouse.v1.SessionService; each method is documented in
// session.proto. Safe on every loop.
class SessionService {
 public:
  using Options = SessionOptions;
  using Deps = SessionDeps;

  // Codes for one user, from anywhere: whoever guesses knows the password already. Three of a
  // million are good at a time.
  static constexpr auth::RateLimit kCodesOfUser = {.rate = 2.0 / 60, .burst = 10};
  // Proofs that one user gives of itself anew, from anywhere: whoever guesses has a token of it.
  static constexpr auth::RateLimit kStepUpsOfUser = {.rate = 2.0 / 60, .burst = 10};

  SessionService(Deps deps, Options options)
      : deps_(deps),
        options_(options),
        codes_of_user_(kCodesOfUser),
        step_ups_of_user_(kStepUpsOfUser),
        passkeys_(deps.passkeys, deps.events, deps.relying_party, deps.clock),
        revocations_(FeedOf(deps)) {}

  template <typename T>
  using Result = base::Task<absl::StatusOr<T>>;

  Result<v1::CreateSessionResponse> CreateSession(base::CallContext ctx,
                                                  v1::CreateSessionRequest request);
  Result<v1::AnswerChallengeResponse> AnswerChallenge(base::CallContext ctx,
                                                      v1::AnswerChallengeRequest request);
  Result<v1::RequestMagicLinkResponse> RequestMagicLink(base::CallContext ctx,
                                                        v1::RequestMagicLinkRequest request);
  Result<v1::FinishMagicLinkResponse> FinishMagicLink(base::CallContext ctx,
                                                      v1::FinishMagicLinkRequest request);
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
  Result<v1::IntrospectTokenResponse> IntrospectToken(base::CallContext ctx,
                                                      v1::IntrospectTokenRequest request);
  base::Task<absl::Status> WatchRevocations(base::CallContext ctx,
                                            v1::WatchRevocationsRequest request,
                                            rpc::Writer<v1::WatchRevocationsResponse> writer);
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
  Result<v1::ListThreadsResponse> ListThreads(base::CallContext ctx,
                                              v1::ListThreadsRequest request);
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
  base::Task<absl::Status> AddSession(base::CallContext ctx, storage::Session session,
                                      storage::UserCredentials user,
                                      std::optional<storage::PasswordUpgrade> upgrade,
                                      std::optional<storage::SecondFactorUse> factor = std::nullopt,
                                      std::optional<storage::OneTimeTokenKey> token = std::nullopt);

  // Whose the token of a magic link is, if it is good: ONE_TIME_TOKEN_INVALID otherwise.
  struct MagicLink {
    storage::OneTimeTokenKey key;
    storage::UserCredentials user;
  };
  Result<MagicLink> ReadMagicLink(base::CallContext ctx, std::string token);
  // What the code given with the token of a link proves; nullopt if none is needed.
  // SECOND_FACTOR_STATE if one is and none was given, LOGIN_FAILED for another one.
  Result<std::optional<storage::SecondFactorUse>> VerifyLinkCode(
      base::CallContext ctx, storage::UserCredentials user, v1::FinishMagicLinkRequest request);

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
  // What the stored hash of that password, which is the user's, is to be replaced by; nullopt if it
  // is as new ones are, or there is no time now.
  Result<std::optional<storage::PasswordUpgrade>> UpgradeOf(base::CallContext ctx,
                                                            storage::UserCredentials user,
                                                            std::string password);
  // Replaces it, for a login that adds no session yet.
  base::Task<absl::Status> UpgradeBeforeChallenge(base::CallContext ctx,
                                                  storage::UserCredentials user,
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

  Result<v1::IntrospectTokenResponse> IntrospectRefreshToken(base::CallContext ctx,
                                                             auth::RefreshClaims claims);

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

  static RevocationFeed::Deps FeedOf(const Deps& deps);

  const Deps deps_;
  const Options options_;
  auth::RateLimiter codes_of_user_;
  auth::RateLimiter step_ups_of_user_;
  const PasskeyAnswers passkeys_;
  RevocationFeed revocations_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SESSION_SESSION_SERVICE_H_
