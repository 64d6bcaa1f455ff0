#include "storage/signing_key/signing_key_store.h"

#include "base/status.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/database.h"
#include "storage/signing_key/queries/signing_key_queries.h"

namespace gatehouse::storage {
namespace {

using base::CallContext;
using base::Task;
using base::Time;
using base::Uuid;
using postgres::Batch;
using postgres::Bytes;
using postgres::Params;
using postgres::Rows;
using postgres::RowView;
namespace queries = signing_key::queries;

}  // namespace

Task<absl::StatusOr<std::vector<SigningKeyRow>>> SigningKeyStore::List(CallContext ctx) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows, co_await database_.Query(ctx, queries::kList, {}));
  co_return rows.Decode([](RowView row) {
    return SigningKeyRow{.tenant_id = row.Get<Uuid>(0),
                         .key_id = row.Get<std::string>(1),
                         .algorithm = row.Get<std::string>(2),
                         .public_key = row.Get<Bytes>(3).value,
                         .private_key = row.Get<Bytes>(4).value,
                         .create_time = row.Get<Time>(5),
                         .active_from = row.Get<Time>(6),
                         .retired_at = row.Get<std::optional<Time>>(7)};
  });
}

Task<absl::Status> SigningKeyStore::Rotate(CallContext ctx, SigningKeyRotation rotation,
                                           Change change) {
  const Uuid& tenant_id = rotation.tenant_id;
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kLock, Params::Of(tenant_id));
  // First: a key that goes does not keep the new one out, however late it was to sign.
  for (const std::string& key_id : rotation.remove) {
    batch.Add(queries::kDelete, Params::Of(tenant_id, key_id));
  }
  if (const auto& key = rotation.add) {
    batch.Add(queries::kInsert,
              Params::Of(tenant_id, key->key_id, key->algorithm, Bytes{key->public_key},
                         Bytes{key->private_key}, key->create_time, key->active_from));
  }
  for (const auto& [key_id, retired_at] : rotation.retire) {
    batch.Add(queries::kRetire, Params::Of(tenant_id, key_id, retired_at));
  }
  co_return (co_await database_.Run(ctx, std::move(batch))).status();
}

Task<absl::Status> SigningKeyStore::Reseal(CallContext ctx, std::vector<ResealedKey> keys,
                                           Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  for (const ResealedKey& key : keys) {
    batch.Add(queries::kReseal,
              Params::Of(key.tenant_id, key.key_id, Bytes{key.before}, Bytes{key.resealed}));
  }
  co_return (co_await database_.Run(ctx, std::move(batch))).status();
}

}  // namespace gatehouse::storage
