#ifndef GATEHOUSE_STORAGE_POSTGRES_SESSION_REVOCATION_H_
#define GATEHOUSE_STORAGE_POSTGRES_SESSION_REVOCATION_H_

#include <optional>
#include <string_view>

#include "base/time.h"
#include "base/uuid.h"
#include "storage/postgres/client/batch.h"

namespace gatehouse::storage::postgres {

// session.revoke_reason: why a session ended.
namespace revoke_reasons {
inline constexpr std::string_view kLogout = "LOGOUT";
inline constexpr std::string_view kRevoked = "REVOKED";
inline constexpr std::string_view kUserDisabled = "USER_DISABLED";
inline constexpr std::string_view kUserDeleted = "USER_DELETED";
inline constexpr std::string_view kRoleChanged = "ROLE_CHANGED";
inline constexpr std::string_view kPasswordChanged = "PASSWORD_CHANGED";
inline constexpr std::string_view kTokenReused = "TOKEN_REUSED";
}  // namespace revoke_reasons

// Every way of ending a session is one of these two, so that none forgets a part.

// Ends one session. The statement returns a row (session_id, user_id) if this
// batch ended it, none if it had ended or does not exist. One statement.
void AppendRevokeSession(Batch& batch, const base::Uuid& tenant_id, const base::Uuid& session_id,
                         std::string_view reason, base::Time now);

// Ends the sessions of a user that are live, all or all but `except`, and
// returns one row (session_id) for each. One statement.
//
// Access tokens of ended sessions die with their session row; raising the
// user's epoch as well (which kills all tokens at once, also in caches of other
// instances) is up to the caller's own UPDATE of the user, since it must not be
// done where a session survives.
void AppendRevokeUserSessions(Batch& batch, const base::Uuid& tenant_id, const base::Uuid& user_id,
                              std::optional<base::Uuid> except, std::string_view reason,
                              base::Time now);

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_SESSION_REVOCATION_H_
