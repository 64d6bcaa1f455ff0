#ifndef GATEHOUSE_SERVICE_WEBHOOK_ENDPOINT_ENDPOINT_FIELDS_H_
#define GATEHOUSE_SERVICE_WEBHOOK_ENDPOINT_ENDPOINT_FIELDS_H_

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/call_context.h"
#include "base/time.h"
#include "service/common/validate.h"
#include "service/webhook/endpoint/endpoint_rules.h"
#include "storage/delivery/delivery.h"
#include "storage/endpoint/endpoint.h"
#include "storage/event.h"

namespace gatehouse::v1 {
class Delivery;
class DeliveryAttempt;
class Endpoint;
class EndpointSecret;
}  // namespace gatehouse::v1

namespace gatehouse::service {

// The fields of gatehouse.v1.Endpoint that callers set.
// max_burst is set after the rate that it belongs to.
inline constexpr std::array<std::string_view, 16> kEndpointFields = {
    "url",
    "event_types",
    "description",
    "headers",
    "timeout",
    "max_in_flight",
    "state",
    "metadata",
    "signature_scheme",
    "payload_filter",
    "max_per_second",
    "max_burst",
    "retry_schedule",
    "ca_certificates",
    "client_certificate",
    "http2",
};

// Stands for the value of a header in every answer: values are credentials. In
// an update it leaves the value as it is.
inline constexpr std::string_view kHiddenValue = "***";

// Takes `fields` over from `from`, with the defaults for what is unset; what is
// wrong goes to `checks`.
void ApplyEndpointFields(const v1::Endpoint& from, std::span<const std::string> fields,
                         const UrlPolicy& policy, base::Time now, storage::Endpoint& to,
                         FieldChecks& checks);

// Gives it its first key pair if its scheme needs one and there is none.
void AddKeyPairFor(storage::Endpoint& endpoint, base::Time now);

// Those of kEndpointFields in which the two differ.
std::vector<std::string> ChangedEndpointFields(const storage::Endpoint& before,
                                               const storage::Endpoint& after);

// With the secrets that are live at `now`.
absl::Status ToProto(const storage::EndpointWithHealth& from, base::Time now, v1::Endpoint& to);
// But for its value.
void ToProto(const storage::EndpointSecret& from, v1::EndpointSecret& to);
// As ToProto has a secret; with its public half.
void KeyPairToProto(const storage::EndpointSecret& from, v1::EndpointSecret& to);
// `number`: of the attempts of its delivery.
void ToProto(int number, const storage::AttemptRecord& from, v1::DeliveryAttempt& to);
void ToProto(const storage::EndpointKey& key, const storage::Delivery& from, v1::Delivery& to);

// An event about an endpoint. Names its host alone: the rest of a URL may hold
// a credential.
storage::Event EndpointEvent(const base::CallContext& ctx, base::Time now, std::string_view type,
                             const storage::Endpoint& endpoint, std::string details_json = "{}");

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WEBHOOK_ENDPOINT_ENDPOINT_FIELDS_H_
