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
#include "service/delivery/tenant_log.h"
#include "storage/endpoint/endpoint.h"

namespace gatehouse::service::delivery {

// The settings of all endpoints, as each request needs them: URL, keys, state.
//
// Kept fresh by the log: whoever changes an endpoint writes an endpoint.* event
// in the same transaction, and the follower reloads the tenant before it goes
// on past that. A change made by this process is told at once, by MarkStale:
// from then on nothing is sent with the old settings.
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
  // Reads the tenant's endpoints anew, again if it went stale meanwhile.
  base::Task<absl::Status> Reload(base::CallContext ctx, base::Uuid tenant_id);

  void MarkStale(const base::Uuid& tenant_id);
  bool IsStale(const base::Uuid& tenant_id) const;

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
    // Fresh while equal.
    uint64_t changes = 0;
    uint64_t loaded = 0;
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
