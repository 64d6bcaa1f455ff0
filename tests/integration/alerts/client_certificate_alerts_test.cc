#include "service/webhook/endpoint/client_certificate_alerts.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "base/reason.h"
#include "base/status.h"
#include "base/system_context.h"
#include "gatehouse/v1/webhook.pb.h"
#include "tests/integration/alerts/alert_fixture.h"
#include "tests/support/http/test_authority.h"

namespace gatehouse::tests {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using storage::AlertKind;

class ClientCertificateAlertsTest : public AlertFixture {
 protected:
  void SetUp() override {
    AlertFixture::SetUp();
    endpoint_ = Create();
  }

  // An endpoint to which nothing is ever sent.
  base::Uuid Create() {
    v1::CreateEndpointRequest request;
    request.mutable_endpoint()->set_url("https://example.com/hook");
    request.mutable_endpoint()->add_event_types("order.*");
    const auto created = Call<v1::CreateEndpointResponse>(operator_, request);
    EXPECT_TRUE(created.ok()) << created.message;
    return base::Uuid::Parse(created.response.endpoint().id()).value_or(base::Uuid());
  }
  Certificate Issue(base::Duration expires_in) {
    // An issued one expires in half an hour of the machine's clock.
    return authority_.Issue(
        "DNS:client", std::chrono::duration_cast<seconds>(
                          clock().Now() - base::SystemClock().Now() + expires_in - minutes(30)));
  }
  // As the endpoint that was given it long ago, when it was new.
  void Show(const base::Uuid& endpoint, base::Duration expires_in) {
    Ask("UPDATE gatehouse.endpoint SET client_certificate = '" + Issue(expires_in).certificate +
        "' WHERE endpoint_id = '" + endpoint.ToString() + "' RETURNING 1");
  }
  void Turn(const base::Uuid& tenant_id = base::kDefaultTenantId) {
    ASSERT_THAT(backend().runner.Run<absl::Status>([&] {
      return service::AlertClientCertificates(
          &backend().storage->endpoints, &clock(), days(14),
          base::SystemContext(backend().runner.loop(), "test", hours(1), {}, tenant_id));
    }),
                IsOk());
  }
  bool Update(const v1::Endpoint& endpoint) {
    v1::UpdateEndpointRequest request;
    request.set_endpoint_id(endpoint_.ToString());
    *request.mutable_endpoint() = endpoint;
    request.mutable_update_mask()->add_paths("client_certificate");
    const auto updated = Call<v1::UpdateEndpointResponse>(operator_, request);
    EXPECT_TRUE(updated.ok()) << updated.message;
    return updated.ok();
  }
  v1::Alert Alert() { return Get(IdOf(SignalOf(AlertKind::kClientCertificateExpiring))); }

  const TestAuthority authority_;
};

TEST_F(ClientCertificateAlertsTest, IsToldOfByDegreesThoughNothingIsSent) {
  Turn();
  Show(endpoint_, days(20));
  Turn();
  EXPECT_EQ(Events(), "");
  clock().Advance(days(7));
  Turn();
  EXPECT_EQ(Events(), "opened");
  v1::Alert alert = Alert();
  EXPECT_EQ(alert.kind(), v1::ALERT_KIND_CLIENT_CERTIFICATE_EXPIRING);
  EXPECT_EQ(alert.severity(), v1::ALERT_SEVERITY_WARNING);
  EXPECT_EQ(alert.endpoint_id(), endpoint_.ToString());
  EXPECT_NEAR(alert.details().fields().at("expires_in_seconds").number_value(), 13 * 86'400, 60);
  // Nothing new costs one look.
  const uint64_t before = backend().statements();
  Turn();
  EXPECT_EQ(backend().statements() - before, 1u);
  clock().Advance(days(11));
  Turn();
  EXPECT_EQ(Alert().level(), 2);
  EXPECT_EQ(Alert().severity(), v1::ALERT_SEVERITY_CRITICAL);
  clock().Advance(days(3));
  Turn();
  Turn();
  alert = Alert();
  EXPECT_EQ(alert.level(), 3);
  EXPECT_NE(alert.message().find("has expired"), std::string::npos);
  EXPECT_EQ(Events(), "opened opened opened");
}

TEST_F(ClientCertificateAlertsTest, AnotherCertificateOrNoneResolvesItInThatTransaction) {
  Show(endpoint_, days(2));
  Turn();
  ASSERT_EQ(Alert().state(), v1::ALERT_STATE_OPEN);
  v1::Endpoint endpoint;
  const Certificate renewed = Issue(minutes(10));
  endpoint.mutable_client_certificate()->set_certificate(renewed.certificate);
  endpoint.mutable_client_certificate()->set_private_key(renewed.key);
  ASSERT_TRUE(Update(endpoint));
  EXPECT_EQ(Alert().state(), v1::ALERT_STATE_RESOLVED);
  EXPECT_EQ(Alert().resolution(), "recovered");
  EXPECT_EQ(Ask("SELECT count(DISTINCT xid) FROM gatehouse.event WHERE type IN "
                "('endpoint.updated', 'alert.resolved')"),
            "1");
  // It expires soon as well, which is told when nobody has mended it within the hour.
  clock().Advance(minutes(1));
  Turn();
  EXPECT_EQ(Alert().state(), v1::ALERT_STATE_OPEN);
  EXPECT_EQ(Events(), "opened resolved");
  clock().Advance(hours(1));
  Turn();
  EXPECT_EQ(Events(), "opened resolved opened");
  ASSERT_TRUE(Update(v1::Endpoint()));
  EXPECT_EQ(Alert().state(), v1::ALERT_STATE_RESOLVED);
  Turn();
  EXPECT_EQ(Events(), "opened resolved opened resolved");
}

TEST_F(ClientCertificateAlertsTest, WhatDoesNotExpireAnyMoreIsTakenBack) {
  Show(endpoint_, days(2));
  Turn();
  // Past the server: by hand, or by a restored database.
  Show(endpoint_, days(100));
  Turn();
  EXPECT_EQ(Alert().state(), v1::ALERT_STATE_RESOLVED);
  EXPECT_EQ(Events(), "opened resolved");
}

TEST_F(ClientCertificateAlertsTest, ADeletedEndpointHasNone) {
  Show(endpoint_, days(2));
  Turn();
  v1::DeleteEndpointRequest request;
  request.set_endpoint_id(endpoint_.ToString());
  ASSERT_TRUE(Call<v1::DeleteEndpointResponse>(operator_, request).ok());
  EXPECT_EQ(Alert().resolution(), "deleted");
}

// What was seen of the one before says nothing of the one that took its place.
TEST_F(ClientCertificateAlertsTest, WhatWasReadBeforeAChangeIsNotTold) {
  Show(endpoint_, days(2));
  const storage::AlertSignal signal = SignalOf(AlertKind::kClientCertificateExpiring, 2);
  const auto told = [&](int64_t version) {
    return backend().runner.Run<absl::Status>([&] {
      return backend().storage->endpoints.SignalCertificate(backend().SystemContext(), version,
                                                            signal);
    });
  };
  ASSERT_TRUE(Update(v1::Endpoint()));
  EXPECT_TRUE(base::HasReason(told(1), base::Reason::kConflict));
  EXPECT_EQ(Events(), "");
  EXPECT_THAT(told(2), IsOk());
  EXPECT_EQ(Events(), "opened");
}

TEST_F(ClientCertificateAlertsTest, LooksAtAllOfThemAndAtNobodyElses) {
  for (int i = 0; i < 51; ++i) Create();
  const std::string pem = Issue(days(2)).certificate;
  Ask("UPDATE gatehouse.endpoint SET client_certificate = '" + pem + "' RETURNING 1");
  Turn(*base::Uuid::Parse("0190d1f0-0000-7000-8000-0000000000ff"));
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.alert"), "0");
  Turn();
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.alert WHERE kind = 9"), "52");
}

}  // namespace
}  // namespace gatehouse::tests
