#include "service/delivery/delivery_headers.h"

#include <chrono>
#include <cstdint>

#include "service/delivery/signature.h"

namespace gatehouse::service::delivery {

std::vector<std::pair<std::string, std::string>> DeliveryHeaders(const storage::Endpoint& endpoint,
                                                                 const base::Uuid& event_id,
                                                                 std::string_view body,
                                                                 base::Time now) {
  const int64_t unix_seconds =
      std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const std::string id = event_id.ToString();
  std::vector<std::pair<std::string, std::string>> headers = {
      {"Content-Type", "application/json"},
      {"webhook-id", id},
      {"webhook-timestamp", std::to_string(unix_seconds)},
      {std::string(kSignatureHeader), SignatureHeader(endpoint.keys, id, unix_seconds, body)},
  };
  headers.insert(headers.end(), endpoint.headers.begin(), endpoint.headers.end());
  return headers;
}

}  // namespace gatehouse::service::delivery
