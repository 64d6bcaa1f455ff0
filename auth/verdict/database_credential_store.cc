#include "auth/verdict/database_credential_store.h"

#include <utility>

#include "base/status.h"

namespace gatehouse::auth {

using base::CallContext;
using base::Task;
using base::Uuid;

namespace {

std::optional<LiveApiKey> ToLiveApiKey(std::optional<storage::LiveApiKeyRow> row) {
  if (!row) return std::nullopt;
  storage::ApiKey& key = row->key;
  const bool owned = key.ends_with_creator && key.creator_id;
  return LiveApiKey{.api_key_id = key.id,
                    .display_name = std::move(key.display_name),
                    .permissions = std::move(key.permissions),
                    .expires_at = key.expire_time,
                    .owner_id = owned ? *key.creator_id : base::Uuid(),
                    .owner_role = std::move(row->owner_role),
                    .owner_permissions = std::move(row->owner_permissions)};
}

}  // namespace

Task<absl::StatusOr<std::optional<LiveSession>>> DatabaseCredentialStore::FindLiveSession(
    CallContext context, Uuid tenant_id, Uuid session_id) {
  GH_CO_ASSIGN_OR_RETURN(std::optional<storage::LiveSessionRow> row,
                         co_await sessions_.FindLive(context, tenant_id, session_id, clock_.Now()));
  if (!row) co_return std::nullopt;
  co_return LiveSession{.user_id = row->user_id,
                        .username = std::move(row->username),
                        .role = std::move(row->role),
                        .role_permissions = std::move(row->role_permissions),
                        .user_epoch = row->user_epoch,
                        .expires_at = row->expire_time};
}

Task<absl::StatusOr<std::optional<LiveApiKey>>> DatabaseCredentialStore::FindLiveApiKey(
    CallContext context, Uuid tenant_id, std::string key_hash) {
  GH_CO_ASSIGN_OR_RETURN(
      std::optional<storage::LiveApiKeyRow> key,
      co_await api_keys_.FindLive(context, tenant_id, std::move(key_hash), clock_.Now()));
  co_return ToLiveApiKey(std::move(key));
}

Task<absl::StatusOr<std::optional<LiveApiKey>>> DatabaseCredentialStore::FindLiveApiKeyById(
    CallContext context, Uuid tenant_id, Uuid id) {
  GH_CO_ASSIGN_OR_RETURN(std::optional<storage::LiveApiKeyRow> key,
                         co_await api_keys_.FindLiveById(context, tenant_id, id, clock_.Now()));
  co_return ToLiveApiKey(std::move(key));
}

}  // namespace gatehouse::auth
