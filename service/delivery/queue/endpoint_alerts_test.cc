#include "service/delivery/queue/endpoint_alerts.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace gatehouse::service::delivery {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using storage::AlertKind;
using storage::AlertSignal;

constexpr base::Time kNow = base::TimeFromMicros(1'800'000'000'000'000);
const storage::EndpointKey kKey{base::kDefaultTenantId,
                                *base::Uuid::Parse("0190d1f0-0000-7000-8000-00000000000a")};
constexpr int64_t kFence = 3;

EndpointAlerts Make(int32_t alerted = 0) { return {kKey, kFence, alerted, {}}; }

std::vector<AlertSignal> Collect(EndpointAlerts& alerts) {
  storage::DeliveryFlush flush;
  alerts.CollectInto(flush);
  return flush.alerts;
}

TEST(EndpointAlertsTest, AnEndpointThatWorksTellsNothing) {
  EndpointAlerts alerts = Make();
  alerts.OnSuccess(kNow);
  alerts.OnFailure(kNow, 49, 500, "status");
  alerts.OnCertificate(kNow, kNow + days(15));
  alerts.OnPending(kNow, kNow - minutes(59));
  alerts.OnPending(kNow, std::nullopt);
  EXPECT_FALSE(alerts.due());
  EXPECT_TRUE(Collect(alerts).empty());
  EXPECT_EQ(alerts.alerted(), 0);
}

TEST(EndpointAlertsTest, TellsEachLevelOfFailingOnceAndThatItIsOver) {
  EndpointAlerts alerts = Make();
  std::vector<int32_t> levels;
  for (int64_t percent = 45; percent <= 105; percent += 5) {
    alerts.OnFailure(kNow + seconds(percent), percent, 503, "status");
    for (const AlertSignal& signal : Collect(alerts)) {
      EXPECT_EQ(signal.key.kind, AlertKind::kFailing);
      EXPECT_EQ(signal.fence, kFence);
      levels.push_back(signal.level);
    }
  }
  EXPECT_EQ(levels, (std::vector<int32_t>{50, 70, 90, 100}));
  alerts.OnSuccess(kNow + minutes(5));
  const std::vector<AlertSignal> over = Collect(alerts);
  ASSERT_EQ(over.size(), 1u);
  EXPECT_TRUE(over[0].over);
  EXPECT_EQ(over[0].resolution, "recovered");
  alerts.OnSuccess(kNow + minutes(6));
  EXPECT_FALSE(alerts.due());
}

TEST(EndpointAlertsTest, WhatGoesOnIsToldNowAndThenWithHowOften) {
  EndpointAlerts alerts = Make();
  int told = 0;
  int64_t occurrences = 0;
  for (int i = 0; i < 3000; ++i) {
    alerts.OnExhausted(kNow + seconds(i), base::Uuid(), "order.paid");
    for (const AlertSignal& signal : Collect(alerts)) {
      ++told;
      occurrences += signal.occurrences;
    }
  }
  EXPECT_EQ(told, 5);
  EXPECT_EQ(occurrences, 2401);
}

// Whoever delivers next knows what to take back.
TEST(EndpointAlertsTest, OutlivesItsLease) {
  EndpointAlerts before = Make();
  before.OnFailure(kNow, 60, 0, "timeout");
  before.OnPending(kNow, kNow - hours(2));
  EXPECT_EQ(Collect(before).size(), 2u);
  EndpointAlerts after = Make(before.alerted());
  after.OnSuccess(kNow + seconds(1));
  after.OnPending(kNow + seconds(1), std::nullopt);
  const std::vector<AlertSignal> over = Collect(after);
  ASSERT_EQ(over.size(), 2u);
  EXPECT_TRUE(over[0].over && over[1].over);
  EXPECT_EQ(after.alerted(), 0);
}

TEST(EndpointAlertsTest, WhatEndsBeforeItIsWrittenIsNotTold) {
  EndpointAlerts alerts = Make();
  alerts.OnFailure(kNow, 60, 0, "timeout");
  alerts.OnSuccess(kNow);
  EXPECT_FALSE(alerts.due());
  // And what begins anew before its end is written goes on.
  alerts.OnFailure(kNow, 60, 0, "timeout");
  Collect(alerts);
  alerts.OnSuccess(kNow + seconds(1));
  alerts.OnFailure(kNow + seconds(2), 60, 0, "timeout");
  const std::vector<AlertSignal> signals = Collect(alerts);
  ASSERT_EQ(signals.size(), 1u);
  EXPECT_FALSE(signals[0].over);
}

TEST(EndpointAlertsTest, ACertificateIsWorseWithinThreeDaysAndOverWithANewOne) {
  EndpointAlerts alerts = Make();
  alerts.OnCertificate(kNow, kNow + days(14));
  EXPECT_EQ(Collect(alerts).at(0).level, 1);
  alerts.OnCertificate(kNow + seconds(1), kNow + days(14));
  EXPECT_FALSE(alerts.due());
  alerts.OnCertificate(kNow + days(11), kNow + days(14));
  EXPECT_EQ(Collect(alerts).at(0).level, 2);
  alerts.OnCertificate(kNow + days(12), kNow + days(90));
  EXPECT_TRUE(Collect(alerts).at(0).over);
}

}  // namespace
}  // namespace gatehouse::service::delivery
