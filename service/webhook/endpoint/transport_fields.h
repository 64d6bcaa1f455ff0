#ifndef GATEHOUSE_SERVICE_WEBHOOK_ENDPOINT_TRANSPORT_FIELDS_H_
#define GATEHOUSE_SERVICE_WEBHOOK_ENDPOINT_TRANSPORT_FIELDS_H_

#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "service/common/validate.h"
#include "storage/endpoint/endpoint.h"

namespace gatehouse::v1 {
class Endpoint;
}

namespace gatehouse::service {

// The fields of gatehouse.v1.Endpoint that say how, and how fast, requests are made. As
// ApplyEndpointFields; what is there already of a certificate that `from` repeats without its key
// stays.
void ApplyTransportFields(const v1::Endpoint& from, std::span<const std::string> fields,
                          base::Time now, storage::Endpoint& to, FieldChecks& checks);

// Whether the two agree in `field`, one of these.
bool SameTransportField(std::string_view field, const storage::Endpoint& a,
                        const storage::Endpoint& b);

// Without the private key.
void TransportToProto(const storage::Endpoint& from, v1::Endpoint& to);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WEBHOOK_ENDPOINT_TRANSPORT_FIELDS_H_
