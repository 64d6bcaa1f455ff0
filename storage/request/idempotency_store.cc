#include "storage/request/idempotency_store.h"

#include <utility>
#include <vector>

#include "base/status.h"
#include "storage/postgres/client/batch.h"
#include "storage/postgres/client/database.h"
#include "storage/postgres/client/params.h"
#include "storage/request/queries/request_queries.h"

namespace gatehouse::storage {

using postgres::Bytes;
using postgres::Params;
using postgres::Rows;
using postgres::RowView;

base::Task<absl::StatusOr<std::optional<StoredAnswer>>> IdempotencyStore::Find(
    base::CallContext context, base::Uuid tenant_id, base::Uuid principal_id,
    base::Uuid request_id) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(context), request::queries::kFind,
                                                  Params::Of(tenant_id, principal_id, request_id)));
  co_return rows.DecodeOne([](RowView row) {
    return StoredAnswer{.method = row.Get<std::string>(0),
                        .request_hash = row.Get<Bytes>(1).value,
                        .response = row.Get<Bytes>(2).value};
  });
}

base::Task<absl::Status> IdempotencyStore::Keep(base::CallContext context, Idempotency answer) {
  postgres::Batch batch;
  // As AppendChange adds it to a change, which this is none of: it has no event.
  batch.Add(request::queries::kInsert,
            Params::Of(answer.tenant_id, answer.principal_id, answer.request_id, answer.method,
                       Bytes{answer.request_hash}, Bytes{answer.response}, answer.create_time));
  const absl::StatusOr<std::vector<Rows>> result =
      co_await database_.Run(std::move(context), std::move(batch));
  co_return result.status();
}

base::Task<absl::StatusOr<int64_t>> IdempotencyStore::Purge(base::CallContext context,
                                                            base::Uuid tenant_id, base::Time before,
                                                            int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(context), request::queries::kPurge,
                                                  Params::Of(tenant_id, before, limit)));
  co_return rows.affected_rows();
}

}  // namespace gatehouse::storage
