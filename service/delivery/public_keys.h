#ifndef GATEHOUSE_SERVICE_DELIVERY_PUBLIC_KEYS_H_
#define GATEHOUSE_SERVICE_DELIVERY_PUBLIC_KEYS_H_

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/async/mutex.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/delivery/tenant_log.h"

namespace gatehouse::service::delivery {

// The public halves of the endpoints' key pairs, as the engine has last read them: for receivers,
// who fetch them over HTTP without a credential, and so without a statement either.
//
// Thread-safe.
class PublicKeys {
 public:
  // In the place of what was known of the tenant.
  void Replace(const base::Uuid& tenant_id, const EndpointMap& endpoints) GH_EXCLUDES(mutex_);

  // {"keys": [{"id", "scheme", "public_key", "create_time", "expire_time"}]}, those that sign at
  // `now`, the current one first; empty if the endpoint has none, or there is no such endpoint.
  std::string JsonOf(std::string_view endpoint_id, base::Time now) const GH_EXCLUDES(mutex_);

 private:
  struct Key {
    std::string id;
    std::string public_key;
    base::Time create_time;
    base::Time expire_time;
  };

  mutable base::Mutex mutex_;
  std::unordered_map<base::Uuid, std::vector<base::Uuid>> endpoints_ GH_GUARDED_BY(mutex_);
  std::unordered_map<base::Uuid, std::vector<Key>> keys_ GH_GUARDED_BY(mutex_);
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_PUBLIC_KEYS_H_
