#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/webhook/replay/replay_worker.h"
#include "tests/integration/webhook/replay_fixture.h"

namespace gatehouse::tests {
namespace {

using base::Uuid;
using service::ReplayWorker;
using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kRequestId[] = "01890000-0000-7000-8000-000000000001";
using ReplayEventsTest = ReplayFixture;

TEST_F(ReplayEventsTest, WhatThePayloadFilterDropsIsNeitherCountedNorScheduled) {
  for (int n = 1; n <= 5; ++n) {
    v1::PublishEventRequest request;
    request.set_type("order.paid");
    (*request.mutable_data()->mutable_fields())["n"].set_number_value(n);
    ASSERT_TRUE(Call<v1::PublishEventResponse>(admin(), request).ok());
  }
  MakeNeverSent(0);
  EXPECT_EQ(DryRun().scheduled_count(), 5);
  SetEndpoint("payload_filter = 'data.n >= 4'");
  EXPECT_EQ(DryRun().scheduled_count(), 2);
  const v1::Replay started = Start();
  Turn();
  const v1::Replay done = Get(started.id());
  EXPECT_EQ(done.state(), v1::REPLAY_STATE_SUCCEEDED);
  EXPECT_EQ(done.matched_count(), 2);
  EXPECT_EQ(Ask(kBegun), "2");
}

TEST_F(ReplayEventsTest, OfAnOrderingKeyTheFirstIsDueAndTheOthersWait) {
  for (const char* key : {"a", "b", "a", "", "a", "b"}) {
    v1::PublishEventRequest request;
    request.set_type("order.paid");
    request.set_ordering_key(key);
    ASSERT_TRUE(Call<v1::PublishEventResponse>(admin(), request).ok());
    Sequence();
  }
  MakeNeverSent(0);
  Start();
  Turn();
  EXPECT_EQ(
      Ask("SELECT string_agg(ordering_key || CASE WHEN due = 'infinity' THEN '+' ELSE '!' END, "
          "' ' ORDER BY event_index) FROM gatehouse.webhook_exception"),
      "a! b! a+ ! a+ b+");
}

TEST_F(ReplayEventsTest, KeepsToItsRate) {
  MakeNeverSent(32);
  request_.set_max_events_per_second(10);
  const std::string id = Start().id();
  Turn();
  EXPECT_EQ(Ask(kBegun), "10");
  Turn();
  EXPECT_EQ(Ask(kBegun), "10");
  clock().Advance(milliseconds(500));
  Turn();
  EXPECT_EQ(Ask(kBegun), "15");
  EXPECT_EQ(Get(id).state(), v1::REPLAY_STATE_RUNNING);
  // A late turn does not make up for all of it.
  clock().Advance(seconds(100));
  Turn();
  EXPECT_EQ(Ask(kBegun), "25");
  clock().Advance(seconds(1));
  Turn();
  EXPECT_EQ(Ask(kBegun), "32");
  EXPECT_EQ(Get(id).state(), v1::REPLAY_STATE_SUCCEEDED);
  EXPECT_EQ(Get(id).scheduled_count(), 32);
}

// As after a kill: what is left are the rows.
TEST_F(ReplayEventsTest, AnotherInstanceGoesOnWhereOneStopped) {
  MakeNeverSent(25);
  request_.set_max_events_per_second(10);
  const std::string id = Start().id();
  Turn();
  worker_.reset();
  for (int i = 0; i < 3; ++i) {
    clock().Advance(seconds(1));
    const auto other = MakeWorker();
    Turn(*other);
  }
  EXPECT_EQ(Get(id).state(), v1::REPLAY_STATE_SUCCEEDED);
  EXPECT_EQ(Get(id).scheduled_count(), 25);
  EXPECT_EQ(Ask(kBegun), "25");
  EXPECT_EQ(CountEvents("webhook.events_replayed"), "3");
}

TEST_F(ReplayEventsTest, ManyInstancesAtOnceScheduleEachEventOnce) {
  MakeNeverSent(40);
  request_.set_max_events_per_second(10);
  const std::string id = Start().id();
  std::vector<std::unique_ptr<ReplayWorker>> workers;
  for (int i = 0; i < 4; ++i) workers.push_back(MakeWorker());
  for (int turn = 0; turn < 5; ++turn) {
    clock().Advance(seconds(1));
    std::vector<std::future<absl::Status>> turns;
    for (const auto& worker : workers) {
      turns.push_back(backend().runner.Start<absl::Status>(
          [&] { return worker->RunOnce(backend().SystemContext()); }));
    }
    for (std::future<absl::Status>& ended : turns) {
      const absl::Status status = ended.get();
      EXPECT_TRUE(status.ok()) << status;
    }
  }
  EXPECT_EQ(Get(id).state(), v1::REPLAY_STATE_SUCCEEDED);
  EXPECT_EQ(Get(id).scheduled_count(), 40);
  EXPECT_EQ(Ask("SELECT retrying_count FROM gatehouse.endpoint_delivery"), "40");
  EXPECT_EQ(CountEvents("webhook.events_replayed"), "4");
  EXPECT_EQ(CountEvents("webhook.replay_finished"), "1");
}

TEST_F(ReplayEventsTest, ACancelledOneSchedulesNothingMore) {
  MakeNeverSent(25);
  request_.set_max_events_per_second(10);
  const std::string id = Start().id();
  Turn();
  const auto cancelled = CancelAs(admin(), id);
  ASSERT_TRUE(cancelled.ok()) << cancelled.message;
  EXPECT_EQ(cancelled.response.replay().state(), v1::REPLAY_STATE_CANCELLED);
  EXPECT_EQ(cancelled.response.replay().scheduled_count(), 10);
  EXPECT_TRUE(cancelled.response.replay().has_end_time());
  clock().Advance(seconds(1));
  Turn();
  EXPECT_EQ(Ask(kBegun), "10");
  EXPECT_EQ(Get(id).state(), v1::REPLAY_STATE_CANCELLED);
  EXPECT_EQ(Ask("SELECT details FROM gatehouse.event WHERE type = 'webhook.replay_cancelled'"),
            "{\"scheduled\": 10}");
  // Once more changes nothing.
  EXPECT_TRUE(CancelAs(admin(), id).ok());
  EXPECT_EQ(CountEvents("webhook.replay_cancelled"), "1");
}

TEST_F(ReplayEventsTest, StandsStillWhileItsEndpointDoes) {
  MakeNeverSent(5);
  const std::string id = Start().id();
  SetEndpoint("state = 2");
  Turn();
  EXPECT_EQ(Get(id).hold(), v1::REPLAY_HOLD_ENDPOINT_PAUSED);
  EXPECT_EQ(Get(id).state(), v1::REPLAY_STATE_RUNNING);
  SetEndpoint("state = 3, disabled_reason = 'failing'");
  Turn();
  EXPECT_EQ(Get(id).hold(), v1::REPLAY_HOLD_ENDPOINT_DISABLED);
  EXPECT_EQ(Ask(kBegun), "0");
  SetEndpoint("state = 1, disabled_reason = ''");
  Turn();
  EXPECT_EQ(Get(id).hold(), v1::REPLAY_HOLD_UNSPECIFIED);
  EXPECT_EQ(Get(id).state(), v1::REPLAY_STATE_SUCCEEDED);
  EXPECT_EQ(Ask(kBegun), "5");
}

TEST_F(ReplayEventsTest, FailsWithItsEndpoint) {
  MakeNeverSent(15);
  request_.set_max_events_per_second(10);
  const std::string id = Start().id();
  Turn();
  DeleteEndpoint();
  clock().Advance(seconds(1));
  Turn();
  EXPECT_EQ(Get(id).state(), v1::REPLAY_STATE_FAILED);
  EXPECT_EQ(Get(id).failure(), "endpoint_deleted");
  EXPECT_EQ(Ask("SELECT details FROM gatehouse.event WHERE type = 'webhook.replay_finished'"),
            "{\"failure\": \"endpoint_deleted\", \"scheduled\": 10}");
}

TEST_F(ReplayEventsTest, WaitsForThoseThatWaitAlready) {
  MakeNeverSent(20);
  const std::string id = Start().id();
  SetDelivery("retrying_count = 1000");
  Turn();
  EXPECT_EQ(Get(id).hold(), v1::REPLAY_HOLD_RETRIES_WAITING);
  EXPECT_EQ(Ask(kBegun), "0");
  SetDelivery("retrying_count = 997");
  Turn();
  EXPECT_EQ(Ask(kBegun), "3");
  EXPECT_EQ(Get(id).hold(), v1::REPLAY_HOLD_RETRIES_WAITING);
  // The receiver is down: one shows when it is back.
  SetDelivery("retrying_count = 0, breaker_open = true");
  Turn();
  EXPECT_EQ(Ask(kBegun), "4");
  EXPECT_EQ(Get(id).hold(), v1::REPLAY_HOLD_BREAKER_OPEN);
  SetDelivery("retrying_count = 0, breaker_open = false");
  clock().Advance(seconds(1));
  Turn();
  EXPECT_EQ(Ask(kBegun), "20");
  EXPECT_EQ(Get(id).state(), v1::REPLAY_STATE_SUCCEEDED);
}

TEST_F(ReplayEventsTest, OnlySoManyAtATime) {
  std::string id;
  for (int i = 0; i < 20; ++i) id = Start().id();
  const auto refused = Replay();
  EXPECT_EQ(refused.code, absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(refused.reason(), "LIMIT_REACHED");
  EXPECT_EQ(CountEvents("webhook.replay_started"), "20");
  CancelAs(admin(), id);
  EXPECT_TRUE(Replay().ok());
}

TEST_F(ReplayEventsTest, OncePerRequestId) {
  request_.set_request_id(kRequestId);
  const std::string id = Start().id();
  EXPECT_EQ(Start().id(), id);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.webhook_replay"), "1");
  request_.set_max_events_per_second(7);
  EXPECT_EQ(Replay().reason(), "REQUEST_ID_REUSED");
}

TEST_F(ReplayEventsTest, SaysAllThatIsWrong) {
  request_.set_endpoint_id("x");
  request_.set_from_index(-1);
  request_.set_to_index(-1);
  request_.mutable_from_time()->set_seconds(1);
  request_.add_event_types("order..paid");
  request_.add_outcomes(v1::DELIVERY_OUTCOME_UNSPECIFIED);
  request_.set_max_events_per_second(1001);
  const auto outcome = Replay();
  EXPECT_EQ(outcome.reason(), "INVALID_FIELD");
  std::vector<std::string> fields;
  const auto bad = outcome.Detail<google::rpc::BadRequest>();
  ASSERT_TRUE(bad);
  for (const auto& violation : bad->field_violations()) fields.push_back(violation.field());
  EXPECT_THAT(fields, testing::UnorderedElementsAre("endpoint_id", "from_index", "to_index",
                                                    "from_time", "event_types[0]", "outcomes[0]",
                                                    "max_events_per_second"));
  request_.Clear();
  request_.set_endpoint_id(endpoint_id());
  request_.set_from_index(5);
  request_.set_to_index(4);
  EXPECT_EQ(Replay().reason(), "INVALID_FIELD");
  request_.Clear();
  request_.set_endpoint_id(Uuid::MakeV7(clock().Now()).ToString());
  EXPECT_EQ(Replay().reason(), "ENDPOINT_NOT_FOUND");
  EXPECT_EQ(GetAs(admin(), Uuid::MakeV7(clock().Now()).ToString()).reason(), "REPLAY_NOT_FOUND");
  EXPECT_EQ(GetAs(admin(), "x").reason(), "INVALID_FIELD");
  EXPECT_EQ(CancelAs(admin(), "x").reason(), "INVALID_FIELD");
}

TEST_F(ReplayEventsTest, AnotherTenantsAreNotThere) {
  const std::string id = Start().id();
  const Caller foreign =
      backend().MakeApiKey({"endpoints.read", "endpoints.write"}, Uuid::MakeV7(clock().Now()));
  EXPECT_EQ(Call<v1::ReplayEventsResponse>(foreign, request_).reason(), "ENDPOINT_NOT_FOUND");
  EXPECT_EQ(GetAs(foreign, id).reason(), "REPLAY_NOT_FOUND");
  EXPECT_EQ(CancelAs(foreign, id).reason(), "REPLAY_NOT_FOUND");
  EXPECT_EQ(WatchAs(foreign, id)->Finish().reason(), "REPLAY_NOT_FOUND");
  EXPECT_EQ(
      Call<v1::ListReplaysResponse>(foreign, v1::ListReplaysRequest()).response.replays_size(), 0);
}

TEST_F(ReplayEventsTest, LookingNeedsLessThanStarting) {
  const std::string id = Start().id();
  const Caller reader = backend().MakeApiKey({"endpoints.read"});
  EXPECT_EQ(Call<v1::ReplayEventsResponse>(reader, request_).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(CancelAs(reader, id).reason(), "PERMISSION_DENIED");
  EXPECT_TRUE(GetAs(reader, id).ok());
  const Caller nothing = backend().MakeApiKey({"users.read"});
  EXPECT_EQ(GetAs(nothing, id).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(WatchAs(nothing, id)->Finish().reason(), "PERMISSION_DENIED");
}

TEST_F(ReplayEventsTest, ListsThemByPageAndEndpoint) {
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    clock().Advance(milliseconds(1));
    ids.push_back(Start().id());
  }
  CreateOwnEndpoint();
  request_.set_endpoint_id(endpoint_id());
  clock().Advance(milliseconds(1));
  const std::string other = Start().id();
  v1::ListReplaysRequest list;
  list.set_page_size(3);
  const auto first = Call<v1::ListReplaysResponse>(admin(), list);
  ASSERT_EQ(first.response.replays_size(), 3);
  EXPECT_EQ(first.response.replays(0).id(), other);
  EXPECT_EQ(first.response.replays(2).id(), ids[1]);
  list.set_page_token(first.response.next_page_token());
  const auto second = Call<v1::ListReplaysResponse>(admin(), list);
  ASSERT_EQ(second.response.replays_size(), 1);
  EXPECT_EQ(second.response.replays(0).id(), ids[0]);
  EXPECT_EQ(second.response.next_page_token(), "");
  list.set_endpoint_id(endpoint_id());
  EXPECT_EQ(Call<v1::ListReplaysResponse>(admin(), list).reason(), "INVALID_PAGE_TOKEN");
  list.clear_page_token();
  const auto filtered = Call<v1::ListReplaysResponse>(admin(), list);
  ASSERT_EQ(filtered.response.replays_size(), 1);
  EXPECT_EQ(filtered.response.replays(0).id(), other);
}

TEST_F(ReplayEventsTest, IsWatchedUntilItEnds) {
  MakeNeverSent(15);
  request_.set_max_events_per_second(10);
  const std::string id = Start().id();
  const auto stream = WatchAs(admin(), id);
  const auto next = [&] {
    std::string bytes;
    v1::WatchReplayResponse message;
    EXPECT_TRUE(stream->Read(&bytes));
    EXPECT_TRUE(message.ParseFromString(bytes));
    return message.replay();
  };
  EXPECT_EQ(next().state(), v1::REPLAY_STATE_PENDING);
  Turn();
  EXPECT_EQ(next().scheduled_count(), 10);
  clock().Advance(seconds(1));
  Turn();
  v1::Replay last = next();
  // It may be seen before its end was written.
  if (last.state() == v1::REPLAY_STATE_RUNNING) last = next();
  EXPECT_EQ(last.state(), v1::REPLAY_STATE_SUCCEEDED);
  EXPECT_EQ(last.scheduled_count(), 15);
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ReplayEventsTest, AWatcherWhoseSessionEndsSeesNoMore) {
  const std::string id = Start().id();
  const auto stream = WatchAs(admin(), id);
  std::string bytes;
  ASSERT_TRUE(stream->Read(&bytes));
  backend().auth.authenticator.SessionRevoked(admin().session_id);
  EXPECT_FALSE(stream->Read(&bytes));
  EXPECT_EQ(stream->Finish().reason(), "UNAUTHENTICATED");
}

TEST_F(ReplayEventsTest, WhatHasEndedIsKeptForAWhile) {
  // Sessions do not last so long.
  const Caller caller = backend().MakeApiKey({"endpoints.read", "endpoints.write"});
  const auto start = [&] {
    return Call<v1::ReplayEventsResponse>(caller, request_).response.replay().id();
  };
  const std::string ended = start();
  Turn();
  clock().Advance(days(31));
  const std::string live = start();
  const auto purge = [this] {
    return *backend().runner.Run<absl::StatusOr<int64_t>>([&] {
      return backend().storage->replays.Purge(backend().SystemContext(), base::kDefaultTenantId,
                                              clock().Now() - days(30), 10);
    });
  };
  EXPECT_EQ(purge(), 1);
  EXPECT_EQ(purge(), 0);
  EXPECT_EQ(GetAs(caller, ended).reason(), "REPLAY_NOT_FOUND");
  EXPECT_TRUE(GetAs(caller, live).ok());
}

TEST_F(ReplayEventsTest, ADryRunIsBoundedAndGoesOn) {
  MakeNeverSent(1);
  Ask("INSERT INTO gatehouse.event_order (tenant_id, index, event_id, type, actor_id, outcome, "
      "occurred_time, recorded_time, leaf_hash) SELECT tenant_id, index + n, gen_random_uuid(), "
      "'order.paid', '', 1, occurred_time, recorded_time, leaf_hash FROM gatehouse.event_order, "
      "generate_series(1, 100100) AS n WHERE index = (SELECT max(index) FROM gatehouse.event_order)"
      " RETURNING 1");
  Ask("UPDATE gatehouse.event_log_head SET size = (SELECT max(index) FROM gatehouse.event_order) "
      "RETURNING 1");
  request_.set_validate_only(true);
  const auto first = Replay();
  ASSERT_TRUE(first.ok()) << first.message;
  EXPECT_EQ(first.response.replay().scanned_count(), 100'000);
  EXPECT_EQ(first.response.replay().scheduled_count(), 1);
  request_.set_from_index(first.response.next_index());
  const auto rest = Replay();
  EXPECT_EQ(rest.response.next_index(), 0);
  EXPECT_EQ(first.response.replay().scanned_count() + rest.response.replay().scanned_count(),
            100'102);
}

}  // namespace
}  // namespace gatehouse::tests
