#include "service/delivery/webhook_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/log_line.h"
#include "tests/integration/webhook/engine_fixture.h"
#include "tests/integration/webhook/expected_signature.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::service::delivery {
namespace {

using base::Uuid;
using std::chrono::hours;
using std::chrono::seconds;
using storage::DeliveryState;
using storage::EndpointState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAreArray;
using tests::HttpReceiver;
using tests::IsOk;

using WebhookEngineTest = EngineFixture;

TEST_F(WebhookEngineTest, DeliversWhatMatchesOnceSignedAndInTheSpecifiedForm) {
  const auto engine = MakeEngine();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url("/hook"), {"order.*"});
  const Uuid id = Publish("order.paid", R"({"total": 12, "currency": "EUR"})");
  Publish("invoice.sent");
  Step(engine);
  ASSERT_EQ(receiver_.count(), 1u);
  const HttpReceiver::Request request = receiver_.requests()[0];
  EXPECT_EQ(request.target, "/hook");
  EXPECT_EQ(request.headers.at("content-type"), "application/json");
  EXPECT_EQ(request.headers.at("webhook-id"), id.ToString());
  EXPECT_EQ(request.headers.at("webhook-timestamp"), "1800000000");
  EXPECT_EQ(request.headers.at("webhook-signature"),
            ExpectedSignature(request, endpoint.secrets[0].key));
  EXPECT_EQ(request.headers.at("x-token"), "header-secret");
  const nlohmann::json body = nlohmann::json::parse(request.body);
  EXPECT_EQ(body["type"], "order.paid");
  EXPECT_EQ(body["timestamp"], "2027-01-15T08:00:00.000000Z");
  EXPECT_EQ(body["data"]["total"], 12);
  EXPECT_EQ(Get(endpoint).health.position, 3);
  const std::vector<storage::Delivery> deliveries = List(endpoint);
  ASSERT_EQ(deliveries.size(), 1u);
  EXPECT_EQ(deliveries[0].state, DeliveryState::kSucceeded);
  EXPECT_EQ(deliveries[0].attempts.size(), 1u);
}

TEST_F(WebhookEngineTest, AnEndpointGetsNothingFromBeforeItsCreation) {
  const auto engine = MakeEngine();
  CreateEndpoint(receiver_.Url("/first"), {"order.*"});
  const Uuid before = Publish();
  CreateEndpoint(receiver_.Url("/second"), {"order.*"});
  const Uuid after = Publish();
  Step(engine);
  std::map<std::string, std::vector<std::string>> by_target;
  for (const auto& request : receiver_.requests()) {
    by_target[request.target].push_back(request.headers.at("webhook-id"));
  }
  EXPECT_THAT(by_target["/first"],
              UnorderedElementsAreArray({before.ToString(), after.ToString()}));
  EXPECT_THAT(by_target["/second"], ElementsAre(after.ToString()));
}

TEST_F(WebhookEngineTest, DeliversABacklogToSeveralEndpointsWithFewStatements) {
  const auto engine = MakeEngine();
  const storage::Endpoint a = CreateEndpoint(receiver_.Url("/a"), {"order.*"}, 16);
  const storage::Endpoint b = CreateEndpoint(receiver_.Url("/b"), {"*"}, 16);
  std::set<std::string> ids;
  for (int i = 0; i < 700; ++i) ids.insert(Publish().ToString());
  Sequence();
  const uint64_t before = storage_->database->statements_sent();
  Step(engine);
  const uint64_t statements = storage_->database->statements_sent() - before;
  std::map<std::string, std::set<std::string>> by_target;
  for (const auto& request : receiver_.requests()) {
    by_target[request.target].insert(request.headers.at("webhook-id"));
  }
  EXPECT_EQ(by_target["/a"], ids);
  // And the creation of b itself is not among it, nor that of a.
  EXPECT_EQ(by_target["/b"], ids);
  EXPECT_EQ(receiver_.count(), 1400u);
  EXPECT_LT(statements, 100u);
  EXPECT_EQ(List(a).size(), 700u);
}

TEST_F(WebhookEngineTest, AnEndpointWhoseResultsAreRefusedHoldsUpNobodyElse) {
  const auto engine = MakeEngine();
  const storage::Endpoint refused = CreateEndpoint(receiver_.Url("/a"), {"order.*"});
  const storage::Endpoint sound = CreateEndpoint(receiver_.Url("/b"), {"order.*"});
  tests::AskSql(dsn_, "ALTER TABLE gatehouse.webhook_attempt ADD CHECK (endpoint_id <> '" +
                          refused.id.ToString() + "')");
  Publish();
  Deliver(engine);
  ASSERT_EQ(receiver_.count(), 2u);
  const auto flush = [&] { return Run([&](auto) { return engine->Flush(); }); };
  // It may be the database that is not well: it gets another chance.
  for (int attempt = 1; attempt < 3; ++attempt) EXPECT_FALSE(flush().ok());
  EXPECT_THAT(flush(), IsOk());
  EXPECT_EQ(engine->stats().unflushed, 0);
  EXPECT_EQ(List(sound).size(), 1u);
  EXPECT_THAT(List(refused), IsEmpty());
  // Its position is written all the same, so that it is not sent again.
  EXPECT_EQ(tests::AskSql(dsn_, "SELECT count(DISTINCT position) FROM gatehouse.endpoint_delivery"),
            "1");
}

TEST_F(WebhookEngineTest, PausingLosesNothing) {
  const auto engine = MakeEngine();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  std::vector<std::string> ids;
  ids.push_back(Publish().ToString());
  Step(engine);
  Update(endpoint, [](storage::Endpoint& e) { e.state = EndpointState::kPaused; });
  for (int i = 0; i < 5; ++i) ids.push_back(Publish().ToString());
  Step(engine);
  EXPECT_EQ(receiver_.count(), 1u);
  Update(endpoint, [](storage::Endpoint& e) { e.state = EndpointState::kEnabled; });
  ids.push_back(Publish().ToString());
  Step(engine);
  EXPECT_THAT(ReceivedIds(receiver_), UnorderedElementsAreArray(ids));
}

TEST_F(WebhookEngineTest, WhatWasSentButNotWrittenIsSentAgainWithTheSameId) {
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  const Uuid instance = Uuid::MakeV7(clock_.Now());
  const std::string id = Publish().ToString();
  {
    const auto killed = MakeEngine({.instance_id = instance});
    Deliver(killed);
  }
  EXPECT_EQ(receiver_.count(), 1u);
  EXPECT_THAT(List(endpoint), IsEmpty());
  const auto restarted = MakeEngine({.instance_id = instance});
  Step(restarted);
  EXPECT_THAT(ReceivedIds(receiver_), ElementsAre(id, id));
  EXPECT_EQ(List(endpoint).size(), 1u);
  Step(restarted);
  EXPECT_EQ(receiver_.count(), 2u);
}

TEST_F(WebhookEngineTest, AnotherInstanceWaitsForTheLeaseAndTheZombieWritesNothing) {
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  const auto zombie = MakeEngine();
  Publish();
  Deliver(zombie);
  EXPECT_EQ(receiver_.count(), 1u);
  const auto successor = MakeEngine();
  Step(successor);
  EXPECT_EQ(receiver_.count(), 1u);
  tests::ExecuteSql(dsn_,
                    "UPDATE gatehouse.endpoint_delivery SET lease_until = now() - '1 s'::interval");
  Step(successor);
  EXPECT_EQ(receiver_.count(), 2u);
  EXPECT_EQ(List(endpoint).size(), 1u);
  EXPECT_EQ(List(endpoint)[0].attempts.size(), 1u);
  Flush(zombie);
  EXPECT_EQ(List(endpoint)[0].attempts.size(), 1u);
  runner_.RunPlain([&] { EXPECT_EQ(zombie->stats().leases_lost, 1u); });
}

// Long before the lease ends. That the connection of a killed process breaks, and what that does
// to the lock, is shown by tests/e2e/takeover_test.py.
TEST_F(WebhookEngineTest, AnotherInstanceTakesOverAtOnceWhenTheOwnersConnectionIsGone) {
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  const Uuid instance = Uuid::MakeV7(clock_.Now());
  const std::string flushed = Publish().ToString();
  std::string unflushed;
  {
    const auto killed = MakeEngine({.instance_id = instance});
    Step(killed);
    unflushed = Publish().ToString();
    Deliver(killed);
  }
  const auto successor = MakeEngine();
  Step(successor);
  EXPECT_THAT(ReceivedIds(receiver_), ElementsAre(flushed, unflushed)) << "its lease goes on";
  // A row without a lock is what a dead connection leaves.
  tests::ExecuteSql(dsn_,
                    "INSERT INTO gatehouse.deliverer VALUES ('" + instance.ToString() + "', 1)");
  Step(successor);
  EXPECT_THAT(ReceivedIds(receiver_), ElementsAre(flushed, unflushed, unflushed));
  EXPECT_EQ(tests::AskSql(dsn_, "SELECT count(*) FROM gatehouse.deliverer"), "0");
}

TEST_F(WebhookEngineTest, AnEndpointLeasedLateGetsWhatOthersDidNotAskFor) {
  const auto engine = MakeEngine({.idle_time = hours(1)});
  CreateEndpoint(receiver_.Url("/orders"), {"order.*"});
  const storage::Endpoint late = CreateEndpoint(receiver_.Url("/invoices"), {"invoice.*"});
  Publish();
  Step(engine);
  // What the first two share from here on is read for the first alone: the other's lease is
  // another instance's, as it is when that ends just now, or not to be had yet, as after its
  // creation.
  const auto set_owner = [&](const std::string& owner) {
    tests::ExecuteSql(dsn_, "UPDATE gatehouse.endpoint_delivery SET owner = " + owner +
                                ", lease_until = now() + '1 h'::interval WHERE endpoint_id = '" +
                                late.id.ToString() + "'");
  };
  set_owner("gen_random_uuid()");
  const Uuid invoice = Publish("invoice.sent");
  Publish();
  Step(engine);
  EXPECT_EQ(receiver_.count(), 2u);
  set_owner("NULL");
  Step(engine);
  ASSERT_EQ(receiver_.count(), 3u);
  EXPECT_EQ(receiver_.requests()[2].target, "/invoices");
  EXPECT_EQ(receiver_.requests()[2].headers.at("webhook-id"), invoice.ToString());
}

TEST_F(WebhookEngineTest, ADeletedEndpointGetsNothingMore) {
  const auto engine = MakeEngine();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  Publish();
  Step(engine);
  Publish();
  const storage::Event event = MakeEvent("endpoint.deleted");
  ASSERT_THAT(Run([&](auto ctx) {
                return storage_->endpoints.Delete(ctx, base::kDefaultTenantId, endpoint.id, {},
                                                  {.events = {event}});
              }),
              IsOk());
  Publish();
  Step(engine);
  EXPECT_EQ(receiver_.count(), 1u);
}

TEST_F(WebhookEngineTest, NewSettingsHoldFromTheNextRequestOn) {
  const auto engine = MakeEngine();
  HttpReceiver moved;
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  AnswerWith(500);
  Publish();
  Step(engine);
  Update(endpoint, [&](storage::Endpoint& e) {
    e.url = moved.Url("/new");
    e.secrets.insert(e.secrets.begin(), {.key = "another-secret-of-24-byte"});
  });
  clock_.Advance(seconds(10));
  Step(engine);
  ASSERT_EQ(moved.count(), 1u);
  EXPECT_EQ(receiver_.count(), 1u);
  const HttpReceiver::Request request = moved.requests()[0];
  EXPECT_EQ(request.headers.at("webhook-signature"),
            ExpectedSignature(request, "another-secret-of-24-byte") + " " +
                ExpectedSignature(request, endpoint.secrets[0].key));
}

TEST_F(WebhookEngineTest, WiderPatternsDoNotBringBackThePast) {
  const auto engine = MakeEngine();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  Publish("order.paid");
  Publish("invoice.sent");
  Step(engine);
  EXPECT_EQ(receiver_.count(), 1u);
  Update(endpoint, [](storage::Endpoint& e) { e.event_types = {"order.*", "invoice.*"}; });
  Publish("invoice.sent");
  Step(engine);
  EXPECT_EQ(receiver_.count(), 2u);
}

TEST_F(WebhookEngineTest, PrivateAddressesAreRefusedByDefault) {
  const auto engine = MakeGuardedEngine({.instance_id = Uuid::MakeV7(clock_.Now())});
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url());
  Publish();
  Step(engine);
  EXPECT_EQ(receiver_.connections(), 0);
  EXPECT_EQ(List(endpoint).at(0).attempts.at(0).error_class, "blocked");
}

TEST_F(WebhookEngineTest, SecretsAppearInNoLogAndNoRecord) {
  std::string logged;
  {
    const base::ScopedLogCapture capture([&](const std::string& line) { logged += line; });
    const auto engine = MakeEngine();
    const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url());
    AnswerWith(410);
    Publish();
    Step(engine);
    base::FlushLogLines();
  }
  EXPECT_THAT(logged, Not(HasSubstr("secret")));
  EXPECT_EQ(tests::AskSql(dsn_,
                          "SELECT count(*) FROM gatehouse.webhook_attempt a "
                          "WHERE a::text LIKE '%secret%'"),
            "0");
  EXPECT_EQ(tests::AskSql(
                dsn_, "SELECT count(*) FROM gatehouse.event e WHERE e::text LIKE '%secret-of%'"),
            "0");
}

TEST_F(WebhookEngineTest, RunsByItselfAndStopsInOrder) {
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  const auto engine = MakeEngine();
  engine->Start();
  std::vector<std::string> ids;
  for (int i = 0; i < 20; ++i) {
    ids.push_back(Publish().ToString());
    Sequence();
  }
  ASSERT_TRUE(receiver_.WaitForCount(20));
  engine->Stop(seconds(5));
  EXPECT_THAT(ReceivedIds(receiver_), UnorderedElementsAreArray(ids));
  // Everything is written and the lease given back, so nobody sends it again.
  EXPECT_EQ(List(endpoint).size(), 20u);
  EXPECT_EQ(tests::AskSql(dsn_,
                          "SELECT count(*) FROM gatehouse.endpoint_delivery "
                          "WHERE owner IS NOT NULL"),
            "0");
  const auto next = MakeEngine();
  Step(next);
  EXPECT_EQ(receiver_.count(), 20u);
}

}  // namespace
}  // namespace gatehouse::service::delivery
