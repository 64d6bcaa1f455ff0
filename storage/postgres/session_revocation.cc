#include "storage/postgres/session_revocation.h"

#include "storage/postgres/client/params.h"
#include "storage/postgres/queries/session/session_queries.h"

namespace gatehouse::storage::postgres {

void AppendRevokeSession(Batch& batch, const base::Uuid& tenant_id, const base::Uuid& session_id,
                         std::string_view reason, base::Time now) {
  batch.Add(queries::session::kRevoke, Params::Of(tenant_id, session_id, now, reason));
}

void AppendRevokeUserSessions(Batch& batch, const base::Uuid& tenant_id, const base::Uuid& user_id,
                              std::optional<base::Uuid> except, std::string_view reason,
                              base::Time now, int64_t at_least) {
  batch.Add(queries::session::kRevokeByUser,
            Params::Of(tenant_id, user_id, except, now, reason, at_least));
}

}  // namespace gatehouse::storage::postgres
