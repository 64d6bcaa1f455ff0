#include "service/admin/server_alerts.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/signing_key/signing_key.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/signing_key/signing_key.h"
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
  storage::SigningKeyRow MakeKey(base::Time active_from,
                                 std::optional<base::Time> retired_at = std::nullopt) {
    storage::SigningKeyRow key = auth::SigningKey::Generate(
        auth::SigningAlgorithm::kEs256, base::kDefaultTenantId, clock().Now(), active_from,
        backend().auth.keyring.sealing_keys());
    key.retired_at = retired_at;
    return key;
  }
  // These are all the keys there are.
  void Load(const std::vector<storage::SigningKeyRow>& keys) {
    ASSERT_THAT(backend().auth.keyring.Load(keys), IsOk());
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

// Rotation has failed for five minutes then, and the key has five left.
TEST_F(ServerAlertsTest, AKeyWithoutASuccessorIsAnAlertBeforeItIsDue) {
  clock().Advance(days(30) - minutes(7));
  Turn();
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.alert WHERE kind = 8"), "0");
  Turn();
  EXPECT_EQ(Ask("SELECT state FROM gatehouse.alert WHERE kind = 8"), "1");
  const storage::SigningKeyRow successor = MakeKey(clock().Now() + minutes(5));
  Load({MakeKey(clock().Now(), successor.active_from), successor});
  Turn();
  EXPECT_EQ(Ask("SELECT state FROM gatehouse.alert WHERE kind = 8"), "3");
}

TEST_F(ServerAlertsTest, AKeyThatWillStopWithoutASuccessorIsAnAlert) {
  const storage::SigningKeyRow stops = MakeKey(clock().Now(), clock().Now() + minutes(30));
  Load({stops});
  Turn();
  EXPECT_EQ(Ask("SELECT state FROM gatehouse.alert WHERE kind = 8"), "1");
  Load({stops, MakeKey(*stops.retired_at)});
  Turn();
  EXPECT_EQ(Ask("SELECT state FROM gatehouse.alert WHERE kind = 8"), "3");
}

}  // namespace
}  // namespace gatehouse::tests
