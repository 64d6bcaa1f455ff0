#ifndef GATEHOUSE_STORAGE_ENDPOINT_ENDPOINT_H_
#define GATEHOUSE_STORAGE_ENDPOINT_ENDPOINT_H_

#include <chrono>
#include <cstddef>
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

// gatehouse.v1.SignatureScheme.
enum class SignatureScheme : int32_t { kV1 = 1, kV1a = 2, kV1AndV1a = 3 };

// A key that signs an endpoint's deliveries.
struct EndpointSecret {
  base::Uuid id;
  // Raw. Sealed at rest.
  std::string key;
  base::Time create_time;
  // It signs until then. The maximum: for as long as it is the current one.
  base::Time expire_time = base::Time::max();
};

// PEM, both.
struct ClientCertificate {
  // With those between it and its authority.
  std::string certificate;
  // Sealed at rest.
  std::string private_key;

  bool empty() const { return certificate.empty(); }
  friend bool operator==(const ClientCertificate&, const ClientCertificate&) = default;
};

// Where webhooks go.
struct Endpoint {
  base::Uuid tenant_id;
  base::Uuid id;
  std::string url;
  // "session.created", "session.*" or "*".
  std::vector<std::string> event_types;
  // Which of these, by their bodies; empty: all. PayloadFilter.
  std::string payload_filter;
  std::string description;
  std::map<std::string, std::string> headers;
  SignatureScheme signature_scheme = SignatureScheme::kV1;
  // For `v1`. At most kMaxLiveSecrets that are live, the current one first; perhaps some that have
  // expired.
  std::vector<EndpointSecret> secrets;
  // For `v1a`, as well: the seed and the public key of Ed25519. None until the scheme needs one.
  std::vector<EndpointSecret> key_pairs;
  std::chrono::milliseconds timeout{20'000};
  int32_t max_in_flight = 4;
  // Requests a second on average, and how many at once after a while without; 0: as many as come.
  double max_per_second = 0;
  int32_t max_burst = 0;
  // After each failed attempt but the last; nullopt: the server's own schedule.
  std::optional<std::vector<std::chrono::milliseconds>> retry_delays = std::nullopt;
  // It may be spoken to by HTTP/2.
  bool http2 = false;
  // PEM: the authorities that vouch for it, in the place of the server's; empty: the server's.
  std::string ca_certificates = {};
  // What is shown to it where it asks for a certificate; none if empty.
  ClientCertificate client_certificate = {};
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

// How many secrets of an endpoint, and how many key pairs, sign at a time: the current one, and
// those from before it.
inline constexpr size_t kMaxLiveSecrets = 3;

// Those that sign at `now`, in the same order.
inline std::vector<EndpointSecret> LiveSecrets(const std::vector<EndpointSecret>& secrets,
                                               base::Time now) {
  std::vector<EndpointSecret> live;
  for (const EndpointSecret& secret : secrets) {
    if (secret.expire_time > now) live.push_back(secret);
  }
  return live;
}

// gatehouse.v1.EndpointHealth.
struct EndpointHealth {
  bool breaker_open = false;
  int32_t consecutive_failures = 0;
  std::optional<base::Time> last_success_time;
  std::optional<base::Time> last_failure_time;
  int64_t position = 0;
  int64_t retrying_count = 0;
  int64_t max_pending_count = 0;
  std::optional<base::Time> oldest_pending_time;
  // Attempts of the last while, as their deliverer encodes them.
  std::string recent;
  // Its rate held back events until then, as its deliverer last wrote.
  std::optional<base::Time> paced_until = std::nullopt;
};

struct EndpointWithHealth {
  Endpoint endpoint;
  EndpointHealth health;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_ENDPOINT_ENDPOINT_H_
