#include "service/delivery/engine/queue_reader.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "service/delivery/engine/parts_fixture.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::seconds;

class QueueReaderTest : public PartsFixture {
 protected:
  // The queue of an endpoint that has settled the event it was leased for.
  QueuePtr LeaseUpToDate() {
    const storage::Endpoint endpoint = CreateEndpoint("https://a.example/", {"order.*"});
    Publish();
    Follow();
    const QueuePtr queue = QueueOf(endpoint);
    Settle(queue);
    FlushAll();
    return queue;
  }
  template <typename Fn>
  uint64_t Statements(Fn fn) {
    const uint64_t before = storage_->database->statements_sent();
    fn();
    return storage_->database->statements_sent() - before;
  }
};

TEST_F(QueueReaderTest, AQueueThatLagsReadsForItself) {
  const storage::Endpoint endpoint = CreateEndpoint("https://a.example/", {"order.*"});
  for (int i = 0; i < 70; ++i) Publish();
  Publish("invoice.sent");
  Follow();
  const QueuePtr queue = QueueOf(endpoint);
  ASSERT_NE(queue, nullptr);
  // In several pages, up to the end.
  EXPECT_EQ(queue->delivery.ready(), 70u);
  EXPECT_EQ(queue->delivery.scanned(), 72);
}

TEST_F(QueueReaderTest, QueuesThatLagAtOnePlaceShareWhatIsRead) {
  const auto follow_behind = [&](const std::string& types, const std::string& type, int number) {
    std::vector<storage::Endpoint> endpoints;
    for (int i = 0; i < number; ++i) {
      endpoints.push_back(CreateEndpoint("https://a.example/", {types}));
    }
    for (int i = 0; i < 70; ++i) Publish(type);
    const uint64_t statements = Statements([&] { Follow(); });
    for (const storage::Endpoint& endpoint : endpoints) {
      EXPECT_EQ(QueueOf(endpoint)->delivery.ready(), 70u);
    }
    return statements;
  };
  EXPECT_EQ(follow_behind("invoice.*", "invoice.sent", 5),
            follow_behind("order.*", "order.paid", 1));
}

TEST_F(QueueReaderTest, ReadsNoMoreThanWillBeSentSoon) {
  const storage::Endpoint endpoint = CreateEndpoint("https://a.example/", {"order.*"});
  for (int i = 0; i < 900; ++i) Publish();
  Follow();
  const QueuePtr queue = QueueOf(endpoint);
  EXPECT_GE(queue->delivery.ready(), 256u);
  EXPECT_LT(queue->delivery.ready(), 900u);
  // Once that is sent it goes on where it was.
  while (queue->delivery.ready() > 0) {
    Settle(queue);
    OnLoop([&] { parts_->reader.Feed(queue); });
  }
  EXPECT_EQ(queue->delivery.position(), 901);
}

TEST_F(QueueReaderTest, HoweverManyLagEachReadsAsSoonAsAnotherHasRead) {
  std::vector<storage::Endpoint> endpoints;
  for (int i = 0; i < 150; ++i) {
    // Of other types than the others', so that no page serves two.
    endpoints.push_back(
        CreateEndpoint("https://a.example/", {"order.*", "other.n" + std::to_string(i)}));
  }
  Publish();
  Follow();
  for (const storage::Endpoint& endpoint : endpoints) {
    ASSERT_EQ(QueueOf(endpoint)->delivery.ready(), 1u);
  }
}

TEST_F(QueueReaderTest, UpToDateQueuesShareOneReadOfTheWindow) {
  const storage::Endpoint a = CreateEndpoint("https://a.example/", {"order.*"});
  const storage::Endpoint b = CreateEndpoint("https://b.example/", {"order.*"});
  Publish();
  Follow();
  for (const storage::Endpoint& endpoint : {a, b}) Settle(QueueOf(endpoint));
  FlushAll();
  // The window begins with the types of those that are leased by now.
  Publish();
  Follow();
  for (const storage::Endpoint& endpoint : {a, b}) Settle(QueueOf(endpoint));
  Publish();
  Sequence();
  // The cursors, the entries, twice since there may be more, and the window.
  EXPECT_EQ(Statements([&] { Do([this] { return parts_->matcher.Poll(); }); }), 4u);
  EXPECT_EQ(QueueOf(a)->delivery.ready(), 1u);
  EXPECT_EQ(QueueOf(b)->delivery.ready(), 1u);
}

TEST_F(QueueReaderTest, WhoIsUpToDateWaitsForTheWindowThatIsBeingFilled) {
  const QueuePtr queue = LeaseUpToDate();
  Publish();
  Sequence();
  OnLoop([&] {
    FollowedLog& followed = parts_->logs.at(base::kDefaultTenantId);
    followed.log.ResetWindow({"order.*"});
    followed.log.MatchEntries({{{.index = followed.log.matched() + 1, .type = "order.paid"}}}, {});
    followed.filling = true;
  });
  EXPECT_EQ(Statements([&] { OnLoop([&] { parts_->reader.Feed(queue); }); }), 0u);
  OnLoop([&] { parts_->logs.at(base::kDefaultTenantId).filling = false; });
  EXPECT_EQ(Statements([&] { OnLoop([&] { parts_->reader.Feed(queue); }); }), 1u);
  EXPECT_EQ(queue->delivery.ready(), 1u);
}

TEST_F(QueueReaderTest, RetriesAreReadWhenTheyAreDueAndWritten) {
  const storage::Endpoint endpoint = CreateEndpoint("https://a.example/", {"order.*"});
  Publish();
  Follow();
  const QueuePtr queue = QueueOf(endpoint);
  Settle(queue, {.status_code = 500, .error_class = "status"});
  clock_.Advance(seconds(4));
  FlushAll();
  OnLoop([&] { parts_->reader.Tend(); });
  EXPECT_EQ(queue->delivery.retries_ready(), 0u);
  clock_.Advance(seconds(4));
  OnLoop([&] { parts_->reader.Tend(); });
  EXPECT_EQ(queue->delivery.retries_ready(), 1u);
  // They are read once.
  EXPECT_EQ(Statements([&] { OnLoop([&] { parts_->reader.Tend(); }); }), 0u);
  const std::optional<DeliveryItem> item = queue->delivery.Take(clock_.Now(), true);
  ASSERT_TRUE(item.has_value());
  EXPECT_TRUE(item->is_retry);
  EXPECT_EQ(item->attempts, 1);
}

TEST_F(QueueReaderTest, WhatIsNotWrittenYetIsNotRead) {
  const storage::Endpoint endpoint = CreateEndpoint("https://a.example/", {"order.*"});
  Publish();
  Follow();
  const QueuePtr queue = QueueOf(endpoint);
  Settle(queue, {.status_code = 500, .error_class = "status"});
  clock_.Advance(seconds(8));
  EXPECT_EQ(Statements([&] { OnLoop([&] { parts_->reader.Tend(); }); }), 0u);
  FlushAll();
  OnLoop([&] { parts_->reader.Tend(); });
  EXPECT_EQ(queue->delivery.retries_ready(), 1u);
}

// An earlier event of its key began anew while it was in flight. That its attempt failed is known
// here before it is read that another one is due.
TEST_F(QueueReaderTest, WhatIsInFlightIsNotReadAsTheFollowerOfAnother) {
  const storage::Endpoint endpoint = CreateEndpoint("https://a.example/", {"order.*"});
  Publish();
  Publish();
  Follow();
  const QueuePtr queue = QueueOf(endpoint);
  Settle(queue);
  FlushAll();
  const auto begin_anew = [&](const std::string& which) {
    tests::ExecuteSql(
        dsn_,
        "INSERT INTO gatehouse.webhook_exception (tenant_id, endpoint_id, event_index, "
        "event_id, event_type, attempts, due, state, ordering_key) "
        "SELECT d.tenant_id, d.endpoint_id, o.index, o.event_id, o.type, 0, "
        "'2020-01-01', 2, 'k' FROM gatehouse.endpoint_delivery d, "
        "gatehouse.event_order o WHERE o.index = (SELECT " +
            which + "(index) FROM gatehouse.event_order WHERE type = 'order.paid')");
    OnLoop([&] {
      queue->delivery.ReadRetriesAnew(clock_.Now());
      if (which == "max") parts_->reader.Tend();
    });
  };
  begin_anew("max");
  const std::optional<DeliveryItem> later = queue->delivery.Take(clock_.Now(), true);
  ASSERT_TRUE(later.has_value());
  begin_anew("min");
  OnLoop([&] {
    parts_->reader.Tend();
    queue->delivery.OnResult(*later, {.status_code = 422, .error_class = "status"}, clock_.Now(),
                             clock_.Now(), 0);
  });
  EXPECT_EQ(queue->delivery.retries_held(), std::vector<int64_t>{later->index - 1});
}

TEST_F(QueueReaderTest, NothingIsReadOnceTheEngineStops) {
  const QueuePtr queue = LeaseUpToDate();
  OnLoop([&] {
    TenantLog& log = parts_->logs.at(base::kDefaultTenantId).log;
    log.MatchEntries({{{.index = log.matched() + 1, .type = "order.paid"}}}, {});
    parts_->tasks.BeginStop();
  });
  EXPECT_EQ(Statements([&] { OnLoop([&] { parts_->reader.Feed(queue); }); }), 0u);
}

}  // namespace
}  // namespace gatehouse::service::delivery
