#ifndef GATEHOUSE_STORAGE_ENDPOINT_ENDPOINT_H_
#define GATEHOUSE_STORAGE_ENDPOINT_ENDPOINT_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::storage {

// gatehouse.v1.EndpointState.
enum class EndpointState : int32_t { kEnabled = 1, kPaused = 2, kDisabled = 3 };

// Where webhooks go.
struct Endpoint {
  base::Uuid tenant_id;
  base::Uuid id;
  std::string url;
  // "session.created", "session.*" or "*".
  std::vector<std::string> event_types;
  std::string description;
  std::map<std::string, std::string> headers;
  // Raw signing keys, the current one first. Sealed at rest.
  std::vector<std::string> keys;
  std::chrono::milliseconds timeout{20'000};
  int32_t max_in_flight = 4;
  EndpointState state = EndpointState::kEnabled;
  std::string disabled_reason;
  std::string metadata_json = "{}";
  base::Time create_time;
  base::Time update_time;
  int64_t version = 1;
  // Set until fan-out has passed the event of its creation: what comes before
  // that is not the endpoint's.
  std::optional<base::Uuid> created_event_id = std::nullopt;
};

// gatehouse.v1.EndpointHealth.
struct EndpointHealth {
  bool breaker_open = false;
  int32_t consecutive_failures = 0;
  std::optional<base::Time> last_success_time;
  std::optional<base::Time> last_failure_time;
  int64_t position = 0;
  int64_t retrying_count = 0;
};

struct EndpointWithHealth {
  Endpoint endpoint;
  EndpointHealth health;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_ENDPOINT_ENDPOINT_H_
