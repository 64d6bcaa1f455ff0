#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/text/encoding.h"
#include "base/uuid.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/delivery/http/address_guard.h"
#include "service/delivery/http/http_sender.h"
#include "service/delivery/webhook_engine.h"
#include "tests/integration/webhook/expected_signature.h"
#include "tests/integration/webhook/webhook_service_fixture.h"
#include "tests/support/http/http_receiver.h"

namespace gatehouse::tests {
namespace {

using service::delivery::WebhookEngine;
using std::chrono::milliseconds;

constexpr char kRequestId[] = "01890000-0000-7000-8000-000000000001";

// With an engine, which does not run: it sends what it is asked to.
class TestEndpointTest : public WebhookServiceFixture {
 protected:
  void Configure(TestBackend::Options& options) override {
    WebhookServiceFixture::Configure(options);
    options.send_webhook = [this](base::CallContext ctx, service::delivery::HttpRequest request) {
      return engine_->Send(std::move(ctx), std::move(request));
    };
  }
  void SetUp() override {
    WebhookServiceFixture::SetUp();
    MakeEngine(*service::delivery::AddressGuard::Make({"127.0.0.0/8"}));
  }
  void TearDown() override {
    EndEngine();
    WebhookServiceFixture::TearDown();
  }

  void MakeEngine(service::delivery::AddressGuard guard) {
    service::StorageArea& storage = *backend().storage;
    service::delivery::EngineOptions options{.instance_id = base::Uuid::MakeV7(clock().Now())};
    options.http.guard = std::move(guard);
    backend().runner.RunPlain([&] {
      engine_ =
          std::make_unique<WebhookEngine>(backend().runner.loop(),
                                          WebhookEngine::Deps{.endpoints = storage.endpoints,
                                                              .deliveries = storage.deliveries,
                                                              .log = storage.log,
                                                              .feed = storage.feed,
                                                              .clock = clock()},
                                          options);
    });
  }
  void EndEngine() {
    if (engine_) engine_->Abort();
    engine_.reset();
  }

  // At the receiver, which callers may not name.
  std::string Create() {
    v1::CreateEndpointRequest request;
    request.mutable_endpoint()->set_url("https://example.com/");
    request.mutable_endpoint()->add_event_types("order.*");
    (*request.mutable_endpoint()->mutable_headers())["x-token"] = "header-secret";
    const auto created = Call<v1::CreateEndpointResponse>(admin(), request);
    EXPECT_TRUE(created.ok()) << created.message;
    secret_ = created.response.secret();
    const std::string id = created.response.endpoint().id();
    Ask("UPDATE gatehouse.endpoint SET url = '" + receiver_.Url("/hook") +
        "' WHERE endpoint_id = '" + id + "' RETURNING 1");
    return id;
  }
  static v1::TestEndpointRequest TestOf(const std::string& id) {
    v1::TestEndpointRequest request;
    request.set_endpoint_id(id);
    return request;
  }
  UnaryOutcome<v1::TestEndpointResponse> Test(const std::string& id) {
    return Call<v1::TestEndpointResponse>(admin(), TestOf(id));
  }
  std::string CountTests() {
    return Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'endpoint.tested'");
  }

  HttpReceiver receiver_;
  std::unique_ptr<WebhookEngine> engine_;
  std::string secret_;
};

TEST_F(TestEndpointTest, SendsASignedPingAndTellsWhatCameOfIt) {
  receiver_.SetHandler(
      [](const auto&) { return HttpReceiver::Answer{.status = 202, .body = "thanks"}; });
  const std::string id = Create();
  const auto tested = Test(id);
  ASSERT_TRUE(tested.ok()) << tested.message;
  const v1::DeliveryAttempt& attempt = tested.response.attempt();
  EXPECT_EQ(attempt.number(), 1);
  EXPECT_EQ(attempt.status_code(), 202);
  EXPECT_EQ(attempt.error_class(), "");
  EXPECT_EQ(attempt.response_head(), "thanks");
  EXPECT_EQ(attempt.start_time().seconds(), 1767225600);
  EXPECT_GT(attempt.latency().nanos(), 0);

  ASSERT_EQ(receiver_.count(), 1u);
  const HttpReceiver::Request request = receiver_.requests()[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/hook");
  EXPECT_EQ(request.headers.at("webhook-id"), tested.response.webhook_id());
  EXPECT_EQ(request.headers.at("webhook-timestamp"), "1767225600");
  EXPECT_EQ(request.headers.at("webhook-signature"),
            service::delivery::ExpectedSignature(request, *base::Base64Decode(secret_.substr(6))));
  EXPECT_EQ(request.headers.at("x-token"), "header-secret");
  const nlohmann::json body = nlohmann::json::parse(request.body);
  EXPECT_EQ(body["type"], "webhook.ping");
  EXPECT_EQ(body["timestamp"], "2026-01-01T00:00:00.000000Z");
  EXPECT_EQ(body["data"]["targets"][0]["id"], id);
  // Not who asked for it, nor from where.
  EXPECT_EQ(body["data"]["actor"]["type"], "system");
  EXPECT_EQ(body["data"]["context"], nlohmann::json::object());
}

TEST_F(TestEndpointTest, IsOnRecordAndIsNoDelivery) {
  const std::string id = Create();
  const auto tested = Test(id);
  ASSERT_TRUE(tested.ok()) << tested.message;
  EXPECT_EQ(Ask("SELECT (targets->0->>'id') || ' ' || details FROM gatehouse.event "
                "WHERE type = 'endpoint.tested'"),
            id + " {\"webhook_id\": \"" + tested.response.webhook_id() + "\"}");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'webhook.ping'"), "0");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.webhook_attempt"), "0");
  EXPECT_EQ(Ask("SELECT version FROM gatehouse.endpoint"), "1");
}

TEST_F(TestEndpointTest, WhatFailsIsAnAnswer) {
  const std::string id = Create();
  receiver_.SetHandler(
      [](const auto&) { return HttpReceiver::Answer{.status = 410, .body = "gone\xff"}; });
  const auto gone = Test(id);
  ASSERT_TRUE(gone.ok()) << gone.message;
  EXPECT_EQ(gone.response.attempt().status_code(), 410);
  EXPECT_EQ(gone.response.attempt().error_class(), "status");
  EXPECT_EQ(gone.response.attempt().response_head(), "gone?");
  EXPECT_EQ(Ask("SELECT state FROM gatehouse.endpoint"), "1");
  receiver_.SetHandler([](const auto&) { return HttpReceiver::Answer{.drop = true}; });
  EXPECT_EQ(Test(id).response.attempt().error_class(), "transport");
  receiver_.SetHandler([](const auto&) {
    return HttpReceiver::Answer{.status = 302, .headers = {"Location: /other"}};
  });
  EXPECT_EQ(Test(id).response.attempt().status_code(), 302);
  receiver_.SetHandler([](const auto&) { return HttpReceiver::Answer{.filler_bytes = 1 << 20}; });
  EXPECT_EQ(Test(id).response.attempt().response_head().size(), size_t{16} << 10);
}

TEST_F(TestEndpointTest, WaitsNoLongerThanTheEndpointsTimeoutOrTheCall) {
  receiver_.SetHandler([](const auto&) { return HttpReceiver::Answer{.hang = true}; });
  const std::string id = Create();
  const auto by_call =
      Call<v1::TestEndpointResponse>(admin(), TestOf(id), {.timeout = milliseconds(3000)});
  ASSERT_TRUE(by_call.ok()) << by_call.message;
  EXPECT_EQ(by_call.response.attempt().error_class(), "timeout");
  Ask("UPDATE gatehouse.endpoint SET timeout_ms = 100 RETURNING 1");
  const auto by_endpoint = Test(id);
  ASSERT_TRUE(by_endpoint.ok()) << by_endpoint.message;
  EXPECT_EQ(by_endpoint.response.attempt().error_class(), "timeout");
}

// Whoever may write endpoints must not reach the inside by a test.
TEST_F(TestEndpointTest, AddressesThatAreNotAllowedAreBlocked) {
  EndEngine();
  MakeEngine({});
  const auto tested = Test(Create());
  ASSERT_TRUE(tested.ok()) << tested.message;
  EXPECT_EQ(tested.response.attempt().error_class(), "blocked");
  EXPECT_EQ(receiver_.connections(), 0);
}

TEST_F(TestEndpointTest, APausedEndpointCanBeTested) {
  const std::string id = Create();
  Ask("UPDATE gatehouse.endpoint SET state = 2 RETURNING 1");
  EXPECT_EQ(Test(id).response.attempt().status_code(), 200);
}

TEST_F(TestEndpointTest, ARepetitionGetsTheFirstAnswer) {
  const std::string id = Create();
  v1::TestEndpointRequest request = TestOf(id);
  request.set_request_id(kRequestId);
  const auto first = Call<v1::TestEndpointResponse>(admin(), request);
  ASSERT_TRUE(first.ok()) << first.message;
  const auto again = Call<v1::TestEndpointResponse>(admin(), request);
  ASSERT_TRUE(again.ok()) << again.message;
  EXPECT_EQ(again.response.DebugString(), first.response.DebugString());
  EXPECT_EQ(receiver_.count(), 1u);
  request.set_endpoint_id(Create());
  EXPECT_EQ(Call<v1::TestEndpointResponse>(admin(), request).reason(), "REQUEST_ID_REUSED");
}

TEST_F(TestEndpointTest, IsForThoseOfTheTenantWhoMayWriteEndpoints) {
  const std::string id = Create();
  const Caller reader = backend().MakeApiKey({"endpoints.read", "events.read"});
  EXPECT_EQ(Call<v1::TestEndpointResponse>(reader, TestOf(id)).code,
            absl::StatusCode::kPermissionDenied);
  const Caller foreigner =
      backend().MakeApiKey({"endpoints.write"}, base::Uuid::MakeV7(clock().Now()));
  EXPECT_EQ(Call<v1::TestEndpointResponse>(foreigner, TestOf(id)).reason(), "ENDPOINT_NOT_FOUND");
  EXPECT_EQ(Test("x").reason(), "INVALID_FIELD");
  EXPECT_EQ(receiver_.count(), 0u);
  EXPECT_EQ(CountTests(), "0");
}

TEST_F(TestEndpointTest, OnlySoManyAreUnderWay) {
  std::promise<void> answer;
  const std::shared_future<void> answered = answer.get_future().share();
  receiver_.SetHandler([answered](const auto&) {
    answered.wait();
    return HttpReceiver::Answer{};
  });
  const std::string id = Create();
  std::vector<std::future<UnaryOutcome<v1::TestEndpointResponse>>> tests;
  for (size_t i = 0; i < WebhookEngine::kMaxSends; ++i) {
    tests.push_back(std::async(std::launch::async, [this, id] { return Test(id); }));
  }
  ASSERT_TRUE(receiver_.WaitForCount(WebhookEngine::kMaxSends));
  const auto refused = Test(id);
  EXPECT_EQ(refused.code, absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(refused.reason(), "SERVER_OVERLOADED");
  answer.set_value();
  for (auto& test : tests) EXPECT_EQ(test.get().response.attempt().status_code(), 200);
  EXPECT_TRUE(Test(id).ok());
}

TEST_F(TestEndpointTest, NothingIsSentThatIsNotOnRecord) {
  const std::string id = Create();
  Ask("ALTER TABLE gatehouse.event ADD CHECK (type <> 'endpoint.tested')");
  EXPECT_FALSE(Test(id).ok());
  EXPECT_EQ(receiver_.count(), 0u);
}

TEST_F(TestEndpointTest, AnEngineThatHasEndedSendsNothing) {
  const std::string id = Create();
  engine_->Abort();
  const auto refused = Test(id);
  EXPECT_EQ(refused.code, absl::StatusCode::kUnavailable);
  EXPECT_EQ(refused.reason(), "SHUTTING_DOWN");
}

}  // namespace
}  // namespace gatehouse::tests
