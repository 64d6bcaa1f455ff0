#ifndef GATEHOUSE_TESTS_INTEGRATION_ALERTS_ALERT_FIXTURE_H_
#define GATEHOUSE_TESTS_INTEGRATION_ALERTS_ALERT_FIXTURE_H_

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/uuid.h"
#include "gatehouse/v1/alert.pb.h"
#include "service/main/area/storage_area.h"
#include "storage/alert/alert.h"
#include "tests/integration/event_log/audit_fixture.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {

// A server whose alerts come from signals that the test makes, as a deliverer would. Who calls has
// an API key, which is good at any time.
class AlertFixture : public AuditFixture {
 protected:
  void SetUp() override {
    AuditFixture::SetUp();
    operator_ = backend().MakeApiKey({"endpoints.read", "endpoints.write", "admin.read"});
  }

  static constexpr char kRequestId[] = "0190d1f0-0000-4000-8000-00000000000b";
  // Of no alert.
  static constexpr char kNoAlert[] = "0190d1f0-0000-8000-8000-00000000000c";

  // About an endpoint, now.
  storage::AlertSignal SignalOf(storage::AlertKind kind, int32_t level = 0) {
    const bool of_server = storage::IsAboutServer(kind);
    return {.key = {.tenant_id = base::kDefaultTenantId,
                    .kind = kind,
                    .endpoint_id = of_server ? base::Uuid() : endpoint_},
            .level = level,
            .time = clock().Now(),
            .details_json = "{\"error_class\":\"timeout\"}"};
  }
  storage::AlertSignal OverOf(storage::AlertKind kind) {
    storage::AlertSignal signal = SignalOf(kind);
    signal.over = true;
    signal.resolution = storage::kAlertRecovered;
    return signal;
  }
  void Signal(std::vector<storage::AlertSignal> signals) {
    ASSERT_THAT(backend().runner.Run<absl::Status>([&] {
      return backend().storage->alerts.Signal(backend().SystemContext(), signals);
    }),
                IsOk());
  }
  void Signal(storage::AlertSignal signal) { Signal(std::vector{std::move(signal)}); }

  static std::string IdOf(const storage::AlertSignal& signal) { return signal.key.Id().ToString(); }

  UnaryOutcome<v1::GetAlertResponse> Get(const Caller& caller, const std::string& id) {
    v1::GetAlertRequest request;
    request.set_alert_id(id);
    return Call<v1::GetAlertResponse>(caller, request);
  }
  v1::Alert Get(const std::string& id) {
    const auto outcome = Get(operator_, id);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response.alert();
  }
  UnaryOutcome<v1::AcknowledgeAlertResponse> Acknowledge(const Caller& caller,
                                                         const std::string& id) {
    v1::AcknowledgeAlertRequest request;
    request.set_alert_id(id);
    return Call<v1::AcknowledgeAlertResponse>(caller, request);
  }
  UnaryOutcome<v1::ResolveAlertResponse> Resolve(const Caller& caller, const std::string& id) {
    v1::ResolveAlertRequest request;
    request.set_alert_id(id);
    return Call<v1::ResolveAlertResponse>(caller, request);
  }
  std::vector<std::string> ListIds(const Caller& caller, const v1::ListAlertsRequest& request) {
    const auto outcome = Call<v1::ListAlertsResponse>(caller, request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    std::vector<std::string> ids;
    for (const v1::Alert& alert : outcome.response.alerts()) ids.push_back(alert.id());
    return ids;
  }

  // The types of the events about alerts, in the order in which they were written.
  std::string Events() {
    return Ask(
        "SELECT coalesce(string_agg(substr(type, 7), ' ' ORDER BY event_id), '') FROM "
        "gatehouse.event WHERE type LIKE 'alert.%'");
  }

  Caller operator_;
  base::Uuid endpoint_ = *base::Uuid::Parse("0190d1f0-0000-7000-8000-00000000000a");
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_ALERTS_ALERT_FIXTURE_H_
