#ifndef GATEHOUSE_STORAGE_SESSION_SESSION_H_
#define GATEHOUSE_STORAGE_SESSION_SESSION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::storage {

// Why a session ended: Session::revoke_reason.
namespace revoke_reasons {
inline constexpr std::string_view kLogout = "LOGOUT";
inline constexpr std::string_view kRevoked = "REVOKED";
inline constexpr std::string_view kUserDisabled = "USER_DISABLED";
inline constexpr std::string_view kUserDeleted = "USER_DELETED";
inline constexpr std::string_view kRoleChanged = "ROLE_CHANGED";
inline constexpr std::string_view kPasswordChanged = "PASSWORD_CHANGED";
inline constexpr std::string_view kTokenReused = "TOKEN_REUSED";
inline constexpr std::string_view kTooManySessions = "TOO_MANY_SESSIONS";
}  // namespace revoke_reasons

// One login of one user: a row of gatehouse.session.
struct Session {
  base::Uuid tenant_id;
  base::Uuid id;
  base::Uuid user_id;
  // The refresh token of this generation is the one that is good.
  int64_t generation = 1;
  base::Time rotate_time;
  std::string label;
  std::string thread_id;
  std::string context_json = "{}";
  std::string ip_address;
  std::string user_agent;
  std::vector<std::string> amr;
  base::Time auth_time;
  base::Time create_time;
  base::Time update_time;
  base::Time last_used_time;
  base::Time idle_expire_time;
  base::Time expire_time;
  std::optional<base::Time> revoke_time;
  std::optional<std::string> revoke_reason;
  int64_t version = 1;

  bool IsLive(base::Time now) const {
    return !revoke_time && idle_expire_time > now && expire_time > now;
  }
};

// What the next tokens of a session are made of.
struct TokenGrant {
  std::string role;
  int64_t user_epoch = 0;
  int64_t generation = 0;
  std::vector<std::string> amr;
  base::Time auth_time;
  base::Time idle_expire_time;
  base::Time expire_time;
};

// A session whose rotation did not take place, and what its tokens would be.
struct RefreshState {
  base::Time rotate_time;
  // Session and user still live.
  bool live = false;
  TokenGrant grant;
};

// The session of an access token and what its user is now.
struct LiveSessionRow {
  base::Uuid user_id;
  std::string username;
  std::string role;
  // Of a role of the tenant's own; nullopt for a built-in one.
  std::optional<std::vector<std::string>> role_permissions;
  int64_t user_epoch = 0;
  // The earlier of the idle and the absolute end.
  base::Time expire_time;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_SESSION_SESSION_H_
