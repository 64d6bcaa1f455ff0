#ifndef GATEHOUSE_SERVICE_HTTP_ROUTES_H_
#define GATEHOUSE_SERVICE_HTTP_ROUTES_H_

#include <functional>
#include <string>
#include <vector>

#include "service/http/http_server.h"

namespace prometheus {
class Collectable;
}

namespace gatehouse::service::http {

struct RouteSources {
  // True while the server takes calls. Thread-safe, like the others.
  std::function<bool()> ready;
  // The JSON Web Key Set of the keys that verify access tokens.
  std::function<std::string()> jwks;
  // The `iss` of tokens. Discovery is there if it is a URL.
  std::string issuer;
  // All that is shown at /metrics. They outlive the routes.
  std::vector<const prometheus::Collectable*> metrics;
};

// What the server shows over HTTP:
//   /healthz                 200 while the process lives; restart it when not
//   /readyz                  200 or 503; send traffic elsewhere when not
//   /.well-known/jwks.json   the public keys
//   /.well-known/openid-configuration, /.well-known/oauth-authorization-server
//                            where they are, for who knows the issuer alone
//   /metrics                 Prometheus text format
Routes MakeRoutes(RouteSources sources);

}  // namespace gatehouse::service::http

#endif  // GATEHOUSE_SERVICE_HTTP_ROUTES_H_
