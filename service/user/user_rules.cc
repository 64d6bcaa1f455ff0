#include "service/user/user_rules.h"

#include <utility>
#include <vector>

#include "auth/password/password_policy.h"
#include "base/reason.h"
#include "base/status.h"
#include "service/common/json.h"
#include "service/user/user_fields.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

using base::Principal;
namespace event_types = storage::event_types;

absl::Status Denied(std::string_view message) {
  return base::MakeError(absl::StatusCode::kPermissionDenied, message,
                         {.reason = base::Reason::kPermissionDenied});
}

}  // namespace

absl::Status CheckOwnChange(const std::vector<std::string>& changed) {
  for (const std::string& field : changed) {
    if (field == "role" || field == "state") {
      return Denied("a user cannot change its own " + field);
    }
  }
  return absl::OkStatus();
}

absl::Status DeletesItself() { return Denied("a user cannot delete itself"); }

bool IsSelf(const Principal& caller, const storage::User& user) {
  return caller.kind == Principal::Kind::kUser && caller.id == user.id;
}

absl::Status UserNotFound() {
  return base::MakeError(absl::StatusCode::kNotFound, "no such user",
                         {.reason = base::Reason::kUserNotFound});
}

absl::Status ApiKeyNotFound() {
  return base::MakeError(absl::StatusCode::kNotFound, "no such API key",
                         {.reason = base::Reason::kApiKeyNotFound});
}

absl::Status RoleNotFound() {
  return base::MakeError(absl::StatusCode::kNotFound, "user.role: no such role",
                         {.reason = base::Reason::kRoleNotFound});
}

absl::StatusOr<std::string> CheckPasswordOf(const storage::User& user, std::string_view field,
                                            std::string_view password) {
  return auth::CheckNewPassword(
      field, password,
      {.username = user.username, .email = user.email ? *user.email : std::string_view()});
}

storage::Event UserEvent(const base::CallContext& ctx, base::Time now, std::string_view type,
                         const storage::User& user, std::string details_json) {
  return storage::MakeEvent(ctx, now, std::string(type),
                            {{.type = "user", .id = user.id.ToString(), .label = user.username}},
                            std::move(details_json));
}

storage::Event OwnEvent(const base::CallContext& ctx, base::Time now, std::string_view type,
                        const storage::User& user, std::string details_json) {
  storage::Event event = UserEvent(ctx, now, type, user, std::move(details_json));
  event.tenant_id = user.tenant_id;
  event.actor = {.type = "user", .id = user.id.ToString(), .label = user.username};
  return event;
}

storage::Event KeyEvent(const base::CallContext& ctx, base::Time now, std::string_view type,
                        const storage::ApiKey& key, std::string details_json) {
  return storage::MakeEvent(
      ctx, now, std::string(type),
      {{.type = "api_key", .id = key.id.ToString(), .label = key.display_name}},
      std::move(details_json));
}

storage::Event SessionsRevokedEvent(const base::CallContext& ctx, base::Time now,
                                    const storage::User& user, std::string_view reason) {
  return UserEvent(ctx, now, event_types::kUserSessionsRevoked, user,
                   JsonObject().Add("reason", reason).ToString());
}

std::optional<storage::ChangeEvents> UpdateEvents(const base::CallContext& ctx, base::Time now,
                                                  const storage::User& before,
                                                  const storage::User& after) {
  std::vector<std::string> profile = ChangedUserFields(before, after);
  std::erase(profile, "role");
  std::erase(profile, "state");
  std::vector<storage::Event> events;
  if (!profile.empty()) {
    events.push_back(UserEvent(ctx, now, event_types::kUserUpdated, after,
                               JsonObject().Add("fields", profile).ToString()));
  }
  if (before.role != after.role) {
    events.push_back(
        UserEvent(ctx, now, event_types::kUserRoleChanged, after,
                  JsonObject().Add("from", before.role).Add("to", after.role).ToString()));
  }
  if (before.state != after.state) {
    const bool enabled = after.state == storage::UserState::kActive;
    events.push_back(UserEvent(
        ctx, now, enabled ? event_types::kUserEnabled : event_types::kUserDisabled, after));
  }
  return storage::ChangeEvents::FromList(std::move(events));
}

}  // namespace gatehouse::service
