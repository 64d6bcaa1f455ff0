#ifndef GATEHOUSE_SERVICE_DELIVERY_DELIVERY_REQUEST_H_
#define GATEHOUSE_SERVICE_DELIVERY_DELIVERY_REQUEST_H_

#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"
#include "base/uuid.h"
#include "service/delivery/http/http_sender.h"
#include "storage/endpoint/endpoint.h"

namespace gatehouse::service::delivery {

// The header whose value proves who sent a request.
inline constexpr std::string_view kSignatureHeader = "webhook-signature";

// The request that brings `body` to an endpoint: with its own headers, and signed at `now`, the
// time of the attempt, with everything of its scheme that is live then.
HttpRequest MakeDeliveryRequest(const storage::Endpoint& endpoint, const base::Uuid& webhook_id,
                                std::shared_ptr<const std::string> body, base::Time now);

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_DELIVERY_REQUEST_H_
