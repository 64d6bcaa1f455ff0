#include "service/delivery/delivery_request.h"

#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include "service/delivery/signature.h"

namespace gatehouse::service::delivery {
namespace {

using storage::SignatureScheme;

std::vector<std::string> LiveKeys(const std::vector<storage::EndpointSecret>& secrets,
                                  base::Time now) {
  std::vector<std::string> keys;
  for (storage::EndpointSecret& secret : storage::LiveSecrets(secrets, now)) {
    keys.push_back(std::move(secret.key));
  }
  return keys;
}

SigningKeys KeysOf(const storage::Endpoint& endpoint, base::Time now) {
  SigningKeys keys;
  if (endpoint.signature_scheme != SignatureScheme::kV1a) {
    keys.symmetric = LiveKeys(endpoint.secrets, now);
  }
  if (endpoint.signature_scheme != SignatureScheme::kV1) {
    keys.pairs = LiveKeys(endpoint.key_pairs, now);
  }
  return keys;
}

}  // namespace

HttpRequest MakeDeliveryRequest(const storage::Endpoint& endpoint, const base::Uuid& webhook_id,
                                std::shared_ptr<const std::string> body, base::Time now) {
  const int64_t unix_seconds =
      std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const std::string id = webhook_id.ToString();
  HttpRequest request{.url = endpoint.url, .body = std::move(body), .timeout = endpoint.timeout};
  request.transport = {.ca_certificates = endpoint.ca_certificates,
                       .client_certificate = endpoint.client_certificate.certificate,
                       .client_key = endpoint.client_certificate.private_key,
                       .http2 = endpoint.http2};
  request.headers = {
      {"Content-Type", "application/json"},
      {"webhook-id", id},
      {"webhook-timestamp", std::to_string(unix_seconds)},
      {std::string(kSignatureHeader),
       SignatureHeader(KeysOf(endpoint, now), id, unix_seconds, *request.body)},
  };
  request.headers.insert(request.headers.end(), endpoint.headers.begin(), endpoint.headers.end());
  return request;
}

}  // namespace gatehouse::service::delivery
