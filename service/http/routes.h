#ifndef GATEHOUSE_SERVICE_HTTP_ROUTES_H_
#define GATEHOUSE_SERVICE_HTTP_ROUTES_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/http/http_server.h"

namespace prometheus {
class Collectable;
}

namespace gatehouse::service::http {

// By what the access tokens of a tenant are verified.
struct TenantKeys {
  // Their `iss`. Discovery is there if it is a URL.
  std::string issuer;
  // The public keys, as a JSON Web Key Set.
  std::string jwks_json;
};

struct RouteSources {
  // True while the server takes calls. Thread-safe, like the others.
  std::function<bool()> ready;
  // By what the access tokens of a tenant are verified, by its id or name; with an empty `tenant`
  // of the one whose host this is, or the default one. nullopt: there is no such tenant.
  std::function<std::optional<TenantKeys>(std::string_view tenant, std::string_view host)> keys;
  // The public keys of the endpoint with this id, as JSON; empty: it has none, or there is no such
  // endpoint.
  std::function<std::string(std::string_view endpoint_id)> webhook_keys;
  // All that is shown at /metrics. They outlive the routes.
  std::vector<const prometheus::Collectable*> metrics;
};

// What the server shows over HTTP:
//   /healthz                 200 while the process lives; restart it when not
//   /readyz                  200 or 503; send traffic elsewhere when not
//   /.well-known/jwks.json   the public keys of the tenant of this host
//   /.well-known/openid-configuration, /.well-known/oauth-authorization-server
//                            where they are, for who knows the issuer alone
//   /t/TENANT/.well-known/...   these three of a tenant by its id or name
//   /.well-known/oauth-authorization-server/t/TENANT, and the other document, where RFC 8414 looks
//   /.well-known/webhook-keys/<endpoint id>   public keys that verify its v1a signatures
//   /metrics                 Prometheus text format
Routes MakeRoutes(RouteSources sources);

}  // namespace gatehouse::service::http

#endif  // GATEHOUSE_SERVICE_HTTP_ROUTES_H_
