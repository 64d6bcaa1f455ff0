#include "service/delivery/queue/order_lanes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "service/delivery/queue/delivery_item.h"
#include "storage/delivery/delivery.h"

namespace gatehouse::service::delivery {
namespace {

using Step = OrderLanes::Step;

DeliveryItem Item(int64_t index, const std::string& key, bool is_retry = false) {
  return {.index = index,
          .event_id = base::Uuid::MakeV7(base::TimeFromMicros(1'800'000'000'000'000)),
          .type = "order.paid",
          .ordering_key = key,
          .body = std::make_shared<const std::string>("body"),
          .is_retry = is_retry};
}

// 0: nothing.
int64_t NextOf(const Step& step) { return step.next ? step.next->index : 0; }

std::vector<int64_t> IndexesOf(const std::vector<DeliveryItem>& items) {
  std::vector<int64_t> indexes;
  for (const DeliveryItem& item : items) indexes.push_back(item.index);
  return indexes;
}

using Indexes = std::vector<int64_t>;
using Keys = std::vector<std::string>;

TEST(OrderLanesTest, OneOfAKeyGoesAndTheOthersWaitForIt) {
  OrderLanes lanes;
  EXPECT_EQ(NextOf(lanes.Add(Item(1, "a"))), 1);
  EXPECT_EQ(NextOf(lanes.Add(Item(2, "a"))), 0);
  EXPECT_EQ(NextOf(lanes.Add(Item(3, "b"))), 3);
  EXPECT_EQ(NextOf(lanes.Add(Item(4, "a"))), 0);
  EXPECT_EQ(lanes.waiting(), 2u);
  EXPECT_EQ(NextOf(lanes.OnSettled(Item(1, "a"))), 2);
  EXPECT_EQ(NextOf(lanes.OnSettled(Item(3, "b"))), 0);
  EXPECT_EQ(NextOf(lanes.OnSettled(Item(2, "a"))), 4);
  EXPECT_EQ(NextOf(lanes.OnSettled(Item(4, "a"))), 0);
  EXPECT_TRUE(lanes.idle());
  // As if nothing had been.
  EXPECT_EQ(NextOf(lanes.Add(Item(5, "a"))), 5);
}

TEST(OrderLanesTest, BehindAFailureAllBecomeExceptions) {
  OrderLanes lanes;
  lanes.Add(Item(1, "a"));
  lanes.Add(Item(2, "a"));
  EXPECT_EQ(IndexesOf(lanes.OnFailed(Item(1, "a")).deferred), Indexes({2}));
  EXPECT_EQ(IndexesOf(lanes.Add(Item(3, "a")).deferred), Indexes({3}));
  EXPECT_EQ(NextOf(lanes.Add(Item(4, "b"))), 4);
  EXPECT_EQ(lanes.waiting(), 0u);
}

TEST(OrderLanesTest, TheDatabaseSaysWhetherALaneIsFreeAgain) {
  OrderLanes lanes({"a"});
  EXPECT_EQ(IndexesOf(lanes.AddRetries({Item(1, "a", true)})), Indexes({1}));
  EXPECT_FALSE(lanes.OnSettled(Item(1, "a", true)).next.has_value());
  EXPECT_EQ(lanes.TakeReleases(), Keys({"a"}));
  // Until then nobody knows.
  EXPECT_TRUE(lanes.Add(Item(5, "a")).deferred.empty());
  EXPECT_EQ(lanes.waiting(), 1u);
  EXPECT_EQ(NextOf(lanes.OnReleased("a", false)), 5);
}

TEST(OrderLanesTest, AsLongAsThereAreMoreWhatComesJoinsThem) {
  OrderLanes lanes({"a"});
  lanes.AddRetries({Item(1, "a", true)});
  lanes.OnSettled(Item(1, "a", true));
  lanes.TakeReleases();
  lanes.Add(Item(5, "a"));
  const Step step = lanes.OnReleased("a", true);
  EXPECT_TRUE(step.look);
  EXPECT_EQ(IndexesOf(step.deferred), Indexes({5}));
  EXPECT_EQ(IndexesOf(lanes.Add(Item(6, "a")).deferred), Indexes({6}));
}

TEST(OrderLanesTest, AnAnswerThatIsOlderThanTheQuestionDoesNotCount) {
  OrderLanes lanes({"a"});
  lanes.AddRetries({Item(1, "a", true), Item(2, "a", true)});
  EXPECT_EQ(NextOf(lanes.OnSettled(Item(1, "a", true))), 2);
  EXPECT_EQ(lanes.TakeReleases(), Keys({"a"}));
  lanes.OnSettled(Item(2, "a", true));
  // Of the first flush, in which there was still an exception.
  EXPECT_FALSE(lanes.OnReleased("a", true).look);
  EXPECT_EQ(lanes.TakeReleases(), Keys({"a"}));
  lanes.Add(Item(9, "a"));
  EXPECT_EQ(NextOf(lanes.OnReleased("a", false)), 9);
}

TEST(OrderLanesTest, WhatFollowsARetryGoesByItselfAndNotPastAFailure) {
  OrderLanes lanes({"a", "b"});
  EXPECT_EQ(IndexesOf(lanes.AddRetries(
                {Item(1, "a", true), Item(2, "a", true), Item(3, "a", true), Item(4, "b", true)})),
            Indexes({1, 4}));
  EXPECT_EQ(lanes.followers(), Indexes({2, 3}));
  EXPECT_EQ(NextOf(lanes.OnSettled(Item(1, "a", true))), 2);
  EXPECT_EQ(NextOf(lanes.OnFailed(Item(2, "a", true))), 0);
  EXPECT_TRUE(lanes.followers().empty());
  // Also in the first case whoever comes after a kill is told of the next.
  EXPECT_EQ(lanes.TakeReleases(), Keys({"a"}));
}

TEST(OrderLanesTest, AnExceptionIsNotTakenWhileAnotherOfItsKeyIsUnderWay) {
  OrderLanes lanes;
  lanes.Add(Item(7, "a"));
  lanes.Add(Item(8, "a"));
  // It was sent again meanwhile.
  EXPECT_TRUE(lanes.AddRetries({Item(2, "a", true)}).empty());
  const Step step = lanes.OnSettled(Item(7, "a"));
  EXPECT_TRUE(step.look);
  EXPECT_FALSE(step.next.has_value());
  EXPECT_EQ(IndexesOf(step.deferred), Indexes({8}));
  EXPECT_EQ(IndexesOf(lanes.AddRetries({Item(2, "a", true)})), Indexes({2}));
}

TEST(OrderLanesTest, RetriesThatAreReadAnewAreForgottenAndTakenAgain) {
  OrderLanes lanes({"a"});
  const std::vector<DeliveryItem> ready =
      lanes.AddRetries({Item(1, "a", true), Item(2, "a", true)});
  lanes.ForgetRetries({ready.begin(), ready.end()});
  EXPECT_TRUE(lanes.followers().empty());
  EXPECT_EQ(IndexesOf(lanes.AddRetries({Item(1, "a", true)})), Indexes({1}));
}

TEST(OrderLanesTest, OneThatMayComeFirstOfItsKeyDoesNotWaitForLaterOnes) {
  // After a kill: 3 was delivered and is sent again, since the position had not passed it; 9
  // failed.
  OrderLanes lanes({"a"});
  EXPECT_EQ(IndexesOf(lanes.Add(Item(3, "a")).deferred), Indexes({3}));
  EXPECT_EQ(lanes.TakeReleases(), Keys({"a"}));
  EXPECT_TRUE(lanes.OnReleased("a", true).look);
}

TEST(OrderLanesTest, WithMoreKeysThanItKnowsTheDatabaseIsAskedOfEach) {
  std::vector<std::string> held;
  for (int i = 0; i <= storage::kMaxHeldKeys; ++i) held.push_back("key-" + std::to_string(i));
  OrderLanes lanes(held);
  EXPECT_EQ(IndexesOf(lanes.Add(Item(5, "unknown")).deferred), Indexes({5}));
  EXPECT_EQ(lanes.TakeReleases(), Keys({"unknown"}));
  EXPECT_TRUE(lanes.OnReleased("unknown", true).look);
  EXPECT_EQ(IndexesOf(lanes.Add(Item(6, "unknown")).deferred), Indexes({6}));
}

TEST(OrderLanesTest, LanesThatOnlyWaitForTheDatabaseAreBounded) {
  OrderLanes lanes;
  for (int64_t i = 1; i <= static_cast<int64_t>(OrderLanes::kMaxLanes) + 10; ++i) {
    const std::string key = "key-" + std::to_string(i);
    lanes.Add(Item(i, key));
    lanes.OnFailed(Item(i, key));
  }
  // The last ones are forgotten, and with them that others have none: nothing overtakes them.
  const std::string last = "key-" + std::to_string(OrderLanes::kMaxLanes + 10);
  EXPECT_EQ(lanes.Add(Item(9'000, last)).deferred.size(), 1u);
  EXPECT_EQ(lanes.Add(Item(9'001, "new")).deferred.size(), 1u);
  const Keys asked = lanes.TakeReleases();
  EXPECT_NE(std::ranges::find(asked, last), asked.end());
  EXPECT_NE(std::ranges::find(asked, "new"), asked.end());
}

}  // namespace
}  // namespace gatehouse::service::delivery
