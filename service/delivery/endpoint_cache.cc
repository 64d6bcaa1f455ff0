#include "service/delivery/endpoint_cache.h"

#include <utility>

#include "base/status.h"

namespace gatehouse::service::delivery {

base::Task<absl::StatusOr<std::vector<storage::Endpoint>>> EndpointCache::ReadStored(
    base::CallContext ctx, std::optional<base::Uuid> tenant_id) {
  ++reads_;
  return read_(std::move(ctx), tenant_id);
}

base::Task<absl::Status> EndpointCache::LoadAll(base::CallContext ctx) {
  GH_CO_ASSIGN_OR_RETURN(std::vector<storage::Endpoint> endpoints,
                         co_await ReadStored(ctx, std::nullopt));
  for (auto& [id, tenant] : tenants_) tenant.endpoints.clear();
  for (storage::Endpoint& endpoint : endpoints) {
    EndpointMap& map = tenants_[endpoint.tenant_id].endpoints;
    const base::Uuid id = endpoint.id;
    map[id] = std::make_shared<const storage::Endpoint>(std::move(endpoint));
  }
  CountEndpoints();
  for (const auto& [id, tenant] : tenants_) Tell(id, tenant.endpoints);
  co_return absl::OkStatus();
}

base::Task<absl::Status> EndpointCache::Reload(base::CallContext ctx, base::Uuid tenant_id) {
  // It stays where it is, whichever tenants are added meanwhile.
  Tenant& tenant = tenants_[tenant_id];
  const Turnstile::Pass pass = co_await tenant.turn.Enter();
  const uint64_t marks = tenant.marks;
  GH_CO_ASSIGN_OR_RETURN(std::vector<storage::Endpoint> endpoints,
                         co_await ReadStored(ctx, tenant_id));
  EndpointMap map;
  for (storage::Endpoint& endpoint : endpoints) {
    const base::Uuid id = endpoint.id;
    map[id] = std::make_shared<const storage::Endpoint>(std::move(endpoint));
  }
  tenant.endpoints = std::move(map);
  tenant.loaded = marks;
  std::erase_if(tenant.marked, [marks](const auto& one) { return one.second <= marks; });
  CountEndpoints();
  Tell(tenant_id, tenant.endpoints);
  co_return absl::OkStatus();
}

void EndpointCache::MarkStale(const base::Uuid& tenant_id, std::optional<base::Uuid> endpoint_id) {
  Tenant& tenant = tenants_[tenant_id];
  ++tenant.marks;
  (endpoint_id ? tenant.marked[*endpoint_id] : tenant.all_marked) = tenant.marks;
}

bool EndpointCache::IsStale(const storage::EndpointKey& key) const {
  const auto found = tenants_.find(key.tenant_id);
  if (found == tenants_.end()) return false;
  const Tenant& tenant = found->second;
  return tenant.all_marked > tenant.loaded || tenant.marked.contains(key.endpoint_id);
}

bool EndpointCache::HasStale(const base::Uuid& tenant_id) const {
  const auto tenant = tenants_.find(tenant_id);
  return tenant != tenants_.end() && tenant->second.marks > tenant->second.loaded;
}

std::shared_ptr<const storage::Endpoint> EndpointCache::Find(
    const storage::EndpointKey& key) const {
  const EndpointMap& map = endpoints(key.tenant_id);
  const auto endpoint = map.find(key.endpoint_id);
  if (endpoint == map.end()) return nullptr;
  ++hits_;
  return endpoint->second;
}

std::vector<base::Uuid> EndpointCache::tenants() const {
  std::vector<base::Uuid> ids;
  ids.reserve(tenants_.size());
  for (const auto& [id, tenant] : tenants_) ids.push_back(id);
  return ids;
}

void EndpointCache::CountEndpoints() {
  size_t count = 0;
  for (const auto& [id, tenant] : tenants_) count += tenant.endpoints.size();
  size_ = count;
}

const EndpointMap& EndpointCache::endpoints(const base::Uuid& tenant_id) const {
  static const EndpointMap kNone;
  const auto tenant = tenants_.find(tenant_id);
  return tenant == tenants_.end() ? kNone : tenant->second.endpoints;
}

}  // namespace gatehouse::service::delivery
