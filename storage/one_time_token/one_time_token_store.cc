#include "storage/one_time_token/one_time_token_store.h"

#include <utility>

#include "base/status.h"
#include "storage/one_time_token/one_time_token_use.h"
#include "storage/one_time_token/queries/one_time_token_queries.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/batch.h"
#include "storage/postgres/client/database.h"

namespace gatehouse::storage {

using postgres::Batch;
using postgres::Bytes;
using postgres::Params;
using postgres::Rows;
using postgres::RowView;
namespace queries = one_time_token::queries;

base::Task<absl::Status> OneTimeTokenStore::Put(base::CallContext context, OneTimeToken token,
                                                User user, Change change,
                                                base::Time replaces_until) {
  Batch batch;
  postgres::AppendChange(batch, change);
  AppendPutOneTimeToken(batch, token, user, replaces_until);
  co_return (co_await database_.Run(std::move(context), std::move(batch))).status();
}

base::Task<absl::StatusOr<std::optional<OneTimeToken>>> OneTimeTokenStore::Find(
    base::CallContext context, OneTimeTokenKey key, base::Time now) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows, co_await database_.Query(
                           std::move(context), queries::kFind,
                           Params::Of(key.tenant_id, key.user_id, static_cast<int32_t>(key.purpose),
                                      Bytes{key.hash}, now)));
  co_return rows.DecodeOne([&key](RowView row) {
    return OneTimeToken{.key = key,
                        .email = row.Get<std::optional<std::string>>(0),
                        .email_key = row.Get<std::optional<std::string>>(1),
                        .create_time = row.Get<base::Time>(2),
                        .expire_time = row.Get<base::Time>(3)};
  });
}

base::Task<absl::StatusOr<std::optional<base::Time>>> OneTimeTokenStore::LastMade(
    base::CallContext context, base::Uuid tenant_id, base::Uuid user_id, OneTimePurpose purpose) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(context), queries::kLastMade,
                               Params::Of(tenant_id, user_id, static_cast<int32_t>(purpose))));
  co_return rows.DecodeOne([](RowView row) { return row.Get<base::Time>(0); });
}

base::Task<absl::StatusOr<int64_t>> OneTimeTokenStore::Purge(base::CallContext context,
                                                             base::Uuid tenant_id, base::Time now,
                                                             int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(context), queries::kPurge,
                                                  Params::Of(tenant_id, now, limit)));
  co_return rows.affected_rows();
}

}  // namespace gatehouse::storage
