#include "service/delivery/queue/delivery_stats.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace gatehouse::service::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr base::Time kNow = base::TimeFromMicros(1'800'000'000'000'000);

TEST(DeliveryStatsTest, TellsPercentilesToWithinAnEighth) {
  DeliveryStats stats;
  for (int i = 1; i <= 1000; ++i) stats.Add(kNow, milliseconds(i), i % 10 != 0);
  const DeliveryStats::Summary summary = stats.Summarize(kNow);
  EXPECT_EQ(summary.attempts, 1000);
  EXPECT_EQ(summary.succeeded, 900);
  const auto near = [](base::Duration latency, milliseconds exact) {
    return latency >= exact && latency <= exact + exact / 8;
  };
  EXPECT_TRUE(near(summary.p50, milliseconds(500))) << summary.p50.count();
  EXPECT_TRUE(near(summary.p95, milliseconds(950))) << summary.p95.count();
  EXPECT_TRUE(near(summary.p99, milliseconds(990))) << summary.p99.count();
}

TEST(DeliveryStatsTest, EveryLatencyIsWithinItsBucket) {
  for (int64_t micros = 0; micros < 120'000'000; micros += 1 + micros / 50) {
    DeliveryStats stats;
    stats.Add(kNow, base::Duration(micros), true);
    const int64_t told = stats.Summarize(kNow).p50.count();
    EXPECT_GE(told, micros);
    EXPECT_LE(told, micros + micros / 8 + 64);
  }
}

TEST(DeliveryStatsTest, ForgetsWhatIsLongerAgoThanTwoPeriods) {
  DeliveryStats stats;
  stats.Add(kNow, milliseconds(1), false);
  EXPECT_EQ(stats.Summarize(kNow + minutes(29)).attempts, 1);
  EXPECT_EQ(stats.Summarize(kNow + minutes(61)).attempts, 0);
  stats.Add(kNow + minutes(31), seconds(1), true);
  EXPECT_EQ(stats.Summarize(kNow + minutes(31)).attempts, 2);
  stats.Add(kNow + minutes(91), seconds(1), true);
  const DeliveryStats::Summary summary = stats.Summarize(kNow + minutes(91));
  EXPECT_EQ(summary.attempts, 1);
  EXPECT_EQ(summary.succeeded, 1);
}

TEST(DeliveryStatsTest, OutlivesItsDeliverer) {
  DeliveryStats stats;
  for (int i = 0; i < 100; ++i) stats.Add(kNow + seconds(30 * i), milliseconds(20 + i), i > 10);
  const base::Time end = kNow + seconds(3000);
  const std::string bytes = stats.Encode();
  const DeliveryStats::Summary before = stats.Summarize(end);
  const DeliveryStats::Summary after = DeliveryStats::Decode(bytes).Summarize(end);
  EXPECT_EQ(after.attempts, before.attempts);
  EXPECT_EQ(after.succeeded, before.succeeded);
  EXPECT_EQ(after.p99, before.p99);
  EXPECT_LT(bytes.size(), 200u);
}

TEST(DeliveryStatsTest, WhatIsDamagedCountsAsNothing) {
  DeliveryStats stats;
  stats.Add(kNow, seconds(2), true);
  const std::string bytes = stats.Encode();
  EXPECT_EQ(DeliveryStats::Decode("").Summarize(kNow).attempts, 0);
  EXPECT_EQ(DeliveryStats::Decode("\x02").Summarize(kNow).attempts, 0);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DeliveryStats::Decode(bytes.substr(0, size)).Summarize(kNow).attempts, 0) << size;
  }
}

TEST(DeliveryStatsTest, TakesNoMoreBucketsThanThereAre) {
  const auto attempts = [](const std::string& buckets) {
    return DeliveryStats::Decode("\x01\x01\x01" + buckets + std::string(3, '\0'))
        .Summarize(base::Time(DeliveryStats::kPeriod))
        .attempts;
  };
  EXPECT_EQ(attempts("\x01\x9f\x01\x02"), 2);
  EXPECT_EQ(attempts("\x01\xa0\x01\x02"), 0);
  std::string each;
  for (int i = 0; i < 160; ++i) {
    each +=
        i < 128 ? std::string(1, static_cast<char>(i)) : static_cast<char>(i) + std::string("\x01");
    each += '\x01';
  }
  EXPECT_EQ(attempts("\xa0\x01" + each), 160);
  EXPECT_EQ(attempts(std::string("\xa1\x01") + each + std::string("\x01\x01")), 0);
}

}  // namespace
}  // namespace gatehouse::service::delivery
