#ifndef GATEHOUSE_SERVICE_DELIVERY_ENDPOINT_CACHE_STATS_H_
#define GATEHOUSE_SERVICE_DELIVERY_ENDPOINT_CACHE_STATS_H_

#include <cstddef>
#include <cstdint>

namespace gatehouse::service::delivery {

// How much of the endpoints' settings is in memory, and of how much use that is. Of its own, so
// that who shows it need not know the cache.
struct EndpointCacheStats {
  // Of all tenants.
  size_t endpoints = 0;
  // Since the start: how often the settings of one were taken from memory, and how often those of a
  // tenant, or all, were read.
  uint64_t hits = 0;
  uint64_t reads = 0;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_ENDPOINT_CACHE_STATS_H_
