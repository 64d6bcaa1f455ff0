#include "service/delivery/engine/queue_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "service/delivery/engine/queue_fixture.h"

namespace gatehouse::service::delivery {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

using QueueMapTest = QueueFixture;

TEST_F(QueueMapTest, AQueueIsCurrentUntilItIsRemovedOrAnotherTakesItsPlace) {
  const QueuePtr first = MakeQueue(NewKey());
  const storage::EndpointKey key = first->delivery.key();
  EXPECT_FALSE(queues_.IsCurrent(first));
  queues_.Add(first);
  EXPECT_TRUE(queues_.IsCurrent(first));
  const QueuePtr second = MakeQueue(key);
  queues_.Add(second);
  EXPECT_FALSE(queues_.IsCurrent(first));
  EXPECT_EQ(queues_.Find(key), second);
  EXPECT_EQ(queues_.size(), 1u);
  queues_.Remove(key);
  EXPECT_FALSE(queues_.IsCurrent(second));
  EXPECT_EQ(queues_.Find(key), nullptr);
  EXPECT_FALSE(queues_.Contains(key));
}

TEST_F(QueueMapTest, VisitsTheQueuesOfOneTenantAlone) {
  std::vector<base::Uuid> tenants = {NewId(), NewId(), NewId()};
  std::ranges::sort(tenants);
  std::vector<QueuePtr> queues;
  for (const base::Uuid& tenant : tenants) {
    for (int i = 0; i < 2; ++i) {
      queues.push_back(MakeQueue(NewKey(tenant)));
      queues_.Add(queues.back());
    }
  }
  // With neighbours on both sides.
  std::vector<QueuePtr> visited;
  queues_.ForTenant(tenants[1], [&](const QueuePtr& queue) { visited.push_back(queue); });
  EXPECT_THAT(visited, UnorderedElementsAre(queues[2], queues[3]));
  visited.clear();
  queues_.ForTenant(NewId(), [&](const QueuePtr& queue) { visited.push_back(queue); });
  EXPECT_TRUE(visited.empty());
  queues_.ForEach([&](const QueuePtr& queue) { visited.push_back(queue); });
  EXPECT_EQ(visited.size(), 6u);
}

TEST_F(QueueMapTest, RemovesThoseThatAreChosen) {
  const QueuePtr kept = MakeQueue(NewKey());
  const QueuePtr removed = MakeQueue(NewKey());
  queues_.Add(kept);
  queues_.Add(removed);
  queues_.RemoveIf([&](const QueuePtr& queue) { return queue == removed; });
  EXPECT_THAT(queues_.Keys(), ElementsAre(kept->delivery.key()));
}

}  // namespace
}  // namespace gatehouse::service::delivery
