#include "base/metric_families.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gatehouse::base {
namespace {

using testing::ElementsAre;
using testing::Field;

TEST(MetricFamiliesTest, KeepsTheOrderOfFirstValues) {
  MetricFamilies families;
  families.Gauge("queued", "Calls that wait.", 2);
  families.Counter("sent", "Calls sent.", 7u, {{"database", "one"}});
  families.Gauge("asleep", "Calls that sleep.", 0.5);
  families.Counter("sent", "Calls sent.", 8u, {{"database", "two"}});

  ASSERT_THAT(families.families(), ElementsAre(Field(&MetricFamilies::Family::name, "queued"),
                                               Field(&MetricFamilies::Family::name, "sent"),
                                               Field(&MetricFamilies::Family::name, "asleep")));
  const MetricFamilies::Family& sent = families.families()[1];
  EXPECT_EQ(sent.type, MetricFamilies::Type::kCounter);
  EXPECT_EQ(sent.help, "Calls sent.");
  ASSERT_EQ(sent.values.size(), 2u);
  EXPECT_EQ(sent.values[0].value, 7);
  EXPECT_EQ(sent.values[1].labels.at("database"), "two");
  EXPECT_EQ(families.families()[2].type, MetricFamilies::Type::kGauge);
  EXPECT_EQ(families.families()[2].values[0].value, 0.5);
}

}  // namespace
}  // namespace gatehouse::base
