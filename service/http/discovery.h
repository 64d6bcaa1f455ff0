#ifndef GATEHOUSE_SERVICE_HTTP_DISCOVERY_H_
#define GATEHOUSE_SERVICE_HTTP_DISCOVERY_H_

#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::service::http {

// What libraries that know nothing but the issuer of a token look for: OpenID Connect Discovery 1.0
// and RFC 8414, as far as they are about verifying. nullopt if `issuer` is no http or https URL, so
// that nothing can be found by it. `jwks_json`: the key set, by which the algorithms are named.
std::optional<std::string> DiscoveryDocument(std::string_view issuer, std::string_view jwks_json);

}  // namespace gatehouse::service::http

#endif  // GATEHOUSE_SERVICE_HTTP_DISCOVERY_H_
