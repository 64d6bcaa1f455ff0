#include "service/http/routes.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace gatehouse::service::http {

Routes MakeRoutes(RouteSources sources) {
  Routes routes;
  routes["/healthz"] = [] { return Response{.body = "ok\n"}; };
  routes["/readyz"] = [ready = std::move(sources.ready)] {
    if (ready()) return Response{.body = "ready\n"};
    return Response{.status = 503, .body = "not ready\n"};
  };
  routes["/.well-known/jwks.json"] = [jwks = std::move(sources.jwks)] {
    // A new key is published well before it signs: a verifier may keep the set
    // for that long.
    return Response{.content_type = "application/jwk-set+json",
                    .body = jwks(),
                    .cache_control = "public, max-age=300"};
  };
  routes.below["/.well-known/webhook-keys/"] =
      [keys = std::move(sources.webhook_keys)](std::string_view endpoint_id) {
        std::string body = keys(endpoint_id);
        // Whoever guesses ids learns nothing by what is different.
        if (body.empty()) return Response{.status = 404, .body = "not found\n"};
        // A new key pair signs beside the one before it for a while, a day by default: until then
        // receivers have fetched it.
        return Response{.content_type = "application/json",
                        .body = std::move(body),
                        .cache_control = "public, max-age=300"};
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
