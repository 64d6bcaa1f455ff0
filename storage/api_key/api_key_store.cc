#include "storage/api_key/api_key_store.h"

#include <array>
#include <chrono>
#include <utility>

#include "base/status.h"
#include "storage/api_key/queries/api_key_queries.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/batch.h"
#include "storage/postgres/client/database.h"

namespace gatehouse::storage {
namespace {

using postgres::Batch;
using postgres::Bytes;
using postgres::Params;
using postgres::Rows;
using postgres::RowView;
namespace queries = api_key::queries;

constexpr uint8_t kMaxByte = 0xff;

// Of columns.sql.part.
constexpr int kApiKeyColumns = 12;

ApiKey DecodeApiKey(const base::Uuid& tenant_id, RowView row) {
  using MaybeTime = std::optional<base::Time>;
  return ApiKey{
      .tenant_id = tenant_id,
      .id = row.Get<base::Uuid>(0),
      .display_name = row.Get<std::string>(1),
      .key_prefix = row.Get<std::string>(2),
      .permissions = row.Get<std::vector<std::string>>(3),
      .create_time = row.Get<base::Time>(4),
      .expire_time = row.Get<MaybeTime>(5),
      .revoke_time = row.Get<MaybeTime>(6),
      .last_used_time = row.Get<MaybeTime>(7),
      .creator_id = row.Get<std::optional<base::Uuid>>(8),
      .ends_with_creator = row.Get<bool>(9),
      .rotate_time = row.Get<MaybeTime>(10),
      .former_expire_time = row.Get<MaybeTime>(11),
  };
}

// Of the statements that find a live one: it ends when the secret does that was shown.
LiveApiKeyRow DecodeLiveApiKey(const base::Uuid& tenant_id, RowView row) {
  LiveApiKeyRow live{.key = DecodeApiKey(tenant_id, row)};
  live.key.expire_time = row.Get<std::optional<base::Time>>(kApiKeyColumns);
  live.owner_role = row.Get<std::optional<std::string>>(kApiKeyColumns + 1).value_or("");
  live.owner_permissions = row.Get<std::optional<std::vector<std::string>>>(kApiKeyColumns + 2);
  return live;
}

base::Uuid LastId() {
  std::array<uint8_t, 16> bytes;
  bytes.fill(kMaxByte);
  return base::Uuid(bytes);
}

}  // namespace

base::Task<absl::Status> ApiKeyStore::Create(base::CallContext context, ApiKey key,
                                             std::string key_hash, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  if (key.creator_id) {
    batch.Add(queries::kRequireCreator, Params::Of(key.tenant_id, *key.creator_id));
  }
  batch.Add(queries::kInsert, Params::Of(key.tenant_id, key.id, key.display_name, key.key_prefix,
                                         Bytes{key_hash}, key.permissions, key.create_time,
                                         key.expire_time, key.creator_id, key.ends_with_creator));
  const auto results = co_await database_.Run(std::move(context), std::move(batch));
  co_return results.status();
}

base::Task<absl::StatusOr<std::optional<ApiKey>>> ApiKeyStore::Get(base::CallContext context,
                                                                   base::Uuid tenant_id,
                                                                   base::Uuid id) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(context), queries::kGet, Params::Of(tenant_id, id)));
  co_return rows.DecodeOne([&tenant_id](RowView row) { return DecodeApiKey(tenant_id, row); });
}

base::Task<absl::StatusOr<std::optional<LiveApiKeyRow>>> ApiKeyStore::FindLive(
    base::CallContext context, base::Uuid tenant_id, std::string key_hash, base::Time now) {
  const base::Time minute = std::chrono::floor<std::chrono::minutes>(now);
  GH_CO_ASSIGN_OR_RETURN(const Rows rows, co_await database_.Query(
                                              std::move(context), queries::kFindLive,
                                              Params::Of(tenant_id, Bytes{key_hash}, now, minute)));
  co_return rows.DecodeOne([&tenant_id](RowView row) { return DecodeLiveApiKey(tenant_id, row); });
}

base::Task<absl::StatusOr<std::optional<LiveApiKeyRow>>> ApiKeyStore::FindLiveById(
    base::CallContext context, base::Uuid tenant_id, base::Uuid id, base::Time now) {
  const base::Time minute = std::chrono::floor<std::chrono::minutes>(now);
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(context), queries::kFindLiveById,
                                                  Params::Of(tenant_id, id, now, minute)));
  co_return rows.DecodeOne([&tenant_id](RowView row) { return DecodeLiveApiKey(tenant_id, row); });
}

base::Task<absl::StatusOr<std::vector<ApiKey>>> ApiKeyStore::List(base::CallContext context,
                                                                  base::Uuid tenant_id,
                                                                  std::optional<base::Uuid> before,
                                                                  bool show_ended, base::Time now,
                                                                  int32_t limit) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(context), queries::kList,
                                                  Params::Of(tenant_id, before.value_or(LastId()),
                                                             show_ended, now, int64_t{limit})));
  co_return rows.Decode([&tenant_id](RowView row) { return DecodeApiKey(tenant_id, row); });
}

base::Task<absl::StatusOr<std::vector<ApiKey>>> ApiKeyStore::ListByCreator(
    base::CallContext context, base::Uuid tenant_id, base::Uuid creator_id,
    std::optional<base::Uuid> before, bool show_ended, base::Time now, int32_t limit) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(context), queries::kListByCreator,
                               Params::Of(tenant_id, creator_id, before.value_or(LastId()),
                                          show_ended, now, int64_t{limit})));
  co_return rows.Decode([&tenant_id](RowView row) { return DecodeApiKey(tenant_id, row); });
}

base::Task<absl::StatusOr<std::vector<ApiKey>>> ApiKeyStore::ListEndingWith(
    base::CallContext context, base::Uuid tenant_id, base::Uuid creator_id, base::Time now,
    int32_t limit) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(context), queries::kListEnding,
                               Params::Of(tenant_id, creator_id, now, int64_t{limit})));
  co_return rows.Decode([&tenant_id](RowView row) { return DecodeApiKey(tenant_id, row); });
}

base::Task<absl::Status> ApiKeyStore::Rotate(base::CallContext context, ApiKey key,
                                             std::string key_hash, std::optional<base::Time> read,
                                             Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kRotate, Params::Of(key.tenant_id, key.id, key.key_prefix, Bytes{key_hash},
                                         key.former_expire_time, key.rotate_time, read));
  co_return (co_await database_.Run(std::move(context), std::move(batch))).status();
}

base::Task<absl::Status> ApiKeyStore::Revoke(base::CallContext context, base::Uuid tenant_id,
                                             base::Uuid id, base::Time now, Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kRevoke, Params::Of(tenant_id, id, now));
  const auto results = co_await database_.Run(std::move(context), std::move(batch));
  co_return results.status();
}

}  // namespace gatehouse::storage
