#ifndef GATEHOUSE_SERVICE_ADMIN_ADMIN_SERVICE_H_
#define GATEHOUSE_SERVICE_ADMIN_ADMIN_SERVICE_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "auth/signing_key/key_rotation.h"
#include "auth/signing_key/keyring.h"
#include "auth/tenant/tenant_directory.h"
#include "auth/verdict/authenticator.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/admin/server_facts.h"
#include "service/common/idempotent.h"
#include "service/delivery/endpoint_cache_stats.h"
#include "service/retention/retention_periods.h"
#include "service/schema/event_schemas.h"
#include "storage/event_log/event_store.h"
#include "storage/retention/retention_store.h"
#include "storage/server/server_store.h"
#include "storage/signing_key/signing_key_store.h"

namespace gatehouse::v1 {
class CacheStats;
class GetCacheStatsRequest;
class GetCacheStatsResponse;
class GetRetentionPolicyRequest;
class GetRetentionPolicyResponse;
class GetServerHealthRequest;
class GetServerHealthResponse;
class GetServerInfoRequest;
class GetServerInfoResponse;
class InvalidateCacheRequest;
class InvalidateCacheResponse;
class ListSigningKeysRequest;
class ListSigningKeysResponse;
class RotateSigningKeyRequest;
class RotateSigningKeyResponse;
class UpdateRetentionPolicyRequest;
class UpdateRetentionPolicyResponse;
class WarmCacheRequest;
class WarmCacheResponse;
}  // namespace gatehouse::v1

namespace gatehouse::service {

// gatehouse.v1.AdminService; what each method does stands in the .proto file.
//
// Immutable; its methods run on the loop of their context, any number at a time.
// What it is made of outlives it, and it outlives its calls.
class AdminService {
 public:
  struct Deps {
    storage::ServerStore& server;
    storage::SigningKeyStore& signing_keys;
    storage::EventStore& events;
    auth::Authenticator& authenticator;
    const auth::Keyring& keyring;
    const auth::TenantDirectory& tenants;
    auth::KeyRotation& rotation;
    EventSchemas& event_schemas;
    IdempotentCalls& once;
    const base::Clock& clock;
    // What is wrong with the sequencer of this instance; empty if nothing is. From any thread.
    std::function<std::string()> sequencer_problem;
    // Has the settings of all webhook endpoints read again; and what is in memory of them. From any
    // thread.
    std::function<void()> read_endpoints;
    std::function<delivery::EndpointCacheStats()> endpoint_cache;
    storage::RetentionStore& retention;
    // As the installation is set.
    RetentionPeriods retention_periods;
  };

  AdminService(Deps deps, ServerFacts facts) : deps_(std::move(deps)), facts_(std::move(facts)) {}

  template <typename T>
  using Result = base::Task<absl::StatusOr<T>>;

  Result<v1::GetServerInfoResponse> GetServerInfo(base::CallContext ctx,
                                                  v1::GetServerInfoRequest request);
  Result<v1::GetServerHealthResponse> GetServerHealth(base::CallContext ctx,
                                                      v1::GetServerHealthRequest request);
  Result<v1::ListSigningKeysResponse> ListSigningKeys(base::CallContext ctx,
                                                      v1::ListSigningKeysRequest request);
  Result<v1::RotateSigningKeyResponse> RotateSigningKey(base::CallContext ctx,
                                                        v1::RotateSigningKeyRequest request,
                                                        MutationKey key = {});
  Result<v1::GetCacheStatsResponse> GetCacheStats(base::CallContext ctx,
                                                  v1::GetCacheStatsRequest request);
  Result<v1::WarmCacheResponse> WarmCache(base::CallContext ctx, v1::WarmCacheRequest request);
  Result<v1::InvalidateCacheResponse> InvalidateCache(base::CallContext ctx,
                                                      v1::InvalidateCacheRequest request,
                                                      MutationKey key = {});
  Result<v1::GetRetentionPolicyResponse> GetRetentionPolicy(base::CallContext ctx,
                                                            v1::GetRetentionPolicyRequest request);
  Result<v1::UpdateRetentionPolicyResponse> UpdateRetentionPolicy(
      base::CallContext ctx, v1::UpdateRetentionPolicyRequest request, MutationKey key = {});

  // What runs its mutations.
  IdempotentCalls& once() const { return deps_.once; }
  static Replay ReplayOf(const v1::InvalidateCacheRequest& /*request*/) {
    return Replay::kOnConflict;
  }

 private:
  // The tenant that a request names; empty: the default one. TENANT_NOT_FOUND.
  absl::StatusOr<base::Uuid> TenantOf(const std::string& tenant_id) const;
  // What is in memory of each kind, in the order of the kinds.
  std::vector<v1::CacheStats> Caches() const;

  const Deps deps_;
  const ServerFacts facts_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_ADMIN_ADMIN_SERVICE_H_
