#ifndef GATEHOUSE_STORAGE_SESSION_SESSION_REVOCATION_H_
#define GATEHOUSE_STORAGE_SESSION_SESSION_REVOCATION_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "base/uuid.h"
#include "storage/postgres/client/batch.h"

namespace gatehouse::storage {

// How many sessions of a user are marked in the transaction that ends them all.
inline constexpr int64_t kMarkedAtOnce = 1'000;

// Every way of ending a session is one of these two, so that none forgets a part.

// Ends one session. NOT_FOUND, SESSION_NOT_FOUND, which undoes the whole batch, if it
// has ended before, also by itself, or does not exist. One statement.
void AppendRevokeSession(postgres::Batch& batch, const base::Uuid& tenant_id,
                         const base::Uuid& session_id, std::string_view reason, base::Time now);

// Ends the sessions of a user that are live, all or all but `except`, and returns one
// row whose column 1 is an array of their ids. If they are fewer than `at_least`:
// NOT_FOUND, SESSION_NOT_FOUND, which undoes the whole batch. One statement.
//
// Access tokens of ended sessions die with their session row; raising the
// user's epoch as well (which ends all sessions at once, also in caches of other
// instances) is up to the caller's own UPDATE of the user, before this one and without `except`: it
// must not be done where a session survives. Then no more than kMarkedAtOnce rows are marked here,
// however many sessions the user has; SessionStore::MarkEnded marks the others.
void AppendRevokeUserSessions(postgres::Batch& batch, const base::Uuid& tenant_id,
                              const base::Uuid& user_id, std::optional<base::Uuid> except,
                              std::string_view reason, base::Time now, int64_t at_least = 0);

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_SESSION_SESSION_REVOCATION_H_
