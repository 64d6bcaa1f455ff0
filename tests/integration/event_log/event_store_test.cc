#include "storage/event_log/event_store.h"

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/call_context.h"
#include "base/reason.h"
#include "base/text/encoding.h"
#include "base/uuid.h"
#include "storage/change.h"
#include "storage/event_leaf.h"
#include "storage/postgres/change_batch.h"
#include "tests/integration/event_log/event_log_fixture.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

using storage::Event;
using storage::Idempotency;

class EventStoreTest : public EventLogFixture {
 protected:
  struct Item {
    Event event;
    std::optional<Idempotency> idempotency = std::nullopt;
  };

  // All in one go of the loop, so that they share their group.
  // All of them wait before the first is written.
  std::vector<absl::Status> AppendTogether(const std::vector<Item>& items) {
    std::promise<void> release = BlockLoop();
    std::vector<std::future<absl::Status>> pending;
    for (const Item& item : items) {
      pending.push_back(runner_.Start<absl::Status>([this, item] {
        return storage_->events.Append(runner_.Context(), item.event, item.idempotency);
      }));
    }
    release.set_value();
    std::vector<absl::Status> results;
    for (auto& future : pending) results.push_back(future.get());
    return results;
  }

  // The loop is busy until the returned promise is set.
  std::promise<void> BlockLoop() {
    std::promise<void> release;
    runner_.loop().Post(
        [gate = std::make_shared<std::future<void>>(release.get_future())] { gate->wait(); });
    return release;
  }

  Idempotency Key(const base::Uuid& request_id) {
    return {.tenant_id = base::kDefaultTenantId,
            .principal_id = base::kDefaultTenantId,
            .request_id = request_id,
            .method = "/m",
            .request_hash = "h",
            .response = "r",
            .create_time = clock_.Now()};
  }

  base::Uuid NewId() { return base::Uuid::MakeV7(clock_.Now()); }
  std::string Events() { return Ask("SELECT count(*) FROM gatehouse.event"); }
};

TEST_F(EventStoreTest, AcknowledgedEventIsThereAndTheSequencerIsTold) {
  Event event = MakeEvent("a.b");
  EXPECT_FALSE(storage_->signal->IsPending());
  ASSERT_THAT(Append(event), IsOk());
  EXPECT_TRUE(storage_->signal->IsPending());
  EXPECT_EQ(Ask("SELECT type FROM gatehouse.event WHERE event_id = '" + event.id.ToString() + "'"),
            "a.b");
}

TEST_F(EventStoreTest, EveryFieldComesBackAndHashesToItsLeaf) {
  Event event = MakeEvent("session.created");
  event.outcome = storage::Outcome::kDenied;
  event.actor = {"user", "u-1", "Ad\xc3\xa9 \"x\""};
  event.targets = {{"session", "s-1", ""}, {"doc", "d\\1\n", "\xf0\x9f\x98\x80"}};
  event.ip_address = "2001:db8::1";
  event.user_agent = "agent/1";
  event.request_id = "r";
  event.trace_id = "t";
  event.session_id = "s";
  event.has_envelope = true;
  event.details_json =
      R"({"z": 1.50, "a": [100, 1e2, 1E+3, -0.0, 12345678901234567890.10, true, null],)"
      R"("nested": {"bb": 1, "a": {"\u00e9": "\u001f\/"}}, "dup": 1, "dup": 2, "empty": {}})";
  ASSERT_THAT(Append(event), IsOk());
  PassAll();

  const std::vector<storage::LoggedEvent> read = ReadAll();
  ASSERT_EQ(read.size(), 1u);
  const Event& back = read[0].event;
  EXPECT_EQ(back.id, event.id);
  EXPECT_EQ(back.type, event.type);
  EXPECT_EQ(back.outcome, event.outcome);
  EXPECT_EQ(back.actor, event.actor);
  EXPECT_EQ(back.targets, event.targets);
  EXPECT_EQ(back.ip_address, event.ip_address);
  EXPECT_EQ(back.user_agent, event.user_agent);
  EXPECT_EQ(back.request_id, event.request_id);
  EXPECT_EQ(back.trace_id, event.trace_id);
  EXPECT_EQ(back.session_id, event.session_id);
  EXPECT_EQ(back.occurred_time, event.occurred_time);
  EXPECT_EQ(back.recorded_time, event.recorded_time);
  EXPECT_TRUE(back.has_envelope);
  // jsonb has its own text for the details; the leaf is the same.
  EXPECT_NE(back.details_json, event.details_json);
  const std::string secret =
      *base::HexDecode(Ask("SELECT encode(leaf_secret, 'hex') FROM gatehouse.event"));
  EXPECT_EQ(storage::LeafHash(back, secret), read[0].leaf_hash);
  EXPECT_EQ(storage::LeafHash(event, secret), read[0].leaf_hash);
}

TEST_F(EventStoreTest, ConcurrentAppendsShareStatements) {
  ASSERT_THAT(Append(MakeEvent("warm.up")), IsOk());
  const uint64_t before = storage_->database->statements_sent();
  std::vector<Item> items;
  for (int i = 0; i < 64; ++i) items.push_back({MakeEvent("a.b")});
  for (const absl::Status& status : AppendTogether(items)) EXPECT_THAT(status, IsOk());
  EXPECT_EQ(storage_->database->statements_sent() - before, 1u);
  EXPECT_EQ(Events(), "65");
}

TEST_F(EventStoreTest, OneBadEventHarmsNoneOfTheOthers) {
  const Event existing = MakeEvent("a.b");
  ASSERT_THAT(Append(existing), IsOk());
  std::vector<Item> items;
  for (int i = 0; i < 9; ++i) items.push_back({MakeEvent("a.b")});
  items[4].event.id = existing.id;
  items[7].event.details_json = "not json";
  const std::vector<absl::Status> results = AppendTogether(items);
  for (size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].ok(), i != 4 && i != 7) << i << ": " << results[i];
  }
  EXPECT_THAT(results[4], HasCode(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(Events(), "8");
  PassAll();
  ExpectDense();
}

TEST_F(EventStoreTest, RequestIdTakesEffectOnce) {
  const base::Uuid request = NewId();
  ASSERT_THAT(AppendTogether({{MakeEvent("a.b"), Key(request)}})[0], IsOk());
  // The retry comes twice, in company.
  const std::vector<absl::Status> results = AppendTogether({{MakeEvent("a.b"), Key(NewId())},
                                                            {MakeEvent("a.b"), Key(request)},
                                                            {MakeEvent("a.b")},
                                                            {MakeEvent("a.b"), Key(request)},
                                                            {MakeEvent("a.b"), Key(NewId())}});
  for (const size_t i : {0, 2, 4}) EXPECT_THAT(results[i], IsOk());
  for (const size_t i : {1, 3}) {
    EXPECT_TRUE(storage::postgres::IsReplay(results[i])) << results[i];
  }
  EXPECT_EQ(Events(), "4");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.request"), "3");
}

TEST_F(EventStoreTest, SameNewRequestIdTwiceInOneGroupTakesEffectOnce) {
  const base::Uuid request = NewId();
  const std::vector<absl::Status> results =
      AppendTogether({{MakeEvent("a.b"), Key(request)}, {MakeEvent("a.b"), Key(request)}});
  EXPECT_NE(results[0].ok(), results[1].ok());
  EXPECT_TRUE(storage::postgres::IsReplay(results[0].ok() ? results[1] : results[0]));
  EXPECT_EQ(Events(), "1");
}

TEST_F(EventStoreTest, CallerWhoGaveUpBeforehandWritesNothing) {
  const base::CallContext ctx = runner_.Context();
  runner_.RunPlain([&] { ctx.cancel().Cancel(); });
  EXPECT_THAT(
      runner_.Run<absl::Status>([&] { return storage_->events.Append(ctx, MakeEvent("a.b")); }),
      FailsWith(absl::StatusCode::kCancelled, base::Reason::kCancelled));
  EXPECT_THAT(runner_.Run<absl::Status>(
                  [&] { return storage_->events.AppendNow(ctx, MakeEvent("denied.x")); }),
              IsOk());
  EXPECT_EQ(Ask("SELECT string_agg(type, ' ') FROM gatehouse.event"), "denied.x");
}

TEST_F(EventStoreTest, TooManyWaitingAreRefused) {
  storage::EventStore small(*storage_->database, {&runner_.loop()}, {.max_waiting_rows = 2});
  std::promise<void> release = BlockLoop();
  std::vector<std::future<absl::Status>> pending;
  for (int i = 0; i < 5; ++i) {
    pending.push_back(runner_.Start<absl::Status>(
        [&, event = MakeEvent("a.b")] { return small.Append(runner_.Context(), event); }));
  }
  release.set_value();
  int refused = 0;
  for (auto& future : pending) {
    const absl::Status status = future.get();
    if (status.ok()) continue;
    ++refused;
    EXPECT_THAT(status,
                FailsWith(absl::StatusCode::kResourceExhausted, base::Reason::kStorageOverloaded));
  }
  EXPECT_EQ(refused, 3);
}

TEST_F(EventStoreTest, HalfOfTheCrowdSetsOffWithoutWaitingForTheRest) {
  storage::EventStore store(*storage_->database, {&runner_.loop()},
                            {.gather = std::chrono::hours(1)});
  auto append = [&](int count) {
    std::vector<std::future<absl::Status>> pending;
    std::promise<void> release = BlockLoop();
    for (int i = 0; i < count; ++i) {
      pending.push_back(runner_.Start<absl::Status>(
          [&, event = MakeEvent("a.b")] { return store.Append(runner_.Context(), event); }));
    }
    release.set_value();
    return pending;
  };
  // Nobody else is known: at once.
  for (auto& future : append(30)) EXPECT_TRUE(future.get().ok());
  std::vector<std::future<absl::Status>> fourteen = append(14);
  for (auto& future : append(1)) EXPECT_TRUE(future.get().ok());
  for (auto& future : fourteen) EXPECT_TRUE(future.get().ok());
  EXPECT_EQ(Events(), "45");
  // Too few for the crowd of before: they wait, and are told when the store closes.
  std::vector<std::future<absl::Status>> two = append(2);
  store.Close();
  for (auto& future : two) {
    EXPECT_THAT(future.get(),
                FailsWith(absl::StatusCode::kUnavailable, base::Reason::kShuttingDown));
  }
}

TEST_F(EventStoreTest, LoneEventAfterACrowdIsNotLeftWaiting) {
  std::vector<Item> crowd;
  for (int i = 0; i < 30; ++i) crowd.push_back({MakeEvent("a.b")});
  AppendTogether(crowd);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(Append(MakeEvent("a.b")).ok());
}

TEST_F(EventStoreTest, ClosedStoreRefuses) {
  storage_->events.Close();
  EXPECT_THAT(Append(MakeEvent("a.b")),
              FailsWith(absl::StatusCode::kUnavailable, base::Reason::kShuttingDown));
}

TEST_F(EventStoreTest, CloseGivesUpWhatTheDatabaseDoesNotFinish) {
  Writer blocker(dsn_);
  blocker.Begin();
  blocker.Execute("LOCK TABLE gatehouse.event IN ACCESS EXCLUSIVE MODE");
  auto stuck = runner_.Start<absl::Status>(
      [&, event = MakeEvent("a.b")] { return storage_->events.Append(runner_.Context(), event); });
  while (Ask("SELECT count(*) FROM pg_locks WHERE NOT granted") == "0") std::this_thread::yield();
  // Would hang as long as the lock is held.
  storage_->events.Close();
  EXPECT_FALSE(stuck.get().ok());
}

TEST_F(EventStoreTest, GivesUpWhatIsNotCancelledWithItsCall) {
  Writer blocker(dsn_);
  blocker.Begin();
  blocker.Execute("LOCK TABLE gatehouse.event IN ACCESS EXCLUSIVE MODE");
  const base::CallContext ctx = runner_.Context();
  auto stuck = runner_.Start<absl::Status>(
      [&, event = MakeEvent("denied.x")] { return storage_->events.AppendNow(ctx, event); });
  while (Ask("SELECT count(*) FROM pg_locks WHERE NOT granted") == "0") std::this_thread::yield();
  runner_.RunPlain([&] { ctx.cancel().Cancel(); });
  EXPECT_EQ(stuck.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  storage_->events.GiveUp();
  EXPECT_THAT(stuck.get(), FailsWith(absl::StatusCode::kUnavailable, base::Reason::kShuttingDown));
  EXPECT_THAT(Append(MakeEvent("a.b")),
              FailsWith(absl::StatusCode::kUnavailable, base::Reason::kShuttingDown));
}

TEST_F(EventStoreTest, NoEventWithoutItsChange) {
  storage::postgres::Batch batch;
  const Event event = MakeEvent("a.b");
  storage::postgres::AppendEvents(batch, std::vector{&event});
  batch.Add({"test/guard", "SELECT gatehouse.require(false, 'ETAG_MISMATCH')"});
  const auto result = runner_.Run<absl::StatusOr<std::vector<storage::postgres::Rows>>>(
      [&] { return storage_->database->Run(runner_.Context(), batch); });
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(Events(), "0");
  EXPECT_EQ(PassAll(), 0);
}

}  // namespace
}  // namespace gatehouse::tests
