// Webhook endpoints, changed on the server that does not deliver to them. The order of the log is
// what is proven: an event that is published after a change goes by it, however fast the deliverer
// is.

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "base/text/encoding.h"
#include "gatehouse/v1/admin.pb.h"
#include "gatehouse/v1/webhook.pb.h"
#include "tests/integration/coherence/cases.h"
#include "tests/integration/webhook/expected_signature.h"
#include "tests/support/http/http_receiver.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::tests {
namespace {

// Endpoints at one receiver, told apart by their paths, which all want the same events.
class Endpoints {
 public:
  explicit Endpoints(TwoServers& servers) : servers_(servers) {}

  std::string Url(const std::string& path) const { return receiver_.Url(path); }

  std::string Create(const std::string& path) {
    v1::CreateEndpointRequest request;
    request.mutable_endpoint()->set_url(Url(path));
    request.mutable_endpoint()->add_event_types("order.paid");
    return servers_.Must<v1::CreateEndpointResponse>("WebhookService/CreateEndpoint", request)
        .endpoint()
        .id();
  }

  // The id of a new event.
  std::string Publish() {
    v1::PublishEventRequest request;
    request.set_type("order.paid");
    return servers_.Must<v1::PublishEventResponse>("WebhookService/PublishEvent", request)
        .event_id();
  }

  // On the server that does not deliver to the endpoint now; on either if none does.
  template <typename Response, typename Request>
  UnaryOutcome<Response> ByTheOther(const std::string& endpoint_id, const std::string& method,
                                    const Request& request) {
    const std::string owner = AskSql(
        servers_.dsn(), "SELECT owner FROM gatehouse.endpoint_delivery WHERE endpoint_id = '" +
                            endpoint_id + "' AND lease_until > now()");
    OneServer& other = owner == servers_.here().deliverer() ? servers_.there() : servers_.here();
    UnaryOutcome<Response> outcome;
    do {
      outcome = other.Call<Response>(servers_.operator_key(), method, request);
      // What has arrived is written a moment later.
    } while (outcome.reason() == "DELIVERY_PENDING");
    EXPECT_TRUE(outcome.ok()) << method << ": " << outcome.message;
    return outcome;
  }

  // Those that came to the path with the event.
  std::vector<HttpReceiver::Request> Received(const std::string& path,
                                              const std::string& event_id) const {
    std::vector<HttpReceiver::Request> found;
    for (const HttpReceiver::Request& request : receiver_.requests()) {
      if (request.target == path && request.headers.at("webhook-id") == event_id) {
        found.push_back(request);
      }
    }
    return found;
  }
  // Whether it comes there.
  bool Arrives(const std::string& path, const std::string& event_id) const {
    while (true) {
      const size_t seen = receiver_.count();
      if (!Received(path, event_id).empty()) return true;
      if (!receiver_.WaitForCount(seen + 1)) return false;
    }
  }

 private:
  TwoServers& servers_;
  const HttpReceiver receiver_;
};

v1::UpdateEndpointRequest MoveTo(const std::string& endpoint_id, const std::string& url) {
  v1::UpdateEndpointRequest request;
  request.set_endpoint_id(endpoint_id);
  request.mutable_endpoint()->set_url(url);
  request.mutable_update_mask()->add_paths("url");
  return request;
}

void AnEndpointOfTheOther(TwoServers& servers) {
  Endpoints endpoints(servers);
  const std::string id = endpoints.Create("/first");
  // Whose deliveries show how far the log has got.
  endpoints.Create("/witness");
  const std::string first = endpoints.Publish();
  ASSERT_TRUE(endpoints.Arrives("/first", first));

  endpoints.ByTheOther<v1::UpdateEndpointResponse>(id, "WebhookService/UpdateEndpoint",
                                                   MoveTo(id, endpoints.Url("/second")));
  const std::string moved = endpoints.Publish();
  ASSERT_TRUE(endpoints.Arrives("/second", moved));
  EXPECT_TRUE(endpoints.Received("/first", moved).empty());

  v1::RotateSecretRequest rotate;
  rotate.set_endpoint_id(id);
  rotate.mutable_overlap()->set_seconds(0);
  const std::string secret =
      endpoints.ByTheOther<v1::RotateSecretResponse>(id, "WebhookService/RotateSecret", rotate)
          .response.secret();
  const std::string rotated = endpoints.Publish();
  ASSERT_TRUE(endpoints.Arrives("/second", rotated));
  ASSERT_TRUE(secret.starts_with("whsec_"));
  const HttpReceiver::Request request = endpoints.Received("/second", rotated).front();
  EXPECT_EQ(request.headers.at("webhook-signature"),
            service::delivery::ExpectedSignature(
                request, base::Base64Decode(secret.substr(6)).value_or("")));

  v1::PauseEndpointRequest pause;
  pause.set_endpoint_id(id);
  endpoints.ByTheOther<v1::PauseEndpointResponse>(id, "WebhookService/PauseEndpoint", pause);
  const std::string paused = endpoints.Publish();
  ASSERT_TRUE(endpoints.Arrives("/witness", paused));
  endpoints.ByTheOther<v1::UpdateEndpointResponse>(id, "WebhookService/UpdateEndpoint",
                                                   MoveTo(id, endpoints.Url("/third")));
  v1::ResumeEndpointRequest resume;
  resume.set_endpoint_id(id);
  endpoints.ByTheOther<v1::ResumeEndpointResponse>(id, "WebhookService/ResumeEndpoint", resume);
  ASSERT_TRUE(endpoints.Arrives("/third", paused));
  EXPECT_TRUE(endpoints.Received("/second", paused).empty()) << "sent while it was paused";

  v1::RedeliverEventRequest again;
  again.set_endpoint_id(id);
  again.set_event_id(first);
  endpoints.ByTheOther<v1::RedeliverEventResponse>(id, "WebhookService/RedeliverEvent", again);
  ASSERT_TRUE(endpoints.Arrives("/third", first));

  v1::DeleteEndpointRequest remove;
  remove.set_endpoint_id(id);
  endpoints.ByTheOther<v1::DeleteEndpointResponse>(id, "WebhookService/DeleteEndpoint", remove);
  const std::string last = endpoints.Publish();
  ASSERT_TRUE(endpoints.Arrives("/witness", last));
  EXPECT_TRUE(endpoints.Received("/third", last).empty());
}

v1::CacheStats EndpointsInMemoryThere(TwoServers& servers) {
  const auto outcome = servers.There<v1::GetCacheStatsResponse>("AdminService/GetCacheStats",
                                                                v1::GetCacheStatsRequest());
  EXPECT_TRUE(outcome.ok()) << outcome.message;
  for (const v1::CacheStats& stats : outcome.response.caches()) {
    if (stats.kind() == v1::CACHE_KIND_ENDPOINTS) return stats;
  }
  ADD_FAILURE() << "no such kind";
  return {};
}

// Both servers have all endpoints in memory, whoever delivers.
void WhatIsInMemoryOfEndpoints(TwoServers& servers) {
  const v1::CacheStats before = EndpointsInMemoryThere(servers);
  v1::CreateEndpointRequest create;
  create.mutable_endpoint()->set_url("https://example.com/hook");
  create.mutable_endpoint()->add_event_types("nobody.wants");
  v1::DeleteEndpointRequest remove;
  TwoServers::Prove(
      [&] {
        const auto created =
            servers.Here<v1::CreateEndpointResponse>("WebhookService/CreateEndpoint", create);
        remove.set_endpoint_id(created.response.endpoint().id());
        return created;
      },
      [&] { return EndpointsInMemoryThere(servers).size() == before.size() + 1; });
  const v1::CacheStats after = EndpointsInMemoryThere(servers);
  // Its first look may be under way when the endpoint is made.
  EXPECT_GT(after.misses(), 0) << "they were read";
  EXPECT_EQ(after.evictions(), 0);
  TwoServers::Prove(
      [&] {
        return servers.Here<v1::DeleteEndpointResponse>("WebhookService/DeleteEndpoint", remove);
      },
      [&] { return EndpointsInMemoryThere(servers).size() == before.size(); });
}

}  // namespace

const std::vector<CoherenceCase>& DeliveryCases() {
  static const auto& cases = *new std::vector<CoherenceCase>{
      {{"WebhookService/CreateEndpoint", "WebhookService/DeleteEndpoint"},
       "an endpoint comes into memory and goes",
       WhatIsInMemoryOfEndpoints},
      {{"WebhookService/UpdateEndpoint", "WebhookService/RotateSecret",
        "WebhookService/PauseEndpoint", "WebhookService/ResumeEndpoint",
        "WebhookService/RedeliverEvent", "WebhookService/DeleteEndpoint"},
       "an endpoint that the other server delivers to is moved, paused, deleted",
       AnEndpointOfTheOther},
  };
  return cases;
}

}  // namespace gatehouse::tests
