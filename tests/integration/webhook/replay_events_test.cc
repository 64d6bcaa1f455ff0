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
#include "storage/delivery/delivery_store.h"
#include "tests/integration/webhook/written_deliveries.h"
#include "tests/support/grpc_client.h"

namespace gatehouse::tests {
namespace {

using base::Uuid;
using service::ReplayWorker;
using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::seconds;
using storage::DeliveryState;

constexpr char kRequestId[] = "01890000-0000-7000-8000-000000000001";
// What begins its schedule anew.
constexpr char kBegun[] =
    "SELECT count(*) FROM gatehouse.webhook_exception WHERE attempts = 0 AND state = 2";

class ReplayEventsTest : public WrittenDeliveries {
 protected:
  void Configure(TestBackend::Options& options) override {
    WrittenDeliveries::Configure(options);
    options.webhooks.stream_pause = milliseconds(5);
  }
  void SetUp() override {
    WrittenDeliveries::SetUp();
    worker_ = MakeWorker();
    request_.set_endpoint_id(endpoint_id());
  }

  std::unique_ptr<ReplayWorker> MakeWorker() {
    service::StorageArea& storage = *backend().storage;
    return std::make_unique<ReplayWorker>(backend().runner.loop(),
                                          ReplayWorker::Deps{.replays = storage.replays,
                                                             .endpoints = storage.endpoints,
                                                             .log = storage.log,
                                                             .feed = storage.feed,
                                                             .clock = clock()});
  }
  void Turn(ReplayWorker& worker) {
    const absl::Status status = backend().runner.Run<absl::Status>(
        [&] { return worker.RunOnce(backend().SystemContext()); });
    EXPECT_TRUE(status.ok()) << status;
  }
  void Turn() { Turn(*worker_); }

  // Events of which nothing was ever sent, and that do not come by themselves.
  void MakeNeverSent(int count) {
    for (int i = 0; i < count; ++i) Publish("order.paid");
    const std::string last = Publish("order.paid");
    Sequence();
    WriteAttempts(last, 1, std::nullopt);
  }

  UnaryOutcome<v1::ReplayEventsResponse> Replay() {
    return Call<v1::ReplayEventsResponse>(actor(), request_);
  }
  v1::Replay Start() {
    const auto outcome = Replay();
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response.replay();
  }
  v1::Replay DryRun() {
    v1::ReplayEventsRequest request = request_;
    request.set_validate_only(true);
    const auto outcome = Call<v1::ReplayEventsResponse>(actor(), request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    EXPECT_EQ(outcome.response.next_index(), 0);
    return outcome.response.replay();
  }
  UnaryOutcome<v1::GetReplayResponse> GetAs(const Caller& caller, const std::string& id) {
    v1::GetReplayRequest request;
    request.set_replay_id(id);
    return Call<v1::GetReplayResponse>(caller, request);
  }
  v1::Replay Get(const std::string& id) {
    const auto outcome = GetAs(admin(), id);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response.replay();
  }
  UnaryOutcome<v1::CancelReplayResponse> CancelAs(const Caller& caller, const std::string& id) {
    v1::CancelReplayRequest request;
    request.set_replay_id(id);
    return Call<v1::CancelReplayResponse>(caller, request);
  }
  std::unique_ptr<ClientStream> WatchAs(const Caller& caller, const std::string& id) {
    v1::WatchReplayRequest request;
    request.set_replay_id(id);
    CallOptions options;
    options.metadata.emplace_back("authorization", "Bearer " + caller.credential);
    auto stream = raw_client().Open("/gatehouse.v1.WebhookService/WatchReplay", options);
    EXPECT_TRUE(stream->Write(request.SerializeAsString()));
    EXPECT_TRUE(stream->WritesDone());
    return stream;
  }
  void SetEndpoint(const std::string& assignments) {
    Ask("UPDATE gatehouse.endpoint SET " + assignments + " RETURNING 1");
  }
  void SetDelivery(const std::string& assignments) {
    Ask("UPDATE gatehouse.endpoint_delivery SET " + assignments + " RETURNING 1");
  }

  std::unique_ptr<ReplayWorker> worker_;
  v1::ReplayEventsRequest request_;
};

// One event of each outcome, one of a type that the endpoint does not want, one that is pending.
class ReplayOutcomesTest : public ReplayEventsTest {
 protected:
  void SetUp() override {
    ReplayEventsTest::SetUp();
    const std::string exhausted = Publish("order.paid");
    const std::string dropped = Publish("order.paid");
    const std::string retrying = Publish("order.paid");
    never_sent_ = Publish("order.sent");
    Publish("invoice.sent");
    const std::string succeeded = Publish("order.paid");
    Sequence();
    WriteAttempts(exhausted, 10, DeliveryState::kExhausted);
    WriteAttempts(dropped, 2, DeliveryState::kExhausted);
    Ask("DELETE FROM gatehouse.webhook_exception WHERE event_id = '" + dropped + "' RETURNING 1");
    WriteAttempts(retrying, 1, DeliveryState::kRetrying);
    WriteAttempts(succeeded, 1, std::nullopt);
    Publish("order.paid");
    Sequence();
  }

  std::string never_sent_;
};

TEST_F(ReplayOutcomesTest, SendsWhatHasNotArrivedAndDoesNotComeByItself) {
  const v1::Replay counted = DryRun();
  EXPECT_EQ(counted.id(), "");
  EXPECT_EQ(counted.matched_count(), 6);
  EXPECT_EQ(counted.scheduled_count(), 3);
  EXPECT_EQ(counted.skipped_count(), 3);
  EXPECT_EQ(counted.scanned_count(), 7);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.webhook_replay"), "0");
  EXPECT_EQ(Ask(kBegun), "0");

  const v1::Replay started = Start();
  EXPECT_EQ(started.state(), v1::REPLAY_STATE_PENDING);
  EXPECT_EQ(started.max_events_per_second(), 50);
  EXPECT_EQ(started.scheduled_count(), 0);
  EXPECT_THAT(started.outcomes(),
              testing::ElementsAre(v1::DELIVERY_OUTCOME_EXHAUSTED, v1::DELIVERY_OUTCOME_DROPPED,
                                   v1::DELIVERY_OUTCOME_NEVER_SENT));
  EXPECT_EQ(
      Ask("SELECT (e.targets->0->>'id') || ' ' || (e.targets->1->>'id') FROM gatehouse.event e "
          "JOIN gatehouse.webhook_replay r ON e.xid = r.xmin::text::xid8 "
          "WHERE e.type = 'webhook.replay_started'"),
      endpoint_id() + " " + started.id());
  Turn();
  const v1::Replay done = Get(started.id());
  EXPECT_EQ(done.state(), v1::REPLAY_STATE_SUCCEEDED);
  EXPECT_EQ(done.matched_count(), counted.matched_count());
  EXPECT_EQ(done.scheduled_count(), counted.scheduled_count());
  EXPECT_EQ(done.skipped_count(), counted.skipped_count());
  EXPECT_EQ(done.scanned_count(), counted.scanned_count());
  EXPECT_EQ(done.position(), done.to_index());
  EXPECT_TRUE(done.has_start_time());
  EXPECT_TRUE(done.has_end_time());
  EXPECT_EQ(Ask(kBegun), "3");
  // One of the three was an exception before; one that was there before is retried as well.
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.webhook_exception"), "4");
  EXPECT_EQ(Ask("SELECT retrying_count FROM gatehouse.endpoint_delivery"), "4");
  EXPECT_EQ(Ask("SELECT e.xid = x.xmin::text::xid8 FROM gatehouse.event e, "
                "gatehouse.webhook_exception x WHERE e.type = 'webhook.events_replayed' "
                "AND x.event_id = '" +
                never_sent_ + "'"),
            "t");
  EXPECT_EQ(Ask("SELECT details FROM gatehouse.event WHERE type = 'webhook.replay_finished'"),
            "{\"scheduled\": 3}");
  // Nothing is left to do: it is all on its way.
  EXPECT_EQ(DryRun().scheduled_count(), 0);
}

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

TEST_F(ReplayOutcomesTest, OnlyWhatWasAskedFor) {
  const auto scheduled = [this](std::vector<v1::DeliveryOutcome> outcomes,
                                const std::vector<std::string>& types) {
    request_.mutable_outcomes()->Assign(outcomes.begin(), outcomes.end());
    request_.mutable_event_types()->Assign(types.begin(), types.end());
    return DryRun().scheduled_count();
  };
  EXPECT_EQ(scheduled({v1::DELIVERY_OUTCOME_SUCCEEDED}, {}), 1);
  EXPECT_EQ(scheduled({v1::DELIVERY_OUTCOME_RETRYING}, {}), 1);
  EXPECT_EQ(scheduled({v1::DELIVERY_OUTCOME_EXHAUSTED}, {}), 1);
  EXPECT_EQ(scheduled({v1::DELIVERY_OUTCOME_DROPPED}, {}), 1);
  EXPECT_EQ(scheduled({v1::DELIVERY_OUTCOME_NEVER_SENT}, {}), 1);
  EXPECT_EQ(scheduled({v1::DELIVERY_OUTCOME_SUCCEEDED, v1::DELIVERY_OUTCOME_RETRYING}, {}), 2);
  EXPECT_EQ(scheduled({v1::DELIVERY_OUTCOME_NEVER_SENT}, {"order.sent"}), 1);
  EXPECT_EQ(scheduled({v1::DELIVERY_OUTCOME_NEVER_SENT}, {"order.paid"}), 0);
  // The endpoint does not want them.
  EXPECT_EQ(scheduled({v1::DELIVERY_OUTCOME_NEVER_SENT}, {"invoice.*"}), 0);
  // Its payload is no longer kept.
  Ask("DELETE FROM gatehouse.event WHERE event_id = '" + never_sent_ + "' RETURNING 1");
  EXPECT_EQ(scheduled({v1::DELIVERY_OUTCOME_NEVER_SENT}, {}), 0);
  EXPECT_EQ(DryRun().matched_count(), 6);
}

TEST_F(ReplayOutcomesTest, WhatMayHaveArrivedLongAgoIsSentOnlyIfThatWasAskedFor) {
  ForgetAttempts();
  // By their rows: one is exhausted, one retrying.
  EXPECT_EQ(DryRun().scheduled_count(), 1);
  EXPECT_EQ(DryRun().matched_count(), 6);
  request_.add_outcomes(v1::DELIVERY_OUTCOME_NO_LONGER_KNOWN);
  EXPECT_EQ(DryRun().scheduled_count(), 3);
  Start();
  Turn();
  EXPECT_EQ(Ask(kBegun), "3");
  // An endpoint that is younger than what is kept was never sent them.
  request_.clear_outcomes();
  CreateOwnEndpoint();
  request_.set_endpoint_id(endpoint_id());
  request_.set_from_index(1);
  EXPECT_EQ(DryRun().scheduled_count(), 6);
}

TEST_F(ReplayOutcomesTest, OnlyFromWhereToWhereWasAskedFor) {
  const int64_t index = std::stoll(IndexOf(never_sent_));
  request_.set_from_index(index);
  request_.set_to_index(index);
  EXPECT_EQ(DryRun().scheduled_count(), 1);
  EXPECT_EQ(DryRun().scanned_count(), 1);
  request_.set_from_index(index + 1);
  request_.clear_to_index();
  EXPECT_EQ(DryRun().scheduled_count(), 0);
  request_.set_from_index(1'000'000);
  EXPECT_EQ(DryRun().scanned_count(), 0);
  EXPECT_EQ(DryRun().to_index(), DryRun().from_index() - 1);
  request_.clear_from_index();
  request_.mutable_to_time()->set_seconds(1);
  EXPECT_EQ(DryRun().scanned_count(), 0);
  // From the beginning of the log on, before there was the endpoint.
  request_.clear_to_time();
  request_.set_from_index(1);
  EXPECT_GT(DryRun().scanned_count(), 7);
  // With nothing to do it ends at once.
  request_.set_from_index(1'000'000);
  const std::string id = Start().id();
  Turn();
  EXPECT_EQ(Get(id).state(), v1::REPLAY_STATE_SUCCEEDED);
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
