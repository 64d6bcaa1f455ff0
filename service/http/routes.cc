#include "service/http/routes.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace gatehouse::service::http {
namespace {

constexpr std::string_view kTenants = "/t/";
constexpr std::string_view kKeySet = "/.well-known/jwks.json";

Response KeySetResponse(std::optional<std::string> keys) {
  if (!keys) return {.status = 404, .body = "not found\n"};
  // A new key is published well before it signs: a verifier may keep the set
  // for that long.
  return {.content_type = "application/jwk-set+json",
          .body = *std::move(keys),
          .cache_control = "public, max-age=300"};
}

// "/t/acme/.well-known/jwks.json" -> "acme"; empty if it is no such path.
std::string_view TenantOfPath(std::string_view path) {
  path.remove_prefix(kTenants.size());
  if (!path.ends_with(kKeySet)) return {};
  path.remove_suffix(kKeySet.size());
  return path;
}

}  // namespace

Routes MakeRoutes(RouteSources sources) {
  Routes routes;
  routes["/healthz"] = [] { return Response{.body = "ok\n"}; };
  routes["/readyz"] = [ready = std::move(sources.ready)] {
    if (ready()) return Response{.body = "ready\n"};
    return Response{.status = 503, .body = "not ready\n"};
  };
  routes[std::string(kKeySet)] = [jwks = sources.jwks](const HttpRequest& request) {
    return KeySetResponse(jwks("", request.host));
  };
  routes[std::string(kTenants)] = [jwks = std::move(sources.jwks)](const HttpRequest& request) {
    const std::string_view tenant = TenantOfPath(request.path);
    return KeySetResponse(tenant.empty() ? std::nullopt : jwks(tenant, request.host));
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
