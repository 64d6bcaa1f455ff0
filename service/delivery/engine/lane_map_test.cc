#include "service/delivery/engine/lane_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "service/delivery/engine/lane_fixture.h"

namespace gatehouse::service::delivery {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

using LaneMapTest = LaneFixture;

TEST_F(LaneMapTest, ALaneIsCurrentUntilItIsRemovedOrAnotherTakesItsPlace) {
  const LanePtr first = MakeLane(NewKey());
  const storage::EndpointKey key = first->delivery.key();
  EXPECT_FALSE(lanes_.IsCurrent(first));
  lanes_.Add(first);
  EXPECT_TRUE(lanes_.IsCurrent(first));
  const LanePtr second = MakeLane(key);
  lanes_.Add(second);
  EXPECT_FALSE(lanes_.IsCurrent(first));
  EXPECT_EQ(lanes_.Find(key), second);
  EXPECT_EQ(lanes_.size(), 1u);
  lanes_.Remove(key);
  EXPECT_FALSE(lanes_.IsCurrent(second));
  EXPECT_EQ(lanes_.Find(key), nullptr);
  EXPECT_FALSE(lanes_.Contains(key));
}

TEST_F(LaneMapTest, VisitsTheLanesOfOneTenantAlone) {
  std::vector<base::Uuid> tenants = {NewId(), NewId(), NewId()};
  std::ranges::sort(tenants);
  std::vector<LanePtr> lanes;
  for (const base::Uuid& tenant : tenants) {
    for (int i = 0; i < 2; ++i) {
      lanes.push_back(MakeLane(NewKey(tenant)));
      lanes_.Add(lanes.back());
    }
  }
  // With neighbours on both sides.
  std::vector<LanePtr> visited;
  lanes_.ForTenant(tenants[1], [&](const LanePtr& lane) { visited.push_back(lane); });
  EXPECT_THAT(visited, UnorderedElementsAre(lanes[2], lanes[3]));
  visited.clear();
  lanes_.ForTenant(NewId(), [&](const LanePtr& lane) { visited.push_back(lane); });
  EXPECT_TRUE(visited.empty());
  lanes_.ForEach([&](const LanePtr& lane) { visited.push_back(lane); });
  EXPECT_EQ(visited.size(), 6u);
}

TEST_F(LaneMapTest, RemovesThoseThatAreChosen) {
  const LanePtr kept = MakeLane(NewKey());
  const LanePtr removed = MakeLane(NewKey());
  lanes_.Add(kept);
  lanes_.Add(removed);
  lanes_.RemoveIf([&](const LanePtr& lane) { return lane == removed; });
  EXPECT_THAT(lanes_.Keys(), ElementsAre(kept->delivery.key()));
}

}  // namespace
}  // namespace gatehouse::service::delivery
