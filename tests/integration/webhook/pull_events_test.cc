#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/event_log/sequencer_worker.h"
#include "service/webhook/pull/idle_subscriptions.h"
#include "storage/event_log/sequencer.h"
#include "tests/support/grpc_client.h"
#include "tests/support/server/server_fixture.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

using base::Uuid;
using std::chrono::days;
using std::chrono::milliseconds;

// One pull, as a client has it.
class Pull {
 public:
  Pull(GrpcClient& client, const std::string& credential) {
    CallOptions options;
    options.metadata.emplace_back("authorization", "Bearer " + credential);
    stream_ = client.Open("/gatehouse.v1.WebhookService/PullEvents", options);
  }

  bool Send(const v1::PullEventsRequest& request) {
    return stream_->Write(request.SerializeAsString());
  }
  bool Ack(int64_t index) {
    v1::PullEventsRequest request;
    request.mutable_ack()->set_index(index);
    return Send(request);
  }
  // nullopt at the end.
  std::optional<v1::PullEventsResponse> Read() {
    std::string bytes;
    v1::PullEventsResponse message;
    if (!stream_->Read(&bytes) || !message.ParseFromString(bytes)) return std::nullopt;
    return message;
  }
  // Index 0 at the end.
  v1::PulledEvent Next() {
    for (auto message = Read(); message; message = Read()) {
      if (message->has_event()) return message->event();
    }
    return {};
  }
  // Ends the client's side; what comes until the server's ends.
  std::vector<v1::PulledEvent> Rest() {
    stream_->WritesDone();
    std::vector<v1::PulledEvent> events;
    for (v1::PulledEvent event = Next(); event.index() != 0; event = Next()) {
      events.push_back(event);
    }
    return events;
  }
  CallOutcome Finish() { return stream_->Finish(); }
  CallOutcome Close() {
    Rest();
    return Finish();
  }

 private:
  std::unique_ptr<ClientStream> stream_;
};

class PullEventsTest : public ServerFixture {
 protected:
  void Configure(TestBackend::Options& options) override {
    options.webhooks.stream_pause = milliseconds(5);
  }
  void SetUp() override {
    ServerFixture::SetUp();
    service::StorageArea& storage = *backend().storage;
    sequencer_ = std::make_unique<service::SequencerWorker>(
        backend().runner.loop(), storage.sequencer, *storage.signal, storage.feed);
    Sequence();
  }
  void TearDown() override {
    sequencer_.reset();
    ServerFixture::TearDown();
  }

  std::string PublishAs(const Caller& caller, const std::string& type) {
    v1::PublishEventRequest request;
    request.set_type(type);
    (*request.mutable_data()->mutable_fields())["n"].set_number_value(++published_);
    const auto outcome = Call<v1::PublishEventResponse>(caller, request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    Sequence();
    return outcome.response.event_id();
  }
  std::string Publish(const std::string& type) { return PublishAs(admin(), type); }
  void Sequence() {
    bool more = true;
    while (more) {
      const auto pass = backend().runner.Run<absl::StatusOr<storage::SequencerPass>>(
          [&] { return sequencer_->RunOnce(); });
      ASSERT_THAT(pass, IsOk());
      more = pass->more;
    }
  }

  static v1::PullEventsRequest StartOf(const std::string& name,
                                       const std::vector<std::string>& types) {
    v1::PullEventsRequest request;
    request.mutable_start()->set_subscription(name);
    for (const std::string& type : types) request.mutable_start()->add_event_types(type);
    return request;
  }
  // Of the subscription "orders"; begun, as its first message says.
  Pull Begin(const v1::PullEventsRequest& start) { return BeginAs(admin(), start); }
  Pull BeginAs(const Caller& caller, const v1::PullEventsRequest& start) {
    Pull pull(raw_client(), caller.credential);
    EXPECT_TRUE(pull.Send(start));
    const auto first = pull.Read();
    EXPECT_TRUE(first && first->has_heartbeat_index());
    if (first) began_after_ = first->heartbeat_index();
    return pull;
  }
  // How a pull ends that does not begin.
  CallOutcome Refused(const v1::PullEventsRequest& start) { return RefusedAs(admin(), start); }
  CallOutcome RefusedAs(const Caller& caller, const v1::PullEventsRequest& start) {
    Pull pull(raw_client(), caller.credential);
    pull.Send(start);
    EXPECT_FALSE(pull.Read());
    return pull.Finish();
  }
  std::string Position(const std::string& name = "orders") {
    return Ask("SELECT position FROM gatehouse.pull_subscription WHERE name = '" + name + "'");
  }
  std::string CountEvents(const std::string& type) {
    return Ask("SELECT count(*) FROM gatehouse.event WHERE type = '" + type + "'");
  }
  UnaryOutcome<v1::DeleteSubscriptionResponse> DeleteAs(const Caller& caller,
                                                        const std::string& name) {
    v1::DeleteSubscriptionRequest request;
    request.set_name(name);
    return Call<v1::DeleteSubscriptionResponse>(caller, request);
  }

  std::unique_ptr<service::SequencerWorker> sequencer_;
  int published_ = 0;
  int64_t began_after_ = 0;
};

TEST_F(PullEventsTest, SendsWhatAWebhookWouldInOrder) {
  Publish("order.before");
  Pull pull = Begin(StartOf("orders", {"order.*", "invoice.sent"}));
  EXPECT_EQ(std::to_string(began_after_), Ask("SELECT size FROM gatehouse.event_log_head"));
  EXPECT_EQ(Ask("SELECT (targets->0->>'id') || ' ' || (details->>'position') FROM gatehouse.event "
                "WHERE type = 'webhook.subscription_created'"),
            "orders " + std::to_string(began_after_));
  const std::string paid = Publish("order.paid");
  Publish("invoice.paid");
  Publish("customer.created");
  const std::string sent = Publish("invoice.sent");
  const v1::PulledEvent first = pull.Next();
  EXPECT_EQ(first.id(), paid);
  EXPECT_EQ(first.type(), "order.paid");
  const v1::PulledEvent second = pull.Next();
  EXPECT_EQ(second.id(), sent);
  EXPECT_GT(second.index(), first.index());
  v1::PreviewEventRequest preview;
  preview.set_event_id(paid);
  EXPECT_EQ(first.body(), Call<v1::PreviewEventResponse>(admin(), preview).response.body());
  EXPECT_THAT(pull.Rest(), testing::IsEmpty());
  EXPECT_TRUE(pull.Finish().ok());
}

TEST_F(PullEventsTest, APayloadFilterLetsThroughWhatItIsTrueOf) {
  v1::PullEventsRequest start = StartOf("orders", {"order.*"});
  start.mutable_start()->set_payload_filter("data.n >= 3");
  Pull pull = Begin(start);
  for (int i = 0; i < 2; ++i) Publish("order.paid");
  const std::string third = Publish("order.paid");
  Publish("invoice.sent");
  const std::string fifth = Publish("order.paid");
  EXPECT_EQ(pull.Next().id(), third);
  const v1::PulledEvent last = pull.Next();
  EXPECT_EQ(last.id(), fifth);
  EXPECT_TRUE(pull.Ack(last.index()));
  EXPECT_TRUE(pull.Close().ok());
  // What it did not let through is done.
  Pull next = Begin(StartOf("orders", {"order.*"}));
  EXPECT_THAT(next.Rest(), testing::IsEmpty());
  start.mutable_start()->set_payload_filter("n >=");
  EXPECT_EQ(Refused(start).code, absl::StatusCode::kInvalidArgument);
}

class PullHeartbeatTest : public PullEventsTest {
 protected:
  // Less than a page takes.
  void Configure(TestBackend::Options& options) override {
    PullEventsTest::Configure(options);
    options.webhooks.stream_heartbeat = milliseconds(1);
  }
};

TEST_F(PullHeartbeatTest, SaysHowFarItIsWhileAFilterLetsNothingThrough) {
  v1::BatchPublishEventsRequest batch;
  for (int i = 0; i < 500; ++i) batch.add_events()->set_type("order.paid");
  ASSERT_TRUE(Call<v1::BatchPublishEventsResponse>(admin(), batch).ok());
  Sequence();
  v1::PullEventsRequest start = StartOf("orders", {"order.*"});
  start.mutable_start()->set_payload_filter("data.n >= 3");
  start.mutable_start()->set_from_index(1);
  Pull pull = Begin(start);
  const int64_t head =
      std::stoll(Ask("SELECT max(index) FROM gatehouse.event_order "
                     "WHERE type = 'order.paid'"));
  std::set<int64_t> between;
  for (int64_t at = 0; at < head;) {
    const auto message = pull.Read();
    ASSERT_TRUE(message && message->has_heartbeat_index());
    at = message->heartbeat_index();
    if (at > began_after_ && at < head) between.insert(at);
  }
  EXPECT_FALSE(between.empty());
  EXPECT_TRUE(pull.Close().ok());
}

TEST_F(PullEventsTest, GoesOnAfterWhatWasAcknowledged) {
  Pull first = Begin(StartOf("orders", {"order.*"}));
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(Publish("order.paid"));
  std::vector<int64_t> indexes;
  for (int i = 0; i < 4; ++i) indexes.push_back(first.Next().index());
  EXPECT_TRUE(first.Ack(indexes[1]));
  EXPECT_TRUE(first.Close().ok());
  EXPECT_EQ(Position(), std::to_string(indexes[2] - 1));

  // Published while nobody pulls.
  ids.push_back(Publish("order.paid"));
  Pull second = Begin(StartOf("orders", {"order.*"}));
  for (size_t i = 2; i < ids.size(); ++i) EXPECT_EQ(second.Next().id(), ids[i]);
  EXPECT_TRUE(second.Close().ok());
  // Nothing was acknowledged.
  Pull third = Begin(StartOf("orders", {"order.*"}));
  EXPECT_EQ(third.Next().id(), ids[2]);
}

TEST_F(PullEventsTest, NoMoreAreOnTheirWayThanAskedFor) {
  v1::PullEventsRequest start = StartOf("orders", {"order.*"});
  start.mutable_start()->set_max_unacked(2);
  {
    Pull pull = Begin(start);
    for (int i = 0; i < 5; ++i) Publish("order.paid");
    EXPECT_NE(pull.Next().index(), 0);
    EXPECT_NE(pull.Next().index(), 0);
    EXPECT_THAT(pull.Rest(), testing::IsEmpty());
  }
  Pull pull = Begin(start);
  const int64_t first = pull.Next().index();
  const int64_t second = pull.Next().index();
  EXPECT_TRUE(pull.Ack(first));
  EXPECT_NE(pull.Next().index(), 0);
  // It was stored before there was room for another.
  EXPECT_EQ(Position(), std::to_string(second - 1));
  EXPECT_THAT(pull.Rest(), testing::IsEmpty());
}

TEST_F(PullEventsTest, BeginsWhereItIsTold) {
  const std::string before = Publish("order.paid");
  v1::PullEventsRequest start = StartOf("orders", {"order.*"});
  start.mutable_start()->set_from_index(1);
  {
    Pull pull = Begin(start);
    EXPECT_EQ(pull.Next().id(), before);
    EXPECT_EQ(began_after_, 0);
  }
  start.mutable_start()->set_subscription("timed");
  start.mutable_start()->clear_from_index();
  start.mutable_start()->mutable_from_time()->set_seconds(1);
  {
    Pull pull = Begin(start);
    EXPECT_EQ(pull.Next().id(), before);
  }
  start.mutable_start()->set_subscription("later");
  start.mutable_start()->clear_from_time();
  start.mutable_start()->set_from_index(1'000'000);
  EXPECT_EQ(Refused(start).reason(), "INDEX_OUT_OF_RANGE");
  EXPECT_EQ(Position("later"), "");
}

// What does not match is done as well: the next pull does not look at it again.
TEST_F(PullEventsTest, WhatIsNotWantedIsPassed) {
  Pull pull = Begin(StartOf("orders", {"order.*"}));
  const std::string wanted = Publish("order.paid");
  const int64_t index = pull.Next().index();
  for (int i = 0; i < 3; ++i) Publish("invoice.paid");
  Publish("order.sent");
  const int64_t last = pull.Next().index();
  EXPECT_EQ(last, index + 4);
  EXPECT_TRUE(pull.Ack(index));
  EXPECT_TRUE(pull.Close().ok());
  EXPECT_EQ(Position(), std::to_string(last - 1));
}

TEST_F(PullEventsTest, ALaterPullTakesOver) {
  Pull first = Begin(StartOf("orders", {"order.*"}));
  Publish("order.paid");
  const int64_t index = first.Next().index();
  Pull second = Begin(StartOf("orders", {"order.*"}));
  EXPECT_EQ(second.Next().index(), index);
  EXPECT_TRUE(first.Ack(index));
  EXPECT_FALSE(first.Read());
  const CallOutcome ended = first.Finish();
  EXPECT_EQ(ended.code, absl::StatusCode::kAborted);
  EXPECT_EQ(ended.reason(), "CONFLICT");
  EXPECT_NE(Position(), std::to_string(index));
  EXPECT_TRUE(second.Ack(index));
  EXPECT_TRUE(second.Close().ok());
  EXPECT_EQ(Position(), Ask("SELECT size FROM gatehouse.event_log_head"));
}

TEST_F(PullEventsTest, EndsWhenItsCredentialDoes) {
  Pull pull = Begin(StartOf("orders", {"order.*"}));
  backend().auth.authenticator.SessionRevoked(admin().session_id);
  EXPECT_FALSE(pull.Read());
  EXPECT_EQ(pull.Finish().reason(), "UNAUTHENTICATED");
}

TEST_F(PullEventsTest, EndsWhenItsCallerMayNoLongerReadThem) {
  Ask("INSERT INTO gatehouse.role (tenant_id, name, permissions, create_time, update_time, "
      "version) SELECT tenant_id, 'consumer', '{endpoints.write,events.read}', now(), now(), 1 "
      "FROM gatehouse.user_account LIMIT 1 RETURNING name");
  const Caller consumer = backend().LogIn("consumer");
  Pull all = BeginAs(consumer, StartOf("all", {"*"}));
  Pull own = BeginAs(consumer, StartOf("own", {"order.*"}));
  Ask("UPDATE gatehouse.role SET permissions = '{endpoints.write}' RETURNING name");
  backend().auth.authenticator.InvalidateAll();
  while (all.Read()) {
  }
  EXPECT_EQ(all.Finish().reason(), "PERMISSION_DENIED");
  const std::string id = Publish("order.paid");
  EXPECT_EQ(own.Next().id(), id);
  Ask("UPDATE gatehouse.role SET permissions = '{events.read}' RETURNING name");
  backend().auth.authenticator.InvalidateAll();
  EXPECT_FALSE(own.Read());
  EXPECT_EQ(own.Finish().reason(), "PERMISSION_DENIED");
}

TEST_F(PullEventsTest, NeedsWhatAnEndpointNeeds) {
  const Caller writer = backend().MakeApiKey({"endpoints.write"});
  EXPECT_EQ(RefusedAs(writer, StartOf("all", {"*"})).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(RefusedAs(writer, StartOf("all", {"user.created"})).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.pull_subscription"), "0");
  EXPECT_TRUE(BeginAs(writer, StartOf("orders", {"order.*"})).Close().ok());
  const Caller reader = backend().MakeApiKey({"endpoints.read", "events.read"});
  EXPECT_EQ(RefusedAs(reader, StartOf("orders", {"order.*"})).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(DeleteAs(reader, "orders").reason(), "PERMISSION_DENIED");
  EXPECT_TRUE(Call<v1::ListSubscriptionsResponse>(reader, v1::ListSubscriptionsRequest()).ok());
}

TEST_F(PullEventsTest, AnotherTenantsIsAnotherOne) {
  const Caller foreign = backend().MakeApiKey(
      {"endpoints.read", "endpoints.write", "events.publish"}, Uuid::MakeV7(clock().Now()));
  Pull own = Begin(StartOf("orders", {"order.*"}));
  Pull other = BeginAs(foreign, StartOf("orders", {"order.*"}));
  const std::string of_own = Publish("order.paid");
  const std::string of_other = PublishAs(foreign, "order.paid");
  EXPECT_EQ(own.Next().id(), of_own);
  EXPECT_EQ(other.Next().id(), of_other);
  EXPECT_TRUE(DeleteAs(foreign, "orders").ok());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.pull_subscription"), "1");
  EXPECT_EQ(Call<v1::ListSubscriptionsResponse>(foreign, v1::ListSubscriptionsRequest())
                .response.subscriptions_size(),
            0);
  EXPECT_TRUE(own.Close().ok());
}

TEST_F(PullEventsTest, SaysWhatIsWrong) {
  v1::PullEventsRequest start = StartOf("-orders", {"order..paid"});
  start.mutable_start()->set_from_index(-1);
  start.mutable_start()->set_max_unacked(1001);
  const CallOutcome outcome = Refused(start);
  EXPECT_EQ(outcome.reason(), "INVALID_FIELD");
  const auto bad = outcome.Detail<google::rpc::BadRequest>();
  ASSERT_TRUE(bad);
  std::vector<std::string> fields;
  for (const auto& violation : bad->field_violations()) fields.push_back(violation.field());
  EXPECT_THAT(fields, testing::UnorderedElementsAre("start.subscription", "start.event_types[0]",
                                                    "start.from_index", "start.max_unacked"));
  EXPECT_EQ(Refused(StartOf("orders", {})).reason(), "INVALID_FIELD");
  EXPECT_EQ(Refused(StartOf(std::string(65, 'x'), {"order.*"})).reason(), "INVALID_FIELD");
  EXPECT_EQ(Refused({}).reason(), "INVALID_FIELD");
  v1::PullEventsRequest ack;
  ack.mutable_ack()->set_index(1);
  EXPECT_EQ(Refused(ack).reason(), "INVALID_FIELD");
  Pull silent(raw_client(), admin().credential);
  EXPECT_EQ(silent.Close().reason(), "INVALID_FIELD");

  Pull twice = Begin(StartOf("orders", {"order.*"}));
  twice.Send(StartOf("orders", {"order.*"}));
  EXPECT_FALSE(twice.Read());
  EXPECT_EQ(twice.Finish().reason(), "INVALID_FIELD");
  // Of what was never sent: it would be skipped.
  Pull hasty = Begin(StartOf("orders", {"order.*"}));
  Publish("order.paid");
  hasty.Ack(hasty.Next().index() + 1);
  EXPECT_FALSE(hasty.Read());
  EXPECT_EQ(hasty.Finish().reason(), "INVALID_FIELD");
}

TEST_F(PullEventsTest, OnlySoManySubscriptions) {
  Ask("INSERT INTO gatehouse.pull_subscription (tenant_id, name, position, fence, event_types, "
      "create_time, pull_time) SELECT tenant_id, 'n' || n, 0, 1, '{*}', now(), now() FROM "
      "generate_series(1, 100) AS n, (SELECT tenant_id FROM gatehouse.user_account LIMIT 1) AS t "
      "RETURNING 1");
  EXPECT_EQ(Refused(StartOf("orders", {"order.*"})).reason(), "LIMIT_REACHED");
  EXPECT_TRUE(Begin(StartOf("n1", {"order.*"})).Close().ok());
}

TEST_F(PullEventsTest, AreListedAndDeleted) {
  for (const char* name : {"b", "a", "c"}) {
    EXPECT_TRUE(Begin(StartOf(name, {"order.*"})).Close().ok());
  }
  Publish("order.paid");
  v1::ListSubscriptionsRequest list;
  list.set_page_size(2);
  const auto first = Call<v1::ListSubscriptionsResponse>(admin(), list);
  ASSERT_EQ(first.response.subscriptions_size(), 2);
  EXPECT_EQ(first.response.subscriptions(0).name(), "a");
  EXPECT_EQ(first.response.subscriptions(0).event_types(0), "order.*");
  EXPECT_GT(first.response.subscriptions(0).behind_count(), 0);
  list.set_page_token(first.response.next_page_token());
  const auto second = Call<v1::ListSubscriptionsResponse>(admin(), list);
  ASSERT_EQ(second.response.subscriptions_size(), 1);
  EXPECT_EQ(second.response.subscriptions(0).name(), "c");
  EXPECT_EQ(second.response.next_page_token(), "");

  Pull pull = Begin(StartOf("a", {"order.*"}));
  const int64_t index = pull.Next().index();
  EXPECT_TRUE(DeleteAs(admin(), "a").ok());
  EXPECT_EQ(Ask("SELECT targets->0->>'id' FROM gatehouse.event "
                "WHERE type = 'webhook.subscription_deleted'"),
            "a");
  EXPECT_TRUE(pull.Ack(index));
  EXPECT_FALSE(pull.Read());
  EXPECT_EQ(pull.Finish().reason(), "CONFLICT");
  EXPECT_TRUE(DeleteAs(admin(), "a").ok());
  EXPECT_EQ(CountEvents("webhook.subscription_deleted"), "1");
  EXPECT_EQ(DeleteAs(admin(), "").reason(), "INVALID_FIELD");
  EXPECT_EQ(DeleteAs(admin(), "x y").reason(), "INVALID_FIELD");
}

TEST_F(PullEventsTest, WhatNobodyPullsIsDeleted) {
  // Sessions do not last so long.
  const Caller caller = backend().MakeApiKey({"endpoints.write"});
  EXPECT_TRUE(BeginAs(caller, StartOf("idle", {"order.*"})).Close().ok());
  clock().Advance(days(20));
  EXPECT_TRUE(BeginAs(caller, StartOf("busy", {"order.*"})).Close().ok());
  clock().Advance(days(11));
  const absl::Status status = backend().runner.Run<absl::Status>([&] {
    return service::DeleteIdleSubscriptions(&backend().storage->subscriptions, &clock(),
                                            backend().SystemContext());
  });
  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(Ask("SELECT string_agg(name, ' ') FROM gatehouse.pull_subscription"), "busy");
  EXPECT_EQ(CountEvents("webhook.subscription_deleted"), "1");
}

}  // namespace
}  // namespace gatehouse::tests
