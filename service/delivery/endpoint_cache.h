#ifndef GATEHOUSE_SERVICE_DELIVERY_ENDPOINT_CACHE_H_
#define GATEHOUSE_SERVICE_DELIVERY_ENDPOINT_CACHE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/uuid.h"
#include "service/delivery/endpoint_cache_stats.h"
#include "service/delivery/engine/turnstile.h"
#include "service/delivery/tenant_log.h"
#include "storage/endpoint/endpoint.h"

namespace gatehouse::service::delivery {

// The settings of all endpoints, as each request needs them: URL, keys, state.
//
// Kept fresh by the log: whoever changes an endpoint writes an endpoint.* event
// in the same transaction, and the follower reloads the tenant before it goes
// on past that. A change made by this process is told at once, by MarkStale:
// from then on nothing is sent with the old settings of that endpoint. Each read
// counts for what was marked before it began, so however fast changes come, they
// hold up the endpoints that they are about, and no others.
//
// Thread: the engine's loop.
class EndpointCache {
 public:
  // Reads the endpoints of a tenant, or all there are.
  using Read = std::function<base::Task<absl::StatusOr<std::vector<storage::Endpoint>>>(
      base::CallContext ctx, std::optional<base::Uuid> tenant_id)>;

  // Told of the endpoints of a tenant whenever they were read.
  using OnRead = std::function<void(const base::Uuid& tenant_id, const EndpointMap& endpoints)>;

  explicit EndpointCache(Read read, OnRead on_read = {})
      : read_(std::move(read)), on_read_(std::move(on_read)) {}

  base::Task<absl::Status> LoadAll(base::CallContext ctx);
  // Reads the tenant's endpoints anew, once; after a read of them that is under way.
  base::Task<absl::Status> Reload(base::CallContext ctx, base::Uuid tenant_id);

  // What was read of the endpoint is old; without one, what was read of all of the tenant's.
  void MarkStale(const base::Uuid& tenant_id, std::optional<base::Uuid> endpoint_id = std::nullopt);
  bool IsStale(const storage::EndpointKey& key) const;
  // Some endpoint of the tenant is.
  bool HasStale(const base::Uuid& tenant_id) const;

  // Null if there is none.
  std::shared_ptr<const storage::Endpoint> Find(const storage::EndpointKey& key) const;
  const EndpointMap& endpoints(const base::Uuid& tenant_id) const;
  // Of which something was read.
  std::vector<base::Uuid> tenants() const;
  // From any thread.
  EndpointCacheStats stats() const { return {.endpoints = size_, .hits = hits_, .reads = reads_}; }

 private:
  struct Tenant {
    EndpointMap endpoints;
    // How often something was marked; the last time that all were, and each by itself.
    uint64_t marks = 0;
    uint64_t all_marked = 0;
    std::unordered_map<base::Uuid, uint64_t> marked = {};
    // What was marked up to here has been read since.
    uint64_t loaded = 0;
    // One read at a time, or an older one could come after a newer one.
    Turnstile turn = {};
  };

  base::Task<absl::StatusOr<std::vector<storage::Endpoint>>> ReadStored(
      base::CallContext ctx, std::optional<base::Uuid> tenant_id);
  void CountEndpoints();
  void Tell(const base::Uuid& tenant_id, const EndpointMap& endpoints) const {
    if (on_read_) on_read_(tenant_id, endpoints);
  }

  Read read_;
  OnRead on_read_;
  std::unordered_map<base::Uuid, Tenant> tenants_;
  std::atomic<size_t> size_ = 0;
  mutable std::atomic<uint64_t> hits_ = 0;
  std::atomic<uint64_t> reads_ = 0;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_ENDPOINT_CACHE_H_
