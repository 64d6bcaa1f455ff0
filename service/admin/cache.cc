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

v1::CacheStats& Add(v1::GetCacheStatsResponse& response, v1::CacheKind kind, size_t size,
                    size_t capacity) {
  v1::CacheStats& stats = *response.add_caches();
  stats.set_kind(kind);
  stats.set_size(static_cast<int64_t>(size));
  stats.set_capacity(static_cast<int64_t>(capacity));
  return stats;
}

// What is to be forgotten.
struct Scope {
  bool verdicts = false;
  bool signing_keys = false;
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
      scope.signing_keys = !entry;
      break;
    case v1::CACHE_KIND_VERDICTS:
      scope.verdicts = true;
      break;
    case v1::CACHE_KIND_SIGNING_KEYS:
      scope.signing_keys = true;
      if (entry) checks.Fail("kind", "has no entries of a user, a session or an API key");
      break;
    default:
      checks.Fail("kind", "is none that can be invalidated");
  }
  GH_RETURN_IF_ERROR(checks.ToStatus());
  if (!entry && scope.verdicts) scope.targets.push_back({"cache", "verdicts", ""});
  if (scope.signing_keys) scope.targets.push_back({"cache", "signing_keys", ""});
  return scope;
}

}  // namespace

AdminService::Result<v1::GetCacheStatsResponse> AdminService::GetCacheStats(
    CallContext ctx, v1::GetCacheStatsRequest) {
  GH_CO_RETURN_IF_ERROR(RequireOperator(ctx.principal(), auth::Permission::kAdminRead));
  v1::GetCacheStatsResponse response;
  const auth::VerdictCache::Stats verdicts = deps_.authenticator.cache_stats();
  v1::CacheStats& counted =
      Add(response, v1::CACHE_KIND_VERDICTS, verdicts.entries, verdicts.capacity);
  counted.set_hits(static_cast<int64_t>(verdicts.hits));
  counted.set_misses(static_cast<int64_t>(verdicts.misses));
  counted.set_evictions(static_cast<int64_t>(verdicts.evictions));
  Add(response, v1::CACHE_KIND_REVOCATIONS, deps_.authenticator.revocation_count(),
      deps_.authenticator.revocation_capacity());
  Add(response, v1::CACHE_KIND_SIGNING_KEYS, deps_.keyring.size(), 0);
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
  if (!scope.id.is_nil()) {
    deps_.authenticator.Forget(scope.id);
  } else if (scope.verdicts) {
    deps_.authenticator.InvalidateAll();
  }
  co_return response;
}

}  // namespace gatehouse::service
