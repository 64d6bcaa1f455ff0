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

// A new key is published well before it signs: a verifier may keep the set for that long.
constexpr char kFiveMinutes[] = "public, max-age=300";

Response NotFound() { return {.status = 404, .body = "not found\n"}; }

Response ShowKeySet(TenantKeys keys) {
  return {.content_type = "application/jwk-set+json",
          .body = std::move(keys.jwks_json),
          .cache_control = kFiveMinutes};
}

Response Discover(TenantKeys keys) {
  std::optional<std::string> document = DiscoveryDocument(keys.issuer, keys.jwks_json);
  if (!document) {
    return Response{.status = 404,
                    .body = "the issuer (auth.issuer) is not an http or https URL\n"};
  }
  return Response{.content_type = "application/json",
                  .body = *std::move(document),
                  .cache_control = kFiveMinutes};
}

// What is shown of a tenant's keys, by the path of the default tenant's.
using Show = Response (*)(TenantKeys);
constexpr std::pair<std::string_view, Show> kShown[] = {
    {"/.well-known/jwks.json", ShowKeySet},
    {"/.well-known/openid-configuration", Discover},
    {"/.well-known/oauth-authorization-server", Discover},
};

using KeysOf = std::function<std::optional<TenantKeys>(std::string_view, std::string_view)>;

Response ShowOf(const KeysOf& keys_of, Show show, std::string_view tenant,
                const HttpRequest& request) {
  std::optional<TenantKeys> keys = keys_of(tenant, request.host);
  return keys ? show(*std::move(keys)) : NotFound();
}

// As OpenID Connect Discovery 1.0 has it: "/t/acme/.well-known/openid-configuration".
Response ShowBelowTenant(const KeysOf& keys_of, const HttpRequest& request) {
  std::string_view tenant = std::string_view(request.path).substr(kTenants.size());
  for (const auto& [path, show] : kShown) {
    if (!tenant.ends_with(path)) continue;
    tenant.remove_suffix(path.size());
    return tenant.empty() ? NotFound() : ShowOf(keys_of, show, tenant, request);
  }
  return NotFound();
}

void AddKeys(const KeysOf& keys_of, Routes& routes) {
  for (const auto& [path, show] : kShown) {
    routes[std::string(path)] = [keys_of, show = show](const HttpRequest& request) {
      return ShowOf(keys_of, show, "", request);
    };
    if (show != Discover) continue;
    // Where RFC 8414 looks: "/.well-known/oauth-authorization-server/t/acme".
    const std::string before = std::string(path).append(kTenants);
    routes[before] = [keys_of, size = before.size()](const HttpRequest& request) {
      const std::string_view tenant = std::string_view(request.path).substr(size);
      return tenant.empty() ? NotFound() : ShowOf(keys_of, Discover, tenant, request);
    };
  }
  routes[std::string(kTenants)] = [keys_of](const HttpRequest& request) {
    return ShowBelowTenant(keys_of, request);
  };
}

}  // namespace

Routes MakeRoutes(RouteSources sources) {
  Routes routes;
  routes["/healthz"] = [] { return Response{.body = "ok\n"}; };
  routes["/readyz"] = [ready = std::move(sources.ready)] {
    if (ready()) return Response{.body = "ready\n"};
    return Response{.status = 503, .body = "not ready\n"};
  };
  AddKeys(sources.keys, routes);
  routes[std::string(kWebhookKeys)] = [keys = std::move(sources.webhook_keys)](
                                          const HttpRequest& request) {
    const std::string_view endpoint_id = std::string_view(request.path).substr(kWebhookKeys.size());
    const bool is_id = !endpoint_id.empty() && endpoint_id.find('/') == std::string_view::npos;
    std::string body = is_id ? keys(endpoint_id) : "";
    // Whoever guesses ids learns nothing by what is different.
    if (body.empty()) return NotFound();
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
