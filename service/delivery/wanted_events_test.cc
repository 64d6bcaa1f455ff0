#include "service/delivery/wanted_events.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gatehouse::service::delivery {
namespace {

constexpr char kBody[] = R"({"type":"order.paid","timestamp":"t","data":{"amount": 150}})";

TEST(WantedEventsTest, BothTypeAndBodyMustBeWanted) {
  const std::vector<std::string> types = {"order.*"};
  EXPECT_TRUE(WantedEvents(types, "").Wants("order.paid", kBody));
  EXPECT_TRUE(WantedEvents(types, "data.amount >= 100").Wants("order.paid", kBody));
  EXPECT_FALSE(WantedEvents(types, "data.amount >= 200").Wants("order.paid", kBody));
  EXPECT_FALSE(WantedEvents(types, "data.amount >= 100").Wants("invoice.sent", kBody));
}

TEST(WantedEventsTest, ABodyIsParsedOnlyForAFilter) {
  const std::vector<std::string> types = {"*"};
  EXPECT_TRUE(WantedEvents(types, "").Wants("a", "no JSON"));
  EXPECT_FALSE(WantedEvents(types, "NOT data.a = 1").Wants("a", "no JSON"));
  EXPECT_FALSE(WantedEvents(types, "").has_filter());
}

TEST(WantedEventsTest, AFilterThatIsNotUnderstoodLosesNothing) {
  const std::vector<std::string> types = {"*"};
  EXPECT_TRUE(WantedEvents(types, "what a later version wrote").Wants("order.paid", kBody));
}

}  // namespace
}  // namespace gatehouse::service::delivery
