#include "storage/session/session_revocation.h"

#include "storage/postgres/client/params.h"
#include "storage/session/queries/session_queries.h"

namespace gatehouse::storage {

void AppendRevokeSession(postgres::Batch& batch, const base::Uuid& tenant_id,
                         const base::Uuid& session_id, std::string_view reason, base::Time now) {
  batch.Add(session::queries::kRevoke, postgres::Params::Of(tenant_id, session_id, now, reason));
}

void AppendRevokeUserSessions(postgres::Batch& batch, const base::Uuid& tenant_id,
                              const base::Uuid& user_id, std::optional<base::Uuid> except,
                              std::string_view reason, base::Time now, int64_t at_least) {
  batch.Add(session::queries::kRevokeByUser,
            postgres::Params::Of(tenant_id, user_id, except, now, reason, at_least,
                                 except ? std::nullopt : std::optional(kMarkedAtOnce)));
}

}  // namespace gatehouse::storage
