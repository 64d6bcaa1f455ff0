#ifndef GATEHOUSE_SERVICE_DELIVERY_DELIVERY_HEADERS_H_
#define GATEHOUSE_SERVICE_DELIVERY_DELIVERY_HEADERS_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "storage/endpoint/endpoint.h"

namespace gatehouse::service::delivery {

// The one whose value proves who sent the request.
inline constexpr std::string_view kSignatureHeader = "webhook-signature";

// The headers of one attempt, begun at `now`, to send an event with this body: those of the
// protocol, then the endpoint's own.
std::vector<std::pair<std::string, std::string>> DeliveryHeaders(const storage::Endpoint& endpoint,
                                                                 const base::Uuid& event_id,
                                                                 std::string_view body,
                                                                 base::Time now);

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_DELIVERY_HEADERS_H_
