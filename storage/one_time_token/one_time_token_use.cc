#include "storage/one_time_token/one_time_token_use.h"

#include <cstdint>

#include "storage/one_time_token/queries/one_time_token_queries.h"
#include "storage/postgres/client/params.h"

namespace gatehouse::storage {

void AppendUseOneTimeToken(postgres::Batch& batch, const OneTimeTokenKey& key, base::Time now) {
  batch.Add(one_time_token::queries::kUse,
            postgres::Params::Of(key.tenant_id, key.user_id, static_cast<int32_t>(key.purpose),
                                 postgres::Bytes{key.hash}, now));
}

void AppendPutOneTimeToken(postgres::Batch& batch, const OneTimeToken& token, const User& user,
                           base::Time replaces_until) {
  batch.Add(one_time_token::queries::kPut,
            postgres::Params::Of(
                token.key.tenant_id, token.key.user_id, static_cast<int32_t>(token.key.purpose),
                postgres::Bytes{token.key.hash}, token.email, token.email_key, token.create_time,
                token.expire_time, user.role, user.email_key, replaces_until));
}

}  // namespace gatehouse::storage
