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

constexpr std::string_view kTenants = "/t/";
constexpr std::string_view kWebhookKeys = "/.well-known/webhook-keys/";
constexpr std::string_view kKeySet = "/.well-known/jwks.json";

// A new key is published well before it signs: a verifier may keep the set for that long.
constexpr char kFiveMinutes[] = "public, max-age=300";

Response KeySetResponse(std::optional<std::string> keys) {
  if (!keys) return {.status = 404, .body = "not found\n"};
  return {.content_type = "application/jwk-set+json",
          .body = *std::move(keys),
          .cache_control = kFiveMinutes};
}

// "/t/acme/.well-known/jwks.json" -> "acme"; empty if it is no such path.
std::string_view TenantOfPath(std::string_view path) {
  path.remove_prefix(kTenants.size());
  if (!path.ends_with(kKeySet)) return {};
  path.remove_suffix(kKeySet.size());
  return path;
}

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
    routes[path] = [issuer = sources.issuer, jwks = sources.jwks](const HttpRequest& request) {
      return Discover(issuer, jwks("", request.host).value_or(""));
    };
  }
  routes[std::string(kKeySet)] = [jwks = sources.jwks](const HttpRequest& request) {
    return KeySetResponse(jwks("", request.host));
  };
  routes[std::string(kTenants)] = [jwks = std::move(sources.jwks)](const HttpRequest& request) {
    const std::string_view tenant = TenantOfPath(request.path);
    return KeySetResponse(tenant.empty() ? std::nullopt : jwks(tenant, request.host));
  };
  routes[std::string(kWebhookKeys)] = [keys = std::move(sources.webhook_keys)](
                                          const HttpRequest& request) {
    const std::string_view endpoint_id = std::string_view(request.path).substr(kWebhookKeys.size());
    const bool is_id = !endpoint_id.empty() && endpoint_id.find('/') == std::string_view::npos;
    std::string body = is_id ? keys(endpoint_id) : "";
    // Whoever guesses ids learns nothing by what is different.
    if (body.empty()) return Response{.status = 404, .body = "not found\n"};
    // A new key pair signs beside the one before it for a while, a day by default: until then
    // receivers have fetched it.
    return Response{
        .content_type = "application/json", .body = std::move(body), .cache_control = kFiveMinutes};
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
