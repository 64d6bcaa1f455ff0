#include "service/delivery/engine/lease_holder.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>

#include "base/uuid.h"
#include "service/delivery/engine/parts_fixture.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class LeaseHolderTest : public PartsFixture {
 protected:
  storage::Endpoint CreateOne() { return CreateEndpoint("https://a.example/", {"order.*"}); }
  // Work for the endpoint, which is matched, and marked.
  void GiveWork() {
    Publish();
    Follow();
    FlushAll();
  }
  std::string OwnerOf(const storage::Endpoint& endpoint) {
    return tests::AskSql(dsn_,
                         "SELECT coalesce(owner::text, 'nobody') FROM gatehouse.endpoint_delivery "
                         "WHERE endpoint_id = '" +
                             endpoint.id.ToString() + "'");
  }
  void Tend() {
    OnLoop([this] { parts_->leases.Tend(); });
  }
  static base::Task<bool> GiveBackAll(LeaseHolder* leases) {
    co_await leases->GiveBackAll(/*written=*/true);
    co_return true;
  }
};

TEST_F(LeaseHolderTest, LeasesWhatHasWorkAndFeedsIt) {
  const storage::Endpoint endpoint = CreateOne();
  Publish();
  Follow();
  const QueuePtr queue = QueueOf(endpoint);
  ASSERT_NE(queue, nullptr);
  EXPECT_EQ(queue->delivery.ready(), 1u);
  EXPECT_EQ(OwnerOf(endpoint), instance_.ToString());
  EXPECT_GT(queue->lease_until, steady_clock::now());
  Tend();
  EXPECT_EQ(parts_->leases.held(), 1);
}

TEST_F(LeaseHolderTest, ConcurrentLeasesOfOneEndpointMakeOneQueue) {
  const storage::Endpoint endpoint = CreateOne();
  Follow();
  ASSERT_EQ(QueueOf(endpoint), nullptr);
  const auto lease = [&] {
    return parts_->leases.LeaseMatched(endpoint.tenant_id,
                                       {{.endpoint_id = endpoint.id, .first_index = 2}});
  };
  std::future<absl::Status> first = runner_.Start<absl::Status>(lease);
  std::future<absl::Status> second = runner_.Start<absl::Status>(lease);
  EXPECT_THAT(first.get(), tests::IsOk());
  const QueuePtr queue = QueueOf(endpoint);
  ASSERT_NE(queue, nullptr);
  EXPECT_THAT(second.get(), tests::IsOk());
  EXPECT_EQ(QueueOf(endpoint), queue);
  EXPECT_EQ(queue->delivery.fence(), 1);
}

TEST_F(LeaseHolderTest, WhatAnotherInstanceHoldsIsLeftToIt) {
  const storage::Endpoint endpoint = CreateOne();
  Follow();
  tests::ExecuteSql(dsn_,
                    "UPDATE gatehouse.endpoint_delivery SET owner = gen_random_uuid(), "
                    "lease_until = now() + '1 h'::interval");
  GiveWork();
  Do([this] { return parts_->leases.LeaseDue(); });
  EXPECT_EQ(QueueOf(endpoint), nullptr);
  tests::ExecuteSql(dsn_,
                    "UPDATE gatehouse.endpoint_delivery SET lease_until = now() - '1 s'::interval");
  Do([this] { return parts_->leases.LeaseDue(); });
  ASSERT_NE(QueueOf(endpoint), nullptr);
  EXPECT_EQ(QueueOf(endpoint)->delivery.ready(), 1u);
}

TEST_F(LeaseHolderTest, LeasesAllThatIsDueHoweverMuchItIs) {
  CreateOne();
  tests::ExecuteSql(dsn_,
                    "INSERT INTO gatehouse.endpoint "
                    "SELECT (jsonb_populate_record(e, jsonb_build_object('endpoint_id', "
                    "gen_random_uuid()))).* FROM gatehouse.endpoint e, generate_series(1, 2500)");
  tests::ExecuteSql(dsn_,
                    "INSERT INTO gatehouse.endpoint_delivery "
                    "SELECT (jsonb_populate_record(d, jsonb_build_object('endpoint_id', "
                    "e.endpoint_id, 'created_event_id', NULL, 'next_due', 'epoch'))).* "
                    "FROM gatehouse.endpoint_delivery d, gatehouse.endpoint e "
                    "WHERE e.endpoint_id <> d.endpoint_id");
  Do([this] { return parts_->leases.LeaseDue(); });
  EXPECT_EQ(tests::AskSql(dsn_, "SELECT count(*) FROM gatehouse.endpoint_delivery WHERE fence = 1"),
            "2500");
}

TEST_F(LeaseHolderTest, NothingIsLeasedOnceTheEngineStops) {
  const storage::Endpoint endpoint = CreateOne();
  Follow();
  OnLoop([this] { parts_->tasks.BeginStop(); });
  GiveWork();
  Do([this] { return parts_->leases.LeaseDue(); });
  EXPECT_EQ(QueueOf(endpoint), nullptr);
}

TEST_F(LeaseHolderTest, GivesBackOnlyWhatIsAtRest) {
  MakeParts(/*idle_time=*/milliseconds(0));
  const storage::Endpoint endpoint = CreateOne();
  Publish();
  Follow();
  const QueuePtr queue = QueueOf(endpoint);
  ASSERT_NE(queue, nullptr);
  Tend();
  EXPECT_EQ(QueueOf(endpoint), queue) << "it has events ready";
  Settle(queue);
  Tend();
  EXPECT_EQ(QueueOf(endpoint), queue) << "its results are not written";
  FlushAll();
  // What was matched meanwhile, and is not marked, could be forgotten.
  Publish("invoice.sent");
  Follow();
  Tend();
  EXPECT_EQ(QueueOf(endpoint), queue) << "the tenant's cursor is not written";
  FlushAll();
  Tend();
  EXPECT_EQ(QueueOf(endpoint), nullptr);
  EXPECT_EQ(OwnerOf(endpoint), "nobody");
  EXPECT_EQ(parts_->leases.held(), 0);
}

TEST_F(LeaseHolderTest, KeepsWhatHasARetrySoon) {
  MakeParts(/*idle_time=*/milliseconds(0));
  const storage::Endpoint endpoint = CreateOne();
  Publish();
  Follow();
  Settle(QueueOf(endpoint), {.status_code = 500, .error_class = "status"});
  FlushAll();
  Tend();
  EXPECT_NE(QueueOf(endpoint), nullptr);
}

TEST_F(LeaseHolderTest, GivesBackAStoppedEndpointWithItsWork) {
  const storage::Endpoint endpoint = CreateOne();
  GiveWork();
  OnLoop([&] { parts_->queues.Find(KeyOf(endpoint))->delivery.Stop(); });
  Tend();
  EXPECT_EQ(QueueOf(endpoint), nullptr);
  EXPECT_EQ(OwnerOf(endpoint), "nobody");
  Do([this] { return parts_->leases.LeaseDue(); });
  ASSERT_NE(QueueOf(endpoint), nullptr);
  EXPECT_EQ(QueueOf(endpoint)->delivery.ready(), 1u);
}

TEST_F(LeaseHolderTest, RenewsByAFlushBeforeTheLeaseEnds) {
  const storage::Endpoint endpoint = CreateOne();
  GiveWork();
  const QueuePtr queue = QueueOf(endpoint);
  const uint64_t flushes = parts_->flusher.flushes();
  Tend();
  FlushAll();
  EXPECT_EQ(parts_->flusher.flushes(), flushes) << "there was time";
  OnLoop([&] { queue->lease_until = steady_clock::now() + kPatience / 2; });
  Tend();
  FlushAll();
  EXPECT_EQ(parts_->flusher.flushes(), flushes + 1);
  EXPECT_GT(queue->lease_until, steady_clock::now() + kPatience / 2);
}

TEST_F(LeaseHolderTest, RenewsAtOnceWhatALossOfPresenceMadeDoubtful) {
  const storage::Endpoint endpoint = CreateOne();
  GiveWork();
  const QueuePtr queue = QueueOf(endpoint);
  const uint64_t flushes = parts_->flusher.flushes();
  OnLoop([this] {
    parts_->presence.OnUnseen(1);
    parts_->presence.OnSeen();
    EXPECT_TRUE(parts_->presence.certain());
  });
  EXPECT_FALSE(parts_->presence.Confirms(queue->confirmed));
  Tend();
  FlushAll();
  EXPECT_EQ(parts_->flusher.flushes(), flushes + 1);
  EXPECT_TRUE(parts_->presence.Confirms(queue->confirmed));
}

TEST_F(LeaseHolderTest, AtTheEndAllIsGivenBackAndWorkIsLeftForOthers) {
  const storage::Endpoint busy = CreateOne();
  const storage::Endpoint done = CreateEndpoint("https://b.example/", {"order.*"});
  GiveWork();
  Settle(QueueOf(done));
  FlushAll();
  runner_.Run<bool>([this] { return GiveBackAll(&parts_->leases); });
  EXPECT_EQ(OwnerOf(busy), "nobody");
  EXPECT_EQ(OwnerOf(done), "nobody");
  EXPECT_EQ(QueueOf(busy), nullptr);
  Do([this] { return parts_->leases.LeaseDue(); });
  EXPECT_NE(QueueOf(busy), nullptr);
  EXPECT_EQ(QueueOf(done), nullptr);
}

}  // namespace
}  // namespace gatehouse::service::delivery
