#include "service/delivery/engine/log_matcher.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "service/delivery/engine/parts_fixture.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::service::delivery {
namespace {

class LogMatcherTest : public PartsFixture {
 protected:
  // Orders what is committed, and returns it as the feed brings it.
  LogMatcher::News Order() {
    LogMatcher::News news;
    for (;;) {
      absl::StatusOr<storage::SequencerPass> pass =
          Run([&](auto ctx) { return storage_->sequencer.RunPass(ctx, 1000); });
      EXPECT_THAT(pass, tests::IsOk());
      if (!pass.ok() || (!pass->more && pass->batches.empty())) return news;
      for (storage::LogBatch& batch : pass->batches) {
        news.push_back(std::make_shared<const storage::LogBatch>(std::move(batch)));
      }
    }
  }
  // The statements of it.
  uint64_t FollowNews(const LogMatcher::News& news) {
    const uint64_t before = storage_->database->statements_sent();
    Do([&] { return parts_->matcher.Follow(base::kDefaultTenantId, news); });
    return storage_->database->statements_sent() - before;
  }
  int64_t Matched() { return Log().matched(); }
  int64_t Durable() { return Log().durable(); }
  TenantLog Log() {
    std::unique_ptr<TenantLog> log;
    runner_.RunPlain(
        [&] { log = std::make_unique<TenantLog>(parts_->logs.at(base::kDefaultTenantId).log); });
    return *log;
  }
  std::string Cursor() {
    return tests::AskSql(dsn_, "SELECT position FROM gatehouse.webhook_fanout");
  }
};

TEST_F(LogMatcherTest, TenantsAreFollowedFromWhereTheirCursorIs) {
  Publish();
  Follow();
  OnLoop([this] { EXPECT_TRUE(parts_->logs.empty()) << "no endpoint, no cursor"; });
  CreateEndpoint("https://a.example/", {"order.*"});
  Publish();
  Follow();
  EXPECT_EQ(Matched(), 3);
}

// Of its first endpoint this one hears nothing: its cursor is past the entry that says so.
TEST_F(LogMatcherTest, ATenantThatAnotherServerMatchedFirstHasItsEndpoints) {
  Follow();
  const storage::Endpoint endpoint = CreateEndpoint("https://a.example/", {"order.*"});
  Step(MakeEngine());
  EXPECT_EQ(Cursor(), "1");
  Publish();
  Follow();
  EXPECT_EQ(Matched(), 2);
  ASSERT_NE(QueueOf(endpoint), nullptr);
  EXPECT_EQ(QueueOf(endpoint)->delivery.ready(), 1u);
}

// Read before another server went on past a change, they would never be read again.
TEST_F(LogMatcherTest, SettingsAreAtLeastAsNewAsThePositions) {
  const storage::Endpoint endpoint = CreateEndpoint("https://a.example/", {"invoice.*"});
  Do([this] { return parts_->settings.Load(); });
  Update(endpoint, [](storage::Endpoint& e) { e.event_types = {"order.*"}; });
  Step(MakeEngine());
  Publish("order.paid");
  Follow();
  ASSERT_NE(QueueOf(endpoint), nullptr);
}

TEST_F(LogMatcherTest, NewsAreMatchedWithoutReadingThem) {
  const storage::Endpoint endpoint = CreateEndpoint("https://a.example/", {"order.*"});
  Follow();
  FlushAll();
  Publish("invoice.sent");
  // No endpoint wants it: there is nothing to do at all.
  EXPECT_EQ(FollowNews(Order()), 0u);
  EXPECT_EQ(Matched(), 2);
  EXPECT_EQ(QueueOf(endpoint), nullptr);
  Publish("order.paid");
  FollowNews(Order());
  ASSERT_NE(QueueOf(endpoint), nullptr);
  EXPECT_EQ(QueueOf(endpoint)->delivery.ready(), 1u);
}

TEST_F(LogMatcherTest, AGapInTheNewsIsReadFromTheLog) {
  const storage::Endpoint endpoint = CreateEndpoint("https://a.example/", {"order.*"});
  Follow();
  Publish();
  Order();
  Publish();
  FollowNews(Order());
  EXPECT_EQ(Matched(), 3);
  EXPECT_EQ(QueueOf(endpoint)->delivery.ready(), 2u);
  // What is known already is nothing new.
  LogMatcher::News old = {std::make_shared<const storage::LogBatch>(storage::LogBatch{
      .tenant_id = base::kDefaultTenantId, .entries = {{.index = 2, .type = "order.paid"}}})};
  EXPECT_EQ(FollowNews(old), 0u);
}

TEST_F(LogMatcherTest, HowFarItIsMatchedIsWrittenLater) {
  CreateEndpoint("https://a.example/", {"order.*"});
  Follow();
  FlushAll();
  Publish();
  Publish();
  Follow();
  EXPECT_EQ(Matched(), 3);
  EXPECT_EQ(Durable(), 1);
  EXPECT_EQ(Cursor(), "1");
  Do([this] { return parts_->matcher.MarkAll(); });
  EXPECT_EQ(Durable(), 3);
  EXPECT_EQ(Cursor(), "3");
  const uint64_t before = storage_->database->statements_sent();
  Do([this] { return parts_->matcher.MarkAll(); });
  EXPECT_EQ(storage_->database->statements_sent(), before);
}

TEST_F(LogMatcherTest, BeginsAnewWhereACursorWasSetBackTo) {
  CreateEndpoint("https://a.example/", {"order.*"});
  Publish();
  Publish();
  Follow();
  FlushAll();
  tests::ExecuteSql(dsn_, "UPDATE gatehouse.webhook_fanout SET position = 1");
  Publish();
  Follow();
  FlushAll();
  EXPECT_EQ(Matched(), 1);
  Follow();
  FlushAll();
  EXPECT_EQ(Matched(), 4);
  EXPECT_EQ(Cursor(), "4");
}

TEST_F(LogMatcherTest, ChangedSettingsCountFromTheirPlaceInTheLogOn) {
  const storage::Endpoint endpoint = CreateEndpoint("https://a.example/", {"order.*"});
  Follow();
  Publish("invoice.sent");
  Update(endpoint, [](storage::Endpoint& e) { e.event_types = {"invoice.*"}; });
  Publish("order.paid");
  Publish("invoice.sent");
  // Each by itself, as a feed brings them that is not behind.
  for (const auto& batch : Order()) {
    for (const storage::LogEntry& entry : batch->entries) {
      FollowNews({std::make_shared<const storage::LogBatch>(
          storage::LogBatch{.tenant_id = batch->tenant_id, .entries = {entry}})});
    }
  }
  EXPECT_EQ(Matched(), 5);
  ASSERT_NE(QueueOf(endpoint), nullptr);
  EXPECT_EQ(QueueOf(endpoint)->delivery.ready(), 1u);
}

TEST_F(LogMatcherTest, WhatIsToBeSentAgainIsLookedForByTheQueuesItIsFor) {
  const storage::Endpoint a = CreateEndpoint("https://a.example/", {"order.*"});
  const storage::Endpoint b = CreateEndpoint("https://b.example/", {"order.*"});
  Publish();
  Follow();
  for (const storage::Endpoint& endpoint : {a, b}) Settle(QueueOf(endpoint));
  FlushAll();
  storage::Event event = MakeEvent("webhook.redelivered");
  event.targets = {{.type = "endpoint", .id = a.id.ToString(), .label = ""},
                   {.type = "event", .id = event.id.ToString(), .label = ""}};
  for (int i = 0; i < 3; ++i) {
    event.id = base::Uuid::MakeV7(clock_.Now());
    EXPECT_THAT(Run([&](auto ctx) { return storage_->events.Append(ctx, event); }), tests::IsOk());
  }
  // One statement reads them all, one leases endpoints that nobody has, one reads the window.
  EXPECT_EQ(FollowNews(Order()), 3u);
  EXPECT_EQ(QueueOf(a)->delivery.next_due(), clock_.Now());
  EXPECT_EQ(QueueOf(b)->delivery.next_due(), std::nullopt);
}

}  // namespace
}  // namespace gatehouse::service::delivery
