#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "service/delivery/webhook_engine.h"
#include "storage/endpoint/endpoint.h"
#include "tests/integration/webhook/engine_fixture.h"
#include "tests/support/http/test_authority.h"
#include "tests/support/http/tls_receiver.h"
#include "tests/support/postgres/postgres_cluster.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using storage::EndpointState;

// What a deliverer tells of endpoints, with real receivers that fail.
class EngineAlertsTest : public EngineFixture {
 protected:
  std::string Ask(const std::string& sql) { return tests::AskSql(dsn_, sql); }
  // gatehouse.v1.AlertState of the alert of a kind; empty if there is none.
  std::string StateOf(storage::AlertKind kind) {
    return Ask("SELECT (SELECT state FROM gatehouse.alert WHERE kind = " +
               std::to_string(static_cast<int>(kind)) + ")");
  }
  // Of the events about alerts of a kind: "opened:50 opened:70".
  std::string EventsOf(const std::string& kind) {
    return Ask(
        "SELECT coalesce(string_agg(substr(type, 7) || ':' || (details->>'level'), ' ' ORDER BY "
        "event_id), '') FROM gatehouse.event WHERE type LIKE 'alert.%' AND details->>'kind' = '" +
        kind + "'");
  }
  // Steps through so many half days.
  void StepHalfDays(const EnginePtr& engine, int count) {
    for (int i = 0; i < count; ++i) {
      Step(engine);
      clock_.Advance(hours(12));
    }
  }
};

TEST_F(EngineAlertsTest, AnEndpointThatFailsIsToldOfByDegreesUntilItIsResumed) {
  const auto engine = MakeEngine();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  AnswerWith(500);
  Publish();
  Publish();
  StepHalfDays(engine, 5);
  EXPECT_EQ(StateOf(storage::AlertKind::kFailing), "");
  StepHalfDays(engine, 60);
  ASSERT_EQ(Get(endpoint).endpoint.state, EndpointState::kDisabled);
  EXPECT_EQ(EventsOf("FAILING"), "opened:50 opened:70 opened:90 opened:100");
  EXPECT_EQ(EventsOf("EXHAUSTED"), "opened:0");
  EXPECT_EQ(Ask("SELECT occurrence_count FROM gatehouse.alert WHERE kind = 3"), "2");
  EXPECT_EQ(EventsOf("DISABLED"), "opened:0");
  EXPECT_EQ(Ask("SELECT details->>'reason' FROM gatehouse.alert WHERE kind = 2"), "failing");
  // Disabled with its alert, or not at all.
  EXPECT_EQ(Ask("SELECT count(DISTINCT xid) FROM gatehouse.event WHERE type = 'endpoint.disabled' "
                "OR (type = 'alert.opened' AND details->>'kind' = 'DISABLED')"),
            "1");

  Update(endpoint, [](storage::Endpoint& e) { e.state = EndpointState::kEnabled; });
  EXPECT_EQ(StateOf(storage::AlertKind::kFailing), "3");
  EXPECT_EQ(StateOf(storage::AlertKind::kDisabled), "3");
  EXPECT_EQ(Ask("SELECT string_agg(DISTINCT resolution, ' ') FROM gatehouse.alert WHERE state = 3"),
            "resumed");
  // What was lost is somebody's to send again.
  EXPECT_EQ(StateOf(storage::AlertKind::kExhausted), "1");
}

TEST_F(EngineAlertsTest, TheFirstSuccessRecoversAlsoByTheNextDeliverer) {
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  AnswerWith(500);
  Publish();
  StepHalfDays(MakeEngine(), 6);
  EXPECT_EQ(StateOf(storage::AlertKind::kFailing), "1");
  AnswerWith(204);
  Ask("UPDATE gatehouse.endpoint_delivery SET owner = NULL, lease_until = NULL RETURNING 1");
  const auto engine = MakeEngine();
  Step(engine);
  EXPECT_EQ(Get(endpoint).health.consecutive_failures, 0);
  EXPECT_EQ(Ask("SELECT concat_ws(' ', state, resolution, resolved_type) FROM gatehouse.alert"),
            "3 recovered system");
  EXPECT_EQ(EventsOf("FAILING"), "opened:50 resolved:0");
  EXPECT_EQ(Ask("SELECT alerted FROM gatehouse.endpoint_delivery"), "0");
}

TEST_F(EngineAlertsTest, NothingIsWrittenWithoutItsAlert) {
  const auto engine = MakeEngine();
  CreateEndpoint(receiver_.Url(), {"order.*"});
  AnswerWith(400);
  Publish();
  for (int i = 0; i < 9; ++i) {
    Step(engine);
    clock_.Advance(hours(30));
  }
  Ask("ALTER TABLE gatehouse.alert ADD CONSTRAINT refused CHECK (kind <> 3)");
  Deliver(engine);
  EXPECT_EQ(receiver_.count(), 10u);
  EXPECT_FALSE(Run([&](auto) { return engine->Flush(); }).ok());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.webhook_exception WHERE state = 3"), "0");
  Ask("ALTER TABLE gatehouse.alert DROP CONSTRAINT refused");
  Flush(engine);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.webhook_exception WHERE state = 3"), "1");
  EXPECT_EQ(StateOf(storage::AlertKind::kExhausted), "1");
}

// Each alert about it is an event that it does not get either.
TEST_F(EngineAlertsTest, AnEndpointThatIsToldOfItselfAndFailsEndsInFewEvents) {
  const auto engine = MakeEngine();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"alert.*", "order.*"});
  AnswerWith(400);
  Publish();
  StepHalfDays(engine, 60);
  EXPECT_EQ(Get(endpoint).endpoint.state, EndpointState::kDisabled);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type LIKE 'alert.%'"), "6");
  const size_t before = receiver_.count();
  StepHalfDays(engine, 10);
  EXPECT_EQ(receiver_.count(), before);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type LIKE 'alert.%'"), "6");
}

TEST_F(EngineAlertsTest, EventsThatWaitTooLongAreABacklogUntilNoneDoes) {
  const auto engine = MakeEngine();
  CreateEndpoint(receiver_.Url(), {"order.*"}, 1);
  AnswerWith(503);
  for (int i = 0; i < 20; ++i) Publish();
  Step(engine);
  clock_.Advance(minutes(59));
  Step(engine);
  EXPECT_EQ(StateOf(storage::AlertKind::kBacklog), "");
  clock_.Advance(minutes(2));
  Step(engine);
  EXPECT_EQ(StateOf(storage::AlertKind::kBacklog), "1");
  AnswerWith(200);
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(minutes(11));
    Step(engine);
  }
  EXPECT_EQ(StateOf(storage::AlertKind::kBacklog), "3");
  EXPECT_EQ(EventsOf("BACKLOG"), "opened:0 resolved:0");
}

TEST_F(EngineAlertsTest, ADeletedEndpointsAlertsAreResolved) {
  const auto engine = MakeEngine();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  AnswerWith(410);
  Publish();
  Step(engine);
  EXPECT_EQ(StateOf(storage::AlertKind::kDisabled), "1");
  const storage::Event deleted = MakeEvent("endpoint.deleted");
  ASSERT_THAT(Run([&](auto ctx) {
                return storage_->endpoints.Delete(ctx, base::kDefaultTenantId, endpoint.id,
                                                  std::nullopt, {.events = {deleted}});
              }),
              tests::IsOk());
  EXPECT_EQ(StateOf(storage::AlertKind::kDisabled), "3");
  EXPECT_EQ(EventsOf("DISABLED"), "opened:0 resolved:0");
}

// The machine's clock is the certificate's, the test's is the engine's.
TEST_F(EngineAlertsTest, ACertificateThatExpiresSoonIsSeenInTheHandshake) {
  constexpr char kHost[] = "hooks.example.com";
  const tests::TestAuthority authority;
  const std::string ca_file = testing::TempDir() + "engine_alerts_test_ca.pem";
  std::ofstream(ca_file) << authority.pem();
  EngineOptions options;
  options.http.ca_file = ca_file;
  options.http.look_up = [](const std::string&) {
    return std::vector<IpAddress>{*IpAddress::Parse("127.0.0.1")};
  };
  const tests::TlsReceiver receiver(authority.Issue("DNS:hooks.example.com"));
  const std::string url =
      "https://" + std::string(kHost) + ":" + std::to_string(receiver.port()) + "/";
  clock_.Advance(base::SystemClock().Now() - days(60) - clock_.Now());
  {
    const auto engine = MakeEngine(options);
    CreateEndpoint(url, {"order.*"});
    Publish();
    Step(engine);
    EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.webhook_attempt WHERE error_class = ''"), "1");
    EXPECT_EQ(StateOf(storage::AlertKind::kCertificateExpiring), "");
  }
  clock_.Advance(days(55));
  Ask("UPDATE gatehouse.endpoint_delivery SET owner = NULL, lease_until = NULL RETURNING 1");
  const auto engine = MakeEngine(options);
  Publish();
  Step(engine);
  EXPECT_EQ(StateOf(storage::AlertKind::kCertificateExpiring), "1");
  EXPECT_EQ(EventsOf("CERTIFICATE_EXPIRING"), "opened:1");
  std::remove(ca_file.c_str());
}

}  // namespace
}  // namespace gatehouse::service::delivery
