#ifndef GATEHOUSE_SERVICE_WEBHOOK_ENDPOINT_ENDPOINT_RULES_H_
#define GATEHOUSE_SERVICE_WEBHOOK_ENDPOINT_ENDPOINT_RULES_H_

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "service/delivery/http/address_guard.h"

namespace gatehouse::service {

// What the operator's configuration says about where webhooks may go.
struct UrlPolicy {
  bool allow_http = false;
  delivery::AddressGuard guard = {};
};

// https://host[:port][/path][?query], at most 2,048 bytes, with none of the
// spellings by which parsers can be made to disagree about the host:
// credentials, numeric hosts other than a plain address, zones, trailing dots,
// non-ASCII. An address in the host is judged at once, names when connecting.
absl::Status CheckEndpointUrl(std::string_view url, const UrlPolicy& policy);

// At most 16 headers of the caller's own, none that the protocol or the HTTP
// client owns, values of visible ASCII.
absl::Status CheckEndpointHeaders(const std::map<std::string, std::string>& headers);

// 1 to 64 entries: "session.created", "session.*" or "*", none of which can match nothing. What is
// wrong is said of `field`.
absl::Status CheckEventPatterns(std::span<const std::string> patterns,
                                std::string_view field = "endpoint.event_types");

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WEBHOOK_ENDPOINT_ENDPOINT_RULES_H_
