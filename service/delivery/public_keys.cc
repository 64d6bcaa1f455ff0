#include "service/delivery/public_keys.h"

#include <memory>
#include <optional>
#include <utility>

#include "service/common/json.h"
#include "service/delivery/payload.h"
#include "service/delivery/signature.h"
#include "storage/endpoint/endpoint.h"

namespace gatehouse::service::delivery {

void PublicKeys::Replace(const base::Uuid& tenant_id, const EndpointMap& endpoints) {
  std::unordered_map<base::Uuid, std::vector<Key>> replaced;
  for (const auto& [id, endpoint] : endpoints) {
    for (const storage::EndpointSecret& pair : endpoint->key_pairs) {
      replaced[id].push_back({.id = pair.id.ToString(),
                              .public_key = FormatPublicKey(pair.key),
                              .create_time = pair.create_time,
                              .expire_time = pair.expire_time});
    }
  }
  const base::MutexLock lock(mutex_);
  std::vector<base::Uuid>& known = endpoints_[tenant_id];
  for (const base::Uuid& id : known) keys_.erase(id);
  known.clear();
  for (auto& [id, keys] : replaced) {
    known.push_back(id);
    keys_[id] = std::move(keys);
  }
}

std::string PublicKeys::JsonOf(std::string_view endpoint_id, base::Time now) const {
  const std::optional<base::Uuid> id = base::Uuid::Parse(endpoint_id);
  if (!id) return {};
  std::vector<Key> keys;
  {
    const base::MutexLock lock(mutex_);
    const auto found = keys_.find(*id);
    if (found == keys_.end()) return {};
    keys = found->second;
  }
  std::string json;
  for (const Key& key : keys) {
    if (key.expire_time <= now) continue;
    JsonObject object;
    object.Add("id", key.id)
        .Add("scheme", "v1a")
        .Add("public_key", key.public_key)
        .Add("create_time", FormatTimestamp(key.create_time));
    if (key.expire_time != base::Time::max()) {
      object.Add("expire_time", FormatTimestamp(key.expire_time));
    }
    json += (json.empty() ? "" : ",") + object.ToString();
  }
  return "{\"keys\":[" + json + "]}\n";
}

}  // namespace gatehouse::service::delivery
