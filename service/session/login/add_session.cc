// The session that a login adds, and its tokens.

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "auth/verdict/authenticator.h"
#include "base/reason.h"
#include "base/status.h"
#include "service/common/json.h"
#include "service/session/session_service.h"
#include "storage/event.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

using base::CallContext;
using base::Task;
using storage::UserCredentials;

// Logins of one user at once may make room by the same sessions; then all but one look again. That
// they have once too many is mended by the next login.
constexpr int kMaxTries = 3;

storage::EventActor ActorOf(const UserCredentials& user) {
  return {"user", user.id.ToString(), user.username};
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
                                            JsonObject().Add("amr", session.amr).ToString());
  event.tenant_id = user.tenant_id;
  event.actor = ActorOf(user);
  event.session_id = session.id.ToString();
  return {.events = {std::move(event)}};
}

storage::Event RememberedEvent(const CallContext& ctx, const storage::RememberedDevice& device,
                               const UserCredentials& user) {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  const int64_t expire_ms =
      duration_cast<milliseconds>(device.expire_time - device.create_time).count();
  storage::Event event = storage::MakeEvent(
      ctx, device.create_time, std::string(storage::event_types::kUserDeviceRemembered),
      {{"user", user.id.ToString(), user.username}, {"device", device.id.ToString(), device.label}},
      JsonObject().AddNumber("expire_ms", expire_ms).ToString());
  event.tenant_id = user.tenant_id;
  event.actor = ActorOf(user);
  return event;
}

}  // namespace

storage::Session SessionService::MakeSession(const CallContext& ctx, const UserCredentials& user,
                                             NewSession asked) const {
  const base::Time now = deps_.clock.Now();
  return {
      .tenant_id = user.tenant_id,
      .id = base::Uuid::MakeV7(now),
      .user_id = user.id,
      .rotate_time = now,
      .label = std::move(asked.label),
      .thread_id = std::move(asked.thread_id),
      .context_json = std::move(asked.context_json),
      .ip_address = ctx.peer_ip(),
      .user_agent = ctx.user_agent(),
      .amr = std::move(asked.amr),
      .auth_time = now,
      .create_time = now,
      .update_time = now,
      .last_used_time = now,
      .idle_expire_time = now + std::min(options_.idle_ttl, options_.ttl),
      .expire_time = now + options_.ttl,
  };
}

Task<absl::Status> SessionService::AddSession(CallContext ctx, storage::Session session,
                                              UserCredentials user,
                                              std::optional<storage::PasswordUpgrade> upgrade,
                                              std::optional<storage::SecondFactorUse> factor,
                                              std::optional<storage::OneTimeTokenKey> token) {
  const base::Time now = session.create_time;
  storage::SessionRoom room{.others = options_.max_per_user - 1,
                            .since = base::Uuid::MinV7(now - options_.ttl),
                            .ended = std::nullopt};
  for (int tries = 1;; ++tries) {
    storage::Change change = CreationOf(ctx, session, user);
    if (factor && factor->remember) {
      change.events.Add(RememberedEvent(ctx, factor->remember->device, user));
    }
    if (room.ended) {
      for (const base::Uuid& id : *room.ended) {
        change.events.Add(CrowdedOutEvent(ctx, now, id, user));
      }
    }
    const absl::Status created = co_await deps_.sessions.Create(
        ctx, session, user.epoch, upgrade, std::move(change), room, factor, token);
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

absl::StatusOr<TokenIssuer::Tokens> SessionService::TokensOf(const storage::Session& session,
                                                             const UserCredentials& user) const {
  return deps_.issuer.Issue(session.tenant_id, session.id, session.user_id,
                            {.role = user.role,
                             .user_epoch = user.epoch,
                             .generation = session.generation,
                             .amr = session.amr,
                             .auth_time = session.auth_time,
                             .idle_expire_time = session.idle_expire_time,
                             .expire_time = session.expire_time});
}

}  // namespace gatehouse::service
