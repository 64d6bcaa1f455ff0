#include "service/http/routes.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "service/http/discovery.h"

namespace gatehouse::service::http {
namespace {

// A new key is published well before it signs: a verifier may keep the set for that long.
constexpr char kFiveMinutes[] = "public, max-age=300";

Response Discover(const std::string& issuer, const std::string& jwks_json) {
  std::optional<std::string> document = DiscoveryDocument(issuer, jwks_json);
  if (!document) {
    return Response{.status = 404,
                    .body = "the issuer (auth.issuer) is not an http or https URL\n"};
  }
  return Response{.content_type = "application/json",
                  .body = *std::move(document),
                  .cache_control = kFiveMinutes};
}

}  // namespace

Routes MakeRoutes(RouteSources sources) {
  Routes routes;
  routes["/healthz"] = [] { return Response{.body = "ok\n"}; };
  routes["/readyz"] = [ready = std::move(sources.ready)] {
    if (ready()) return Response{.body = "ready\n"};
    return Response{.status = 503, .body = "not ready\n"};
  };
  for (const char* path :
       {"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"}) {
    routes[path] = [issuer = sources.issuer, jwks = sources.jwks] {
      return Discover(issuer, jwks());
    };
  }
  routes["/.well-known/jwks.json"] = [jwks = std::move(sources.jwks)] {
    return Response{
        .content_type = "application/jwk-set+json", .body = jwks(), .cache_control = kFiveMinutes};
  };
  routes["/metrics"] = [metrics = std::move(sources.metrics)] {
    std::vector<prometheus::MetricFamily> families;
    for (const prometheus::Collectable* source : metrics) {
      std::ranges::move(source->Collect(), std::back_inserter(families));
    }
    return Response{.content_type = "text/plain; version=0.0.4; charset=utf-8",
                    .body = prometheus::TextSerializer().Serialize(families)};
  };
  return routes;
}

}  // namespace gatehouse::service::http
