#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <vector>

#include "base/text/encoding.h"
#include "base/uuid.h"
#include "gatehouse/v1/webhook.pb.h"
#include "google/rpc/error_details.pb.h"
#include "service/delivery/queue/delivery_stats.h"
#include "storage/delivery/delivery_store.h"
#include "tests/integration/webhook/webhook_service_fixture.h"

namespace gatehouse::tests {
namespace {

using base::Uuid;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kRequestId[] = "01890000-0000-7000-8000-000000000001";
// 24 bytes.
constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

class WebhookServiceTest : public WebhookServiceFixture {
 protected:
  static v1::CreateEndpointRequest NewEndpoint() {
    v1::CreateEndpointRequest request;
    request.mutable_endpoint()->set_url("https://example.com/hook?token=url-secret");
    request.mutable_endpoint()->add_event_types("order.*");
    return request;
  }
  v1::CreateEndpointResponse Create(const v1::CreateEndpointRequest& request) {
    const auto outcome = Call<v1::CreateEndpointResponse>(admin(), request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response;
  }
  UnaryOutcome<v1::GetEndpointResponse> Get(const std::string& id) {
    v1::GetEndpointRequest request;
    request.set_endpoint_id(id);
    return Call<v1::GetEndpointResponse>(admin(), request);
  }
  UnaryOutcome<v1::UpdateEndpointResponse> Update(const std::string& id, const std::string& path,
                                                  std::function<void(v1::Endpoint&)> change,
                                                  const std::string& etag = "") {
    v1::UpdateEndpointRequest request;
    request.set_endpoint_id(id);
    change(*request.mutable_endpoint());
    request.mutable_endpoint()->set_etag(etag);
    request.mutable_update_mask()->add_paths(path);
    return Call<v1::UpdateEndpointResponse>(admin(), request);
  }
  std::string CountEvents(const std::string& type) {
    return Ask("SELECT count(*) FROM gatehouse.event WHERE type = '" + type + "'");
  }
};

TEST_F(WebhookServiceTest, CreatesAnEndpointAndShowsItsSecretOnce) {
  v1::CreateEndpointRequest request = NewEndpoint();
  v1::Endpoint& wanted = *request.mutable_endpoint();
  wanted.set_description("orders");
  (*wanted.mutable_headers())["Authorization"] = "Bearer header-secret";
  (*wanted.mutable_metadata()->mutable_fields())["team"].set_string_value("a");
  const v1::CreateEndpointResponse created = Create(request);
  EXPECT_THAT(created.secret(), StartsWith("whsec_"));
  EXPECT_EQ(base::Base64Decode(created.secret().substr(6))->size(), 32u);
  const v1::Endpoint& endpoint = created.endpoint();
  EXPECT_EQ(endpoint.url(), wanted.url());
  EXPECT_THAT(endpoint.event_types(), ElementsAre("order.*"));
  EXPECT_EQ(endpoint.state(), v1::ENDPOINT_STATE_ENABLED);
  EXPECT_EQ(endpoint.timeout().seconds(), 20);
  EXPECT_EQ(endpoint.max_in_flight(), 4);
  EXPECT_EQ(endpoint.headers().at("Authorization"), "***");
  EXPECT_EQ(changes_, 1);
  const auto read = Get(endpoint.id());
  ASSERT_TRUE(read.ok()) << read.message;
  EXPECT_EQ(read.response.endpoint().DebugString(), endpoint.DebugString());
}

TEST_F(WebhookServiceTest, NoSecretIsStoredReadablyOrReturnedAgain) {
  v1::CreateEndpointRequest request = NewEndpoint();
  request.set_secret(kSecret);
  request.set_request_id(kRequestId);
  (*request.mutable_endpoint()->mutable_headers())["X-Key"] = "header-secret";
  EXPECT_EQ(Create(request).secret(), kSecret);
  // The retry gets the same endpoint without it.
  const v1::CreateEndpointResponse again = Create(request);
  EXPECT_EQ(again.secret(), "");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.endpoint"), "1");
  for (const char* column : {"request.response", "endpoint.headers", "endpoint.secrets[1]"}) {
    const std::string table = std::string(column).substr(0, std::string(column).find('.'));
    EXPECT_EQ(
        Ask("SELECT count(*) FROM gatehouse." + table + " WHERE position('header-secret'" +
            "::bytea IN " + column + ") > 0 OR position('MfKQ9r8G'::bytea IN " + column + ") > 0"),
        "0")
        << column;
  }
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event e WHERE e::text LIKE '%secret%'"), "0");
}

// Whoever can write to the database cannot have one endpoint's requests signed with another's key.
TEST_F(WebhookServiceTest, WhatIsSealedForOneEndpointOpensForNoOther) {
  v1::GetEndpointRequest request;
  for (const char* column : {"secrets", "headers"}) {
    const std::string from = Create(NewEndpoint()).endpoint().id();
    const std::string to = Create(NewEndpoint()).endpoint().id();
    request.set_endpoint_id(to);
    ASSERT_TRUE(Call<v1::GetEndpointResponse>(admin(), request).ok());
    Ask("UPDATE gatehouse.endpoint SET " + std::string(column) + " = (SELECT " + column +
        " FROM gatehouse.endpoint WHERE endpoint_id = '" + from + "') WHERE endpoint_id = '" + to +
        "' RETURNING 1");
    EXPECT_EQ(Call<v1::GetEndpointResponse>(admin(), request).code, absl::StatusCode::kInternal)
        << column;
  }
}

TEST_F(WebhookServiceTest, TheEventOfACreationCommitsWithIt) {
  const std::string id = Create(NewEndpoint()).endpoint().id();
  EXPECT_EQ(Ask("SELECT (targets->0->>'id') || ' ' || (targets->0->>'label') || ' ' || details "
                "FROM gatehouse.event WHERE type = 'endpoint.created'"),
            id + " example.com {\"event_types\": [\"order.*\"]}");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event e JOIN gatehouse.endpoint p "
                "ON e.xid = p.xmin::text::xid8 WHERE e.type = 'endpoint.created'"),
            "1");
}

TEST_F(WebhookServiceTest, NamesEveryFieldThatIsWrong) {
  v1::CreateEndpointRequest request;
  v1::Endpoint& endpoint = *request.mutable_endpoint();
  endpoint.set_url("http://127.0.0.1/");
  endpoint.add_event_types("order paid");
  endpoint.set_description(std::string(501, 'd'));
  (*endpoint.mutable_headers())["webhook-id"] = "v";
  endpoint.mutable_timeout()->set_seconds(61);
  endpoint.set_max_in_flight(33);
  endpoint.set_state(v1::ENDPOINT_STATE_DISABLED);
  request.set_secret("whsec_short");
  const auto outcome = Call<v1::CreateEndpointResponse>(admin(), request);
  EXPECT_EQ(outcome.code, absl::StatusCode::kInvalidArgument);
  const auto bad = outcome.Detail<google::rpc::BadRequest>();
  ASSERT_TRUE(bad.has_value());
  std::vector<std::string> fields;
  for (const auto& violation : bad->field_violations()) fields.push_back(violation.field());
  EXPECT_THAT(fields, ElementsAre("endpoint.url", "endpoint.event_types[0]", "endpoint.description",
                                  "endpoint.headers[\"webhook-id\"]", "endpoint.timeout",
                                  "endpoint.max_in_flight", "endpoint.state", "secret"));
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.endpoint"), "0");
}

TEST_F(WebhookServiceTest, RefusesAPrivateUrlWithItsOwnReason) {
  v1::CreateEndpointRequest request = NewEndpoint();
  request.mutable_endpoint()->set_url("https://169.254.169.254/latest/meta-data");
  EXPECT_EQ(Call<v1::CreateEndpointResponse>(admin(), request).reason(), "URL_NOT_ALLOWED");
}

TEST_F(WebhookServiceTest, ValidateOnlyChangesNothing) {
  v1::CreateEndpointRequest request = NewEndpoint();
  request.set_validate_only(true);
  EXPECT_EQ(Create(request).secret(), "");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.endpoint"), "0");
  EXPECT_EQ(changes_, 0);
}

TEST_F(WebhookServiceTest, UpdatesWhatTheMaskNames) {
  v1::CreateEndpointRequest request = NewEndpoint();
  (*request.mutable_endpoint()->mutable_headers())["X-Key"] = "header-secret";
  const v1::Endpoint created = Create(request).endpoint();
  auto paused = Update(created.id(), "state", [](v1::Endpoint& endpoint) {
    endpoint.set_state(v1::ENDPOINT_STATE_PAUSED);
    endpoint.set_url("https://not-in-the-mask.example/");
  });
  ASSERT_TRUE(paused.ok()) << paused.message;
  EXPECT_EQ(paused.response.endpoint().state(), v1::ENDPOINT_STATE_PAUSED);
  EXPECT_EQ(paused.response.endpoint().url(), created.url());
  EXPECT_NE(paused.response.endpoint().etag(), created.etag());
  EXPECT_EQ(Ask("SELECT details FROM gatehouse.event WHERE type = 'endpoint.updated'"),
            "{\"fields\": [\"state\"]}");
  // The hidden value stays what it was, beside a new one.
  auto headers = Update(created.id(), "headers", [](v1::Endpoint& endpoint) {
    (*endpoint.mutable_headers())["x-key"] = "***";
    (*endpoint.mutable_headers())["x-other"] = "new";
  });
  ASSERT_TRUE(headers.ok()) << headers.message;
  auto stored = backend().runner.Run<absl::StatusOr<std::vector<storage::Endpoint>>>([&] {
    return backend().storage->endpoints.ListAll(backend().SystemContext(), std::nullopt);
  });
  EXPECT_EQ(stored->at(0).headers.at("x-key"), "header-secret");
  EXPECT_EQ(stored->at(0).headers.at("x-other"), "new");
  EXPECT_FALSE(Update(created.id(), "headers", [](v1::Endpoint& endpoint) {
                 (*endpoint.mutable_headers())["x-unknown"] = "***";
               }).ok());
}

TEST_F(WebhookServiceTest, AnUpdateThatChangesNothingWritesNothing) {
  v1::CreateEndpointRequest request = NewEndpoint();
  (*request.mutable_endpoint()->mutable_metadata()->mutable_fields())["b"].set_number_value(1);
  const v1::Endpoint created = Create(request).endpoint();
  const auto same = Update(created.id(), "metadata", [&](v1::Endpoint& endpoint) {
    *endpoint.mutable_metadata() = created.metadata();
  });
  ASSERT_TRUE(same.ok());
  EXPECT_EQ(same.response.endpoint().etag(), created.etag());
  EXPECT_EQ(CountEvents("endpoint.updated"), "0");
}

TEST_F(WebhookServiceTest, RefusesStaleEtagsAndUnknownPaths) {
  const v1::Endpoint created = Create(NewEndpoint()).endpoint();
  auto describe = [](v1::Endpoint& endpoint) { endpoint.set_description("x"); };
  ASSERT_TRUE(Update(created.id(), "description", describe, created.etag()).ok());
  const auto stale = Update(created.id(), "description", describe, created.etag());
  EXPECT_EQ(stale.code, absl::StatusCode::kAborted);
  EXPECT_EQ(stale.reason(), "ETAG_MISMATCH");
  for (const char* path : {"id", "health", "secret", "url.host", "nothing", "disabled_reason"}) {
    EXPECT_EQ(Update(created.id(), path, describe).reason(), "UNKNOWN_FIELD") << path;
  }
  EXPECT_EQ(Update(Uuid::MakeV7(clock().Now()).ToString(), "description", describe).reason(),
            "ENDPOINT_NOT_FOUND");
}

TEST_F(WebhookServiceTest, DeletesAndTellsWhatIsGone) {
  const v1::Endpoint created = Create(NewEndpoint()).endpoint();
  v1::DeleteEndpointRequest request;
  request.set_endpoint_id(created.id());
  request.set_etag("\"stale\"");
  EXPECT_EQ(Call<v1::DeleteEndpointResponse>(admin(), request).reason(), "ETAG_MISMATCH");
  request.set_validate_only(true);
  EXPECT_EQ(Call<v1::DeleteEndpointResponse>(admin(), request).reason(), "ETAG_MISMATCH");
  request.set_etag(created.etag());
  request.set_request_id(kRequestId);
  ASSERT_TRUE(Call<v1::DeleteEndpointResponse>(admin(), request).ok());
  EXPECT_TRUE(Get(created.id()).ok());
  EXPECT_EQ(CountEvents("endpoint.deleted"), "0");
  request.clear_validate_only();
  ASSERT_TRUE(Call<v1::DeleteEndpointResponse>(admin(), request).ok());
  EXPECT_EQ(CountEvents("endpoint.deleted"), "1");
  EXPECT_EQ(Get(created.id()).reason(), "ENDPOINT_NOT_FOUND");
  // The retry succeeds like the first; another attempt does not.
  EXPECT_TRUE(Call<v1::DeleteEndpointResponse>(admin(), request).ok());
  request.clear_request_id();
  EXPECT_EQ(Call<v1::DeleteEndpointResponse>(admin(), request).reason(), "ENDPOINT_NOT_FOUND");
}

TEST_F(WebhookServiceTest, ListsNewestFirstInPages) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(Create(NewEndpoint()).endpoint().id());
  std::vector<std::string> listed;
  v1::ListEndpointsRequest request;
  request.set_page_size(2);
  do {
    const auto page = Call<v1::ListEndpointsResponse>(admin(), request);
    ASSERT_TRUE(page.ok()) << page.message;
    for (const v1::Endpoint& endpoint : page.response.endpoints()) {
      listed.insert(listed.begin(), endpoint.id());
    }
    request.set_page_token(page.response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(listed, ids);
  request.set_page_token("nonsense");
  EXPECT_EQ(Call<v1::ListEndpointsResponse>(admin(), request).reason(), "INVALID_PAGE_TOKEN");
}

// An endpoint would show the audit trail to whoever may not read it.
TEST_F(WebhookServiceTest, TheServersEventsNeedThePermissionToReadThem) {
  const Caller writer = backend().MakeApiKey({"endpoints.write"});
  const Caller reader = backend().MakeApiKey({"endpoints.write", "events.read"});
  v1::CreateEndpointRequest create = NewEndpoint();
  ASSERT_TRUE(Call<v1::CreateEndpointResponse>(writer, create).ok());
  for (const char* pattern : {"*", "user.*", "session.created", "gatehouse.*"}) {
    create = NewEndpoint();
    create.mutable_endpoint()->add_event_types(pattern);
    for (const bool validate_only : {true, false}) {
      create.set_validate_only(validate_only);
      const auto refused = Call<v1::CreateEndpointResponse>(writer, create);
      EXPECT_EQ(refused.code, absl::StatusCode::kPermissionDenied) << pattern;
      EXPECT_EQ(refused.reason(), "PERMISSION_DENIED");
      EXPECT_THAT(refused.message, HasSubstr("events.read"));
    }
    EXPECT_TRUE(Call<v1::CreateEndpointResponse>(reader, create).ok()) << pattern;
  }
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'endpoint.created'"), "5");
}

TEST_F(WebhookServiceTest, TheServersEventsAreNotRedirectedWithoutThatPermission) {
  const Caller writer = backend().MakeApiKey({"endpoints.write"});
  const std::string own = Create(NewEndpoint()).endpoint().id();
  v1::CreateEndpointRequest create = NewEndpoint();
  create.mutable_endpoint()->add_event_types("user.*");
  const std::string admins = Create(create).endpoint().id();
  const auto update = [&](const std::string& id, const std::string& path, v1::Endpoint endpoint) {
    v1::UpdateEndpointRequest request;
    request.set_endpoint_id(id);
    *request.mutable_endpoint() = std::move(endpoint);
    request.mutable_update_mask()->add_paths(path);
    return Call<v1::UpdateEndpointResponse>(writer, request).reason();
  };
  v1::Endpoint change;
  change.add_event_types("*");
  change.set_url("https://elsewhere.example.com/");
  change.set_state(v1::ENDPOINT_STATE_PAUSED);
  EXPECT_EQ(update(own, "event_types", change), "PERMISSION_DENIED");
  EXPECT_EQ(update(admins, "event_types", change), "PERMISSION_DENIED");
  EXPECT_EQ(update(admins, "url", change), "PERMISSION_DENIED");
  EXPECT_EQ(Get(own).response.endpoint().event_types_size(), 1);
  EXPECT_THAT(Get(admins).response.endpoint().url(), StartsWith("https://example.com/"));
  // What does not let them see more stays theirs.
  EXPECT_EQ(update(own, "url", change), "");
  EXPECT_EQ(update(admins, "state", change), "");
}

TEST_F(WebhookServiceTest, PublishesAnEventOncePerRequestId) {
  v1::PublishEventRequest request;
  request.set_type("order.paid");
  (*request.mutable_data()->mutable_fields())["total"].set_number_value(12);
  request.set_request_id(kRequestId);
  const auto first = Call<v1::PublishEventResponse>(admin(), request);
  ASSERT_TRUE(first.ok()) << first.message;
  const auto second = Call<v1::PublishEventResponse>(admin(), request);
  ASSERT_TRUE(second.ok()) << second.message;
  EXPECT_EQ(first.response.event_id(), second.response.event_id());
  EXPECT_EQ(Ask("SELECT event_id || ' ' || details FROM gatehouse.event WHERE type = 'order.paid'"),
            first.response.event_id() + " {\"total\": 12}");
  request.set_type("order.sent");
  EXPECT_EQ(Call<v1::PublishEventResponse>(admin(), request).reason(), "REQUEST_ID_REUSED");
}

TEST_F(WebhookServiceTest, RefusesTypesThatAreMalformedOrItsOwn) {
  for (const std::string type :
       {"", "order.", ".order", "order paid", "order..paid", "_order", "User.created",
        "user.created", "gatehouse.anything", "webhook.x", "session.created"}) {
    v1::PublishEventRequest request;
    request.set_type(type);
    EXPECT_EQ(Call<v1::PublishEventResponse>(admin(), request).reason(), "INVALID_FIELD") << type;
  }
  v1::PublishEventRequest request;
  request.set_type("order.paid");
  (*request.mutable_data()->mutable_fields())["x"].set_string_value(
      std::string(size_t{257} << 10, 'x'));
  EXPECT_EQ(Call<v1::PublishEventResponse>(admin(), request).reason(), "TOO_LARGE");
  // Each member costs a commitment in the event's leaf.
  request.mutable_data()->Clear();
  for (int i = 0; i < 257; ++i) {
    (*request.mutable_data()->mutable_fields())[std::to_string(i)].set_number_value(i);
  }
  EXPECT_EQ(Call<v1::PublishEventResponse>(admin(), request).reason(), "INVALID_FIELD");
}

TEST_F(WebhookServiceTest, EachMethodNeedsItsPermission) {
  const std::string id = Create(NewEndpoint()).endpoint().id();
  const Caller reader = backend().MakeApiKey({"endpoints.read"});
  const Caller publisher = backend().MakeApiKey({"events.publish"});
  v1::GetEndpointRequest get;
  get.set_endpoint_id(id);
  v1::PublishEventRequest publish;
  publish.set_type("order.paid");
  EXPECT_TRUE(Call<v1::GetEndpointResponse>(reader, get).ok());
  EXPECT_EQ(Call<v1::CreateEndpointResponse>(reader, NewEndpoint()).code,
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Call<v1::PublishEventResponse>(reader, publish).code,
            absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(Call<v1::PublishEventResponse>(publisher, publish).ok());
  EXPECT_EQ(Call<v1::GetEndpointResponse>(publisher, get).code,
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Call<v1::GetEndpointResponse>(nobody(), get).code, absl::StatusCode::kUnauthenticated);
}

TEST_F(WebhookServiceTest, ShowsHowDeliveriesWentOfLate) {
  const std::string id = Create(NewEndpoint()).endpoint().id();
  EXPECT_FALSE(Get(id).response.endpoint().health().has_success_rate());
  EXPECT_FALSE(Get(id).response.endpoint().health().has_latency_p50());
  service::delivery::DeliveryStats stats;
  for (int i = 0; i < 4; ++i) stats.Add(clock().Now(), std::chrono::milliseconds(100), i > 0);
  Ask("UPDATE gatehouse.endpoint_delivery SET recent = '\\x" + base::HexEncode(stats.Encode()) +
      "' RETURNING 1");
  const v1::EndpointHealth health = Get(id).response.endpoint().health();
  EXPECT_EQ(health.recent_attempt_count(), 4);
  EXPECT_EQ(health.recent_success_count(), 3);
  EXPECT_DOUBLE_EQ(health.success_rate(), 0.75);
  EXPECT_GE(health.latency_p99().nanos(), 100'000'000);
  EXPECT_LE(health.latency_p99().nanos(), 112'600'000);
}

TEST_F(WebhookServiceTest, ReadsCostOneStatement) {
  const std::string id = Create(NewEndpoint()).endpoint().id();
  Get(id);
  auto statements = [&](auto call) {
    const uint64_t before = backend().statements();
    call();
    return backend().statements() - before;
  };
  EXPECT_EQ(statements([&] { Get(id); }), 1u);
  EXPECT_EQ(
      statements([&] { Call<v1::ListEndpointsResponse>(admin(), v1::ListEndpointsRequest()); }),
      1u);
  v1::ListDeliveriesRequest list;
  list.set_endpoint_id(id);
  EXPECT_EQ(statements([&] { Call<v1::ListDeliveriesResponse>(admin(), list); }), 1u);
}

TEST_F(WebhookServiceTest, ManyUpdatesAtTheSameTimeAllCount) {
  constexpr int kCallers = 12;
  const std::string id = Create(NewEndpoint()).endpoint().id();
  std::vector<std::future<std::string>> callers;
  for (int i = 0; i < kCallers; ++i) {
    callers.push_back(std::async(std::launch::async, [this, id, i] {
      const auto set = [i](v1::Endpoint& e) { e.set_description("change " + std::to_string(i)); };
      return Update(id, "description", set).message;
    }));
  }
  for (std::future<std::string>& caller : callers) EXPECT_EQ(caller.get(), "");
  EXPECT_EQ(CountEvents("endpoint.updated"), std::to_string(kCallers));
}

}  // namespace
}  // namespace gatehouse::tests
