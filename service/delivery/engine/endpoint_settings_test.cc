#include "service/delivery/engine/endpoint_settings.h"

#include <gtest/gtest.h>

#include <future>
#include <string>

#include "base/log_line.h"
#include "service/delivery/engine/parts_fixture.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::service::delivery {
namespace {

using storage::EndpointState;

class EndpointSettingsTest : public PartsFixture {
 protected:
  // With a queue and an event that is ready.
  storage::Endpoint LeaseOne() {
    const storage::Endpoint endpoint = CreateEndpoint("https://a.example/", {"order.*"});
    Publish();
    Follow();
    return endpoint;
  }
  void Change() {
    OnLoop([this] { parts_->settings.OnChanged(base::kDefaultTenantId); });
  }
  std::string CountDisabled() {
    return tests::AskSql(dsn_,
                         "SELECT count(*) FROM gatehouse.event WHERE type = 'endpoint.disabled'");
  }
};

TEST_F(EndpointSettingsTest, AChangeCountsAtOnceAndReachesTheQueue) {
  const storage::Endpoint endpoint = LeaseOne();
  Update(endpoint, [](storage::Endpoint& e) { e.url = "https://b.example/"; });
  runner_.RunPlain([&] {
    parts_->settings.OnChanged(endpoint.tenant_id);
    EXPECT_TRUE(parts_->cache.IsStale(KeyOf(endpoint)));
  });
  AwaitIdle();
  OnLoop([&] {
    EXPECT_FALSE(parts_->cache.IsStale(KeyOf(endpoint)));
    EXPECT_EQ(parts_->cache.Find(KeyOf(endpoint))->url, "https://b.example/");
  });
}

TEST_F(EndpointSettingsTest, ChangesThatComeWhileItReadsAreReadTogether) {
  const storage::Endpoint endpoint = LeaseOne();
  const uint64_t before = storage_->database->statements_sent();
  OnLoop([&] {
    for (int i = 0; i < 100; ++i) parts_->settings.OnChanged(endpoint.tenant_id, endpoint.id);
  });
  OnLoop([&] { EXPECT_FALSE(parts_->cache.IsStale(KeyOf(endpoint))); });
  // Of the first one and of all others: the settings, and what is to be leased with them.
  EXPECT_EQ(storage_->database->statements_sent() - before, 4u);
}

TEST_F(EndpointSettingsTest, PausingStopsTheQueueAndEnablingBeginsAnother) {
  const storage::Endpoint endpoint = LeaseOne();
  const QueuePtr queue = QueueOf(endpoint);
  Update(endpoint, [](storage::Endpoint& e) { e.state = EndpointState::kPaused; });
  Change();
  EXPECT_TRUE(queue->delivery.stopped());
  OnLoop([this] { parts_->leases.Tend(); });
  EXPECT_EQ(QueueOf(endpoint), nullptr);
  Update(endpoint, [](storage::Endpoint& e) { e.state = EndpointState::kEnabled; });
  FlushAll();
  Change();
  ASSERT_NE(QueueOf(endpoint), nullptr);
  EXPECT_EQ(QueueOf(endpoint)->delivery.ready(), 1u);
}

TEST_F(EndpointSettingsTest, NothingIsReadBeforeTheFirstLoadOrOnceTheEngineStops) {
  const uint64_t before = storage_->database->statements_sent();
  Change();
  EXPECT_EQ(storage_->database->statements_sent(), before);
  Do([this] { return parts_->settings.Load(); });
  OnLoop([this] { parts_->tasks.BeginStop(); });
  const uint64_t loaded = storage_->database->statements_sent();
  Change();
  EXPECT_EQ(storage_->database->statements_sent(), loaded);
}

// Who changed them past the server wrote nothing into the tenant's log that would bring somebody
// back to them.
TEST_F(EndpointSettingsTest, WhatCannotBeReadWhenAllChangedIsReadLater) {
  const storage::Endpoint endpoint = LeaseOne();
  tests::ExecuteSql(dsn_, "UPDATE gatehouse.endpoint SET url = 'https://b.example/'");
  tests::ExecuteSql(dsn_, "ALTER TABLE gatehouse.endpoint RENAME TO endpoint_away");
  std::promise<void> failed;
  {
    const base::ScopedLogCapture capture([&](const std::string& line) {
      if (line.find("cannot read") == std::string::npos) return;
      tests::ExecuteSql(dsn_, "ALTER TABLE gatehouse.endpoint_away RENAME TO endpoint");
      failed.set_value();
    });
    runner_.RunPlain([this] { parts_->settings.OnAllChanged(); });
    failed.get_future().wait();
    AwaitIdle();
  }
  OnLoop([&] {
    EXPECT_FALSE(parts_->cache.IsStale(KeyOf(endpoint)));
    EXPECT_EQ(parts_->cache.Find(KeyOf(endpoint))->url, "https://b.example/");
  });
}

TEST_F(EndpointSettingsTest, DisablesWithWhatIsKnownSoFarWritten) {
  const storage::Endpoint endpoint = LeaseOne();
  const QueuePtr queue = QueueOf(endpoint);
  Settle(queue, {.status_code = 410, .error_class = "status"});
  OnLoop([&] {
    queue->disabling = true;
    queue->delivery.Stop();
    parts_->settings.Disable(queue);
  });
  EXPECT_EQ(Get(endpoint).endpoint.state, EndpointState::kDisabled);
  EXPECT_EQ(Get(endpoint).endpoint.disabled_reason, "gone");
  EXPECT_EQ(List(endpoint).size(), 1u);
  EXPECT_EQ(CountDisabled(), "1");
  EXPECT_FALSE(queue->disabling);
  OnLoop([&] { EXPECT_EQ(parts_->cache.Find(KeyOf(endpoint))->state, EndpointState::kDisabled); });
}

TEST_F(EndpointSettingsTest, WhoLostTheLeaseDisablesNothing) {
  const storage::Endpoint endpoint = LeaseOne();
  const QueuePtr queue = QueueOf(endpoint);
  Settle(queue, {.status_code = 410, .error_class = "status"});
  tests::ExecuteSql(dsn_, "UPDATE gatehouse.endpoint_delivery SET fence = fence + 1");
  OnLoop([&] { parts_->settings.Disable(queue); });
  EXPECT_EQ(Get(endpoint).endpoint.state, EndpointState::kEnabled);
  EXPECT_EQ(CountDisabled(), "0");
}

}  // namespace
}  // namespace gatehouse::service::delivery
