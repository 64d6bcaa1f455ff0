#include "service/admin/server_alerts.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "tests/integration/alerts/alert_fixture.h"

namespace gatehouse::tests {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using storage::AlertKind;

class ServerAlertsTest : public AlertFixture {
 protected:
  void SetUp() override {
    AlertFixture::SetUp();
    MakePartitions();
    alerts_ = Make();
  }
  void TearDown() override {
    alerts_.reset();
    AlertFixture::TearDown();
  }

  std::unique_ptr<service::ServerAlerts> Make() {
    service::StorageArea& storage = *backend().storage;
    return std::make_unique<service::ServerAlerts>(
        backend().runner.loop(), service::ServerAlerts::Deps{.server = storage.server,
                                                             .alerts = storage.alerts,
                                                             .keyring = backend().auth.keyring,
                                                             .tenants = backend().auth.tenants,
                                                             .clock = clock()});
  }
  void MakePartitions() {
    ASSERT_THAT(backend().runner.Run<absl::StatusOr<int>>([&] {
      return backend().storage->partitions.CreateAhead(backend().SystemContext(), clock().Now(), 3);
    }),
                IsOk());
  }
  // A turn of the worker, a minute after the last.
  void Turn() {
    clock().Advance(minutes(1));
    ASSERT_THAT(backend().runner.Run<absl::Status>(
                    [&] { return alerts_->RunOnce(backend().SystemContext()); }),
                IsOk());
  }
  // Kind and state of all there are.
  std::string Alerts() {
    return Ask(
        "SELECT coalesce(string_agg(kind || ':' || state, ' ' ORDER BY kind), '') FROM "
        "gatehouse.alert");
  }

  std::unique_ptr<service::ServerAlerts> alerts_;
};

TEST_F(ServerAlertsTest, AServerThatIsWellTellsNothing) {
  Turn();
  const uint64_t before = backend().statements();
  Turn();
  EXPECT_EQ(backend().statements() - before, 1u);
  EXPECT_EQ(Alerts(), "");
  EXPECT_EQ(Events(), "");
}

TEST_F(ServerAlertsTest, AHaltedLogIsAnAlertUntilItGoesOn) {
  Ask("UPDATE gatehouse.sequencer SET halted = true RETURNING 1");
  Turn();
  Turn();
  EXPECT_EQ(Alerts(), "6:1");
  EXPECT_EQ(Events(), "opened");
  const v1::Alert alert = Get(IdOf(SignalOf(AlertKind::kLogHalted)));
  EXPECT_EQ(alert.severity(), v1::ALERT_SEVERITY_CRITICAL);
  EXPECT_EQ(alert.occurrence_count(), 2);
  EXPECT_NE(alert.details().fields().at("problem").string_value(), "");
  Ask("UPDATE gatehouse.sequencer SET halted = false RETURNING 1");
  // Also by an instance that started since.
  alerts_ = Make();
  Turn();
  EXPECT_EQ(Alerts(), "6:3");
  EXPECT_EQ(Events(), "opened resolved");
}

TEST_F(ServerAlertsTest, AMissingPartitionIsAnAlertUntilItIsThere) {
  clock().Advance(days(4));
  Turn();
  EXPECT_EQ(Ask("SELECT state FROM gatehouse.alert WHERE kind = 7"), "1");
  MakePartitions();
  Turn();
  EXPECT_EQ(Ask("SELECT state FROM gatehouse.alert WHERE kind = 7"), "3");
}

TEST_F(ServerAlertsTest, AKeyWithoutASuccessorIsAnAlert) {
  clock().Advance(days(31));
  Turn();
  EXPECT_EQ(Ask("SELECT state FROM gatehouse.alert WHERE kind = 8"), "1");
}

}  // namespace
}  // namespace gatehouse::tests
