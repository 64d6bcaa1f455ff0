#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/integration/alerts/alert_fixture.h"

namespace gatehouse::tests {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using storage::AlertKind;
using storage::AlertSignal;

// What becomes of an alert when somebody notices something, and which of it the log tells.
class AlertSignalTest : public AlertFixture {
 protected:
  // Notices it, a minute later than before.
  void Again(AlertKind kind, int32_t level = 0) {
    clock().Advance(minutes(1));
    Signal(SignalOf(kind, level));
  }
  void Over(AlertKind kind) {
    clock().Advance(minutes(1));
    Signal(OverOf(kind));
  }
};

TEST_F(AlertSignalTest, OpensOneAlertWithItsEvent) {
  const AlertSignal signal = SignalOf(AlertKind::kExhausted);
  Signal(signal);
  const v1::Alert alert = Get(IdOf(signal));
  EXPECT_EQ(alert.kind(), v1::ALERT_KIND_EXHAUSTED);
  EXPECT_EQ(alert.severity(), v1::ALERT_SEVERITY_CRITICAL);
  EXPECT_EQ(alert.state(), v1::ALERT_STATE_OPEN);
  EXPECT_EQ(alert.endpoint_id(), endpoint_.ToString());
  EXPECT_EQ(alert.occurrence_count(), 1);
  EXPECT_EQ(alert.details().fields().at("error_class").string_value(), "timeout");
  EXPECT_FALSE(alert.message().empty());
  EXPECT_EQ(
      Ask("SELECT concat_ws(' ', type, actor_type, details->>'kind', details->>'severity', "
          "details->>'error_class', targets->0->>'id', targets->1->>'id') "
          "FROM gatehouse.event WHERE type LIKE 'alert.%'"),
      "alert.opened system EXHAUSTED CRITICAL timeout " + alert.id() + " " + endpoint_.ToString());
}

TEST_F(AlertSignalTest, WhatHappensAgainIsCountedWithoutAnEvent) {
  Signal(SignalOf(AlertKind::kExhausted));
  for (int i = 0; i < 5; ++i) Again(AlertKind::kExhausted);
  const v1::Alert alert = Get(IdOf(SignalOf(AlertKind::kExhausted)));
  EXPECT_EQ(alert.occurrence_count(), 6);
  EXPECT_EQ(alert.last_occurred_time().seconds() - alert.first_occurred_time().seconds(), 300);
  EXPECT_EQ(Events(), "opened");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.alert"), "1");
}

// A flush whose outcome was not known is written again.
TEST_F(AlertSignalTest, TheSameSignalCountsOnce) {
  const AlertSignal signal = SignalOf(AlertKind::kFailing, 50);
  Signal(signal);
  Signal(signal);
  EXPECT_EQ(Get(IdOf(signal)).occurrence_count(), 1);
  EXPECT_EQ(Events(), "opened");
}

TEST_F(AlertSignalTest, EachHigherLevelIsToldOnce) {
  Signal(SignalOf(AlertKind::kFailing, 50));
  Again(AlertKind::kFailing, 50);
  Again(AlertKind::kFailing, 90);
  Again(AlertKind::kFailing, 70);
  const v1::Alert alert = Get(IdOf(SignalOf(AlertKind::kFailing)));
  EXPECT_EQ(alert.level(), 90);
  EXPECT_EQ(alert.severity(), v1::ALERT_SEVERITY_CRITICAL);
  EXPECT_EQ(alert.occurrence_count(), 4);
  EXPECT_EQ(Events(), "opened opened");
}

TEST_F(AlertSignalTest, GettingWorseEndsAnAcknowledgement) {
  const std::string id = IdOf(SignalOf(AlertKind::kFailing));
  Signal(SignalOf(AlertKind::kFailing, 50));
  ASSERT_TRUE(Acknowledge(operator_, id).ok());
  Again(AlertKind::kFailing, 50);
  EXPECT_EQ(Get(id).state(), v1::ALERT_STATE_ACKNOWLEDGED);
  Again(AlertKind::kFailing, 70);
  EXPECT_EQ(Get(id).state(), v1::ALERT_STATE_OPEN);
  EXPECT_FALSE(Get(id).has_acknowledged_by());
  EXPECT_EQ(Events(), "opened acknowledged opened");
}

TEST_F(AlertSignalTest, WhatIsOverIsResolvedOnce) {
  const std::string id = IdOf(SignalOf(AlertKind::kBacklog));
  Over(AlertKind::kBacklog);
  EXPECT_EQ(Events(), "");
  Signal(SignalOf(AlertKind::kBacklog));
  Over(AlertKind::kBacklog);
  Over(AlertKind::kBacklog);
  const v1::Alert alert = Get(id);
  EXPECT_EQ(alert.state(), v1::ALERT_STATE_RESOLVED);
  EXPECT_EQ(alert.resolution(), "recovered");
  EXPECT_EQ(alert.resolved_by().type(), "system");
  EXPECT_EQ(Events(), "opened resolved");
}

// An endpoint that comes and goes is told of once an hour.
TEST_F(AlertSignalTest, OpenedAnewSoonItIsSilentUntilTheHourIsOver) {
  const std::string id = IdOf(SignalOf(AlertKind::kBacklog));
  Signal(SignalOf(AlertKind::kBacklog));
  for (int i = 0; i < 5; ++i) {
    Over(AlertKind::kBacklog);
    Again(AlertKind::kBacklog);
    EXPECT_EQ(Get(id).state(), v1::ALERT_STATE_OPEN);
    EXPECT_EQ(Get(id).occurrence_count(), 1);
  }
  EXPECT_EQ(Events(), "opened resolved");
  // It goes on: that must not stay unknown for ever.
  clock().Advance(hours(1));
  Again(AlertKind::kBacklog);
  EXPECT_EQ(Events(), "opened resolved opened");
  Again(AlertKind::kBacklog);
  Over(AlertKind::kBacklog);
  EXPECT_EQ(Events(), "opened resolved opened resolved");
}

TEST_F(AlertSignalTest, OpenedAnewAfterAnHourItIsToldAgain) {
  Signal(SignalOf(AlertKind::kFailing, 90));
  Over(AlertKind::kFailing);
  clock().Advance(hours(1));
  Again(AlertKind::kFailing, 50);
  const v1::Alert alert = Get(IdOf(SignalOf(AlertKind::kFailing)));
  EXPECT_EQ(alert.level(), 50);
  EXPECT_EQ(alert.occurrence_count(), 1);
  EXPECT_EQ(Events(), "opened resolved opened");
}

TEST_F(AlertSignalTest, WorseThanBeforeItIsToldAtOnce) {
  Signal(SignalOf(AlertKind::kFailing, 50));
  Over(AlertKind::kFailing);
  Again(AlertKind::kFailing, 70);
  EXPECT_EQ(Events(), "opened resolved opened");
}

// One that lost its lease without noticing writes nothing.
TEST_F(AlertSignalTest, ADelivererWithoutTheEndpointTellsNothing) {
  AlertSignal signal = SignalOf(AlertKind::kFailing, 50);
  signal.fence = 7;
  Signal(signal);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.alert"), "0");
  EXPECT_EQ(Events(), "");
}

TEST_F(AlertSignalTest, SeveralAtATimeAreOneStatement) {
  const uint64_t before = backend().statements();
  Signal({SignalOf(AlertKind::kFailing, 50), SignalOf(AlertKind::kExhausted),
          OverOf(AlertKind::kBacklog)});
  EXPECT_EQ(backend().statements() - before, 1u);
  EXPECT_EQ(Events(), "opened opened");
}

}  // namespace
}  // namespace gatehouse::tests
