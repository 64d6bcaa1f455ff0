// Login. Every failure costs the same: one read, one hash, one event or one more in a count.
// Beyond its limit (LoginFailures) an attempt costs none of them, whether the account exists or
// not.

#include <utility>

#include "auth/password/password_hasher.h"
#include "auth/password/password_policy.h"
#include "auth/verdict/authenticator.h"
#include "base/status.h"
#include "gatehouse/v1/session.pb.h"
#include "service/common/account_names.h"
#include "service/common/json.h"
#include "service/session/login_failures.h"
#include "service/session/session_conversion.h"
#include "service/session/session_service.h"
#include "service/session/session_validation.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

using base::CallContext;
using base::Task;
using storage::UserCredentials;

// Logins of one user at once may make room by the same sessions; then all but one look again. That
// they have once too many is mended by the next login.
constexpr int kMaxTries = 3;

absl::Status LoginFailed() {
  return base::MakeError(absl::StatusCode::kUnauthenticated,
                         "The login or the password is wrong, or the account may not log in.",
                         {.reason = base::Reason::kLoginFailed});
}

storage::EventActor ActorOf(const UserCredentials& user) {
  return {"user", user.id.ToString(), user.username};
}

storage::Session MakeSession(const CallContext& ctx, const v1::CreateSessionRequest& request,
                             const UserCredentials& user, std::string context_json, base::Time now,
                             const SessionService::Options& options) {
  return {
      .tenant_id = user.tenant_id,
      .id = base::Uuid::MakeV7(now),
      .user_id = user.id,
      .rotate_time = now,
      .label = request.label(),
      .thread_id = request.thread_id(),
      .context_json = std::move(context_json),
      .ip_address = ctx.peer_ip(),
      .user_agent = ctx.user_agent(),
      .amr = {"pwd"},
      .auth_time = now,
      .create_time = now,
      .update_time = now,
      .last_used_time = now,
      .idle_expire_time = now + std::min(options.idle_ttl, options.ttl),
      .expire_time = now + options.ttl,
  };
}

storage::Event CrowdedOutEvent(const CallContext& ctx, base::Time now, const base::Uuid& session_id,
                               const UserCredentials& user) {
  storage::Event event = storage::MakeEvent(
      ctx, now, std::string(storage::event_types::kSessionRevoked),
      {{"session", session_id.ToString(), ""}, {"user", user.id.ToString(), user.username}},
      JsonObject().Add("reason", storage::revoke_reasons::kTooManySessions).ToString());
  event.tenant_id = user.tenant_id;
  event.actor = ActorOf(user);
  return event;
}

storage::Change CreationOf(const CallContext& ctx, const storage::Session& session,
                           const UserCredentials& user) {
  storage::Event event = storage::MakeEvent(ctx, session.create_time,
                                            std::string(storage::event_types::kSessionCreated),
                                            {{"session", session.id.ToString(), session.label},
                                             {"user", user.id.ToString(), user.username}},
                                            R"({"amr":["pwd"]})");
  event.tenant_id = user.tenant_id;
  event.actor = ActorOf(user);
  event.session_id = session.id.ToString();
  return {.events = {std::move(event)}};
}

}  // namespace

Task<absl::Status> SessionService::FailLogin(CallContext ctx, std::string login,
                                             std::optional<UserCredentials> user) {
  std::optional<storage::EventTarget> target;
  if (user) target = {"user", user->id.ToString(), user->username};
  LoginFailures::Attempt attempt = LoginFailures::Of(ctx, AccountKey(login).value_or(login));
  GH_CO_RETURN_IF_ERROR(co_await deps_.failures.Failed(ctx, std::move(attempt), std::move(target)));
  co_return LoginFailed();
}

Task<absl::StatusOr<UserCredentials>> SessionService::VerifyPassword(CallContext ctx,
                                                                     std::string login,
                                                                     std::string password) {
  const std::string key = AccountKey(login).value_or("");
  const LoginFailures::Attempt attempt = LoginFailures::Of(ctx, key.empty() ? login : key);
  GH_CO_RETURN_IF_ERROR(co_await deps_.failures.Begin(ctx, attempt));
  GH_CO_ASSIGN_OR_RETURN(std::optional<UserCredentials> user,
                         co_await deps_.users.GetCredentials(ctx, ctx.principal().tenant_id, key));
  std::optional<std::string> hash;
  if (user && user->may_log_in) hash = user->password_hash;
  const absl::StatusOr<bool> verified =
      co_await deps_.hasher.VerifyOrDummy(ctx, std::move(hash), auth::NormalizePassword(password));
  // Overload is not the caller's failure. Giving up is: it would be a way to try for nothing.
  if (base::HasReason(verified.status(), base::Reason::kHashingOverloaded)) {
    deps_.failures.TakeBack(attempt);
  }
  GH_CO_RETURN_IF_ERROR(verified.status());
  if (!*verified) co_return co_await FailLogin(ctx, std::move(login), std::move(user));
  deps_.failures.TakeBack(attempt);
  co_return *std::move(user);
}

Task<absl::Status> SessionService::AddSession(CallContext ctx, storage::Session session,
                                              UserCredentials user,
                                              std::optional<storage::PasswordUpgrade> upgrade) {
  const base::Time now = session.create_time;
  storage::SessionRoom room{.others = options_.max_per_user - 1,
                            .since = base::Uuid::MinV7(now - options_.ttl),
                            .ended = std::nullopt};
  for (int tries = 1;; ++tries) {
    storage::Change change = CreationOf(ctx, session, user);
    if (room.ended) {
      for (const base::Uuid& id : *room.ended) {
        change.events.Add(CrowdedOutEvent(ctx, now, id, user));
      }
    }
    const absl::Status created =
        co_await deps_.sessions.Create(ctx, session, user.epoch, upgrade, std::move(change), room);
    if (created.ok() && room.ended) {
      for (const base::Uuid& id : *room.ended) deps_.authenticator.SessionRevoked(id);
    }
    if (!base::HasReason(created, base::Reason::kConflict)) co_return created;
    room.ended = std::vector<base::Uuid>();
    if (tries == kMaxTries) continue;
    GH_CO_ASSIGN_OR_RETURN(room.ended, co_await deps_.sessions.ListCrowding(
                                           ctx, user.tenant_id, user.id, user.epoch, room, now));
  }
}

SessionService::Result<v1::CreateSessionResponse> SessionService::CreateSession(
    CallContext ctx, v1::CreateSessionRequest request) {
  GH_CO_ASSIGN_OR_RETURN(std::string context_json, CheckNewSession(request));
  GH_CO_ASSIGN_OR_RETURN(const UserCredentials user,
                         co_await VerifyPassword(ctx, request.login(), request.password()));

  std::optional<storage::PasswordUpgrade> upgrade;
  if (deps_.hasher.NeedsRehash(*user.password_hash)) {
    GH_CO_ASSIGN_OR_RETURN(
        std::string hash,
        co_await deps_.hasher.Hash(ctx, *auth::NormalizePassword(request.password())));
    upgrade = {.from = *user.password_hash, .to = std::move(hash)};
  }
  const storage::Session session =
      MakeSession(ctx, request, user, std::move(context_json), deps_.clock.Now(), options_);
  const absl::Status created = co_await AddSession(ctx, session, user, std::move(upgrade));
  if (base::HasReason(created, base::Reason::kLoginFailed)) {
    co_return co_await FailLogin(ctx, request.login(), user);
  }
  GH_CO_RETURN_IF_ERROR(created);

  GH_CO_ASSIGN_OR_RETURN(const TokenIssuer::Tokens tokens,
                         deps_.issuer.Issue(session.tenant_id, session.id, session.user_id,
                                            {.role = user.role,
                                             .user_epoch = user.epoch,
                                             .generation = session.generation,
                                             .amr = session.amr,
                                             .auth_time = session.auth_time,
                                             .idle_expire_time = session.idle_expire_time,
                                             .expire_time = session.expire_time}));
  v1::CreateSessionResponse response;
  GH_CO_RETURN_IF_ERROR(ToProto(session, session.create_time, *response.mutable_session()));
  ToProto(tokens, *response.mutable_tokens());
  co_return response;
}

}  // namespace gatehouse::service
