#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "gatehouse/v1/admin.pb.h"
#include "service/admin/admin_service.h"
#include "service/admin/operator_rules.h"
#include "service/common/validate.h"
#include "storage/event.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

using base::CallContext;
using base::Uuid;
using Request = v1::InvalidateCacheRequest;

// What is counted of a cache since the start.
struct Use {
  uint64_t hits = 0;
  uint64_t misses = 0;
  uint64_t evictions = 0;
};

v1::CacheStats StatsOf(v1::CacheKind kind, size_t size, size_t capacity, const Use& use) {
  v1::CacheStats stats;
  stats.set_kind(kind);
  stats.set_size(static_cast<int64_t>(size));
  stats.set_capacity(static_cast<int64_t>(capacity));
  stats.set_hits(static_cast<int64_t>(use.hits));
  stats.set_misses(static_cast<int64_t>(use.misses));
  stats.set_evictions(static_cast<int64_t>(use.evictions));
  return stats;
}

// What is to be forgotten.
struct Scope {
  bool verdicts = false;
  bool signing_keys = false;
  bool event_schemas = false;
  bool endpoints = false;
  // Only the verdicts about this one.
  Uuid id;
  // What the other instances are told (RevocationFollower).
  std::vector<storage::EventTarget> targets;
};

absl::StatusOr<Scope> ScopeOf(const Request& request) {
  FieldChecks checks;
  Scope scope;
  const auto one = [&](const std::string& type, const std::string& text) {
    scope.id = checks.RequireUuid(type + "_id", text).value_or(Uuid());
    scope.targets = {{type, text, ""}};
  };
  switch (request.entry_case()) {
    case Request::kUserId:
      one("user", request.user_id());
      break;
    case Request::kSessionId:
      one("session", request.session_id());
      break;
    case Request::kApiKeyId:
      one("api_key", request.api_key_id());
      break;
    case Request::ENTRY_NOT_SET:
      break;
  }
  const bool entry = request.entry_case() != Request::ENTRY_NOT_SET;
  switch (request.kind()) {
    case v1::CACHE_KIND_UNSPECIFIED:
      scope.verdicts = true;
      scope.signing_keys = scope.event_schemas = scope.endpoints = !entry;
      break;
    case v1::CACHE_KIND_VERDICTS:
      scope.verdicts = true;
      break;
    case v1::CACHE_KIND_SIGNING_KEYS:
      scope.signing_keys = true;
      break;
    case v1::CACHE_KIND_EVENT_SCHEMAS:
      scope.event_schemas = true;
      break;
    case v1::CACHE_KIND_ENDPOINTS:
      scope.endpoints = true;
      break;
    default:
      checks.Fail("kind", "is none that can be invalidated");
  }
  if (entry && !scope.verdicts) {
    checks.Fail("kind", "has no entries of a user, a session or an API key");
  }
  GH_RETURN_IF_ERROR(checks.ToStatus());
  if (!entry && scope.verdicts) scope.targets.push_back({"cache", "verdicts", ""});
  if (scope.signing_keys) scope.targets.push_back({"cache", "signing_keys", ""});
  if (scope.event_schemas) scope.targets.push_back({"cache", "event_schemas", ""});
  if (scope.endpoints) scope.targets.push_back({"cache", "endpoints", ""});
  return scope;
}

}  // namespace

std::vector<v1::CacheStats> AdminService::Caches() const {
  const auth::Authenticator& known = deps_.authenticator;
  const auth::VerdictCache::Stats verdicts = known.cache_stats();
  const EventSchemas::Stats schemas = deps_.event_schemas.stats();
  const delivery::EndpointCacheStats endpoints = deps_.endpoint_cache();
  v1::CacheStats of_schemas =
      StatsOf(v1::CACHE_KIND_EVENT_SCHEMAS, schemas.tenants, EventSchemas::Limits().max_tenants,
              {.hits = schemas.hits, .misses = schemas.reads, .evictions = schemas.evictions});
  of_schemas.set_bytes(static_cast<int64_t>(schemas.weight));
  return {
      StatsOf(v1::CACHE_KIND_VERDICTS, verdicts.entries, verdicts.capacity,
              {.hits = verdicts.hits, .misses = verdicts.misses, .evictions = verdicts.evictions}),
      StatsOf(v1::CACHE_KIND_REVOCATIONS, known.revocation_count(), known.revocation_capacity(),
              {.evictions = known.revocation_evictions()}),
      StatsOf(v1::CACHE_KIND_SIGNING_KEYS, deps_.keyring.size(), 0, {}), std::move(of_schemas),
      StatsOf(v1::CACHE_KIND_ENDPOINTS, endpoints.endpoints, 0,
              {.hits = endpoints.hits, .misses = endpoints.reads})};
}

AdminService::Result<v1::GetCacheStatsResponse> AdminService::GetCacheStats(
    CallContext ctx, v1::GetCacheStatsRequest) {
  GH_CO_RETURN_IF_ERROR(RequireOperator(ctx.principal(), auth::Permission::kAdminRead));
  v1::GetCacheStatsResponse response;
  for (v1::CacheStats& stats : Caches()) *response.add_caches() = std::move(stats);
  response.set_instance_id(facts_.instance_id);
  co_return response;
}

AdminService::Result<v1::WarmCacheResponse> AdminService::WarmCache(CallContext ctx,
                                                                    v1::WarmCacheRequest request) {
  GH_CO_RETURN_IF_ERROR(RequireOperator(ctx.principal(), auth::Permission::kAdminWrite));
  FieldChecks checks;
  Uuid tenant_id = checks.OptionalUuid("tenant_id", request.tenant_id());
  if (request.tenant_id().empty()) tenant_id = ctx.principal().tenant_id;
  const v1::CacheKind kind = request.kind();
  const bool all = kind == v1::CACHE_KIND_UNSPECIFIED;
  const bool keys = all || kind == v1::CACHE_KIND_SIGNING_KEYS;
  const bool schemas = all || kind == v1::CACHE_KIND_EVENT_SCHEMAS;
  const bool endpoints = all || kind == v1::CACHE_KIND_ENDPOINTS;
  if (!keys && !schemas && !endpoints) checks.Fail("kind", "is none that can be made warm");
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  if (keys) GH_CO_RETURN_IF_ERROR(co_await deps_.rotation.Load(ctx));
  if (schemas) GH_CO_RETURN_IF_ERROR(co_await deps_.event_schemas.Warm(ctx, tenant_id));
  if (endpoints) deps_.read_endpoints();
  v1::WarmCacheResponse response;
  for (v1::CacheStats& stats : Caches()) {
    if (all || stats.kind() == kind) *response.add_caches() = std::move(stats);
  }
  response.set_instance_id(facts_.instance_id);
  co_return response;
}

AdminService::Result<v1::InvalidateCacheResponse> AdminService::InvalidateCache(
    CallContext ctx, v1::InvalidateCacheRequest request, MutationKey key) {
  GH_CO_RETURN_IF_ERROR(RequireOperator(ctx.principal(), auth::Permission::kAdminWrite));
  GH_CO_ASSIGN_OR_RETURN(Scope scope, ScopeOf(request));
  const base::Time now = deps_.clock.Now();
  const v1::InvalidateCacheResponse response;
  GH_CO_RETURN_IF_ERROR(co_await deps_.events.Append(
      ctx,
      storage::MakeEvent(ctx, now, std::string(storage::event_types::kCacheInvalidated),
                         std::move(scope.targets)),
      key.WithResponse(response, now)));
  if (scope.signing_keys) GH_CO_RETURN_IF_ERROR(co_await deps_.rotation.Load(ctx));
  if (scope.event_schemas) deps_.event_schemas.ForgetAll();
  if (scope.endpoints) deps_.read_endpoints();
  if (!scope.id.is_nil()) {
    deps_.authenticator.Forget(scope.id);
  } else if (scope.verdicts) {
    deps_.authenticator.InvalidateAll();
  }
  co_return response;
}

}  // namespace gatehouse::service
