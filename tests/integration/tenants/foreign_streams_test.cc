// The methods whose answers have no end, which foreign_ids_test.cc leaves out: they name nothing of
// another tenant's, so what they tell is looked at, of what was there and of what happens
// meanwhile. A method that is endless and not in Streams() fails the test.

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/uuid.h"
#include "gatehouse/v1/alert.pb.h"
#include "gatehouse/v1/audit.pb.h"
#include "gatehouse/v1/session.pb.h"
#include "gatehouse/v1/session_revocation.pb.h"
#include "gatehouse/v1/webhook.pb.h"
#include "gatehouse/v1/webhook_pull.pb.h"
#include "service/event_log/sequencer_worker.h"
#include "service/main/area/storage_area.h"
#include "storage/alert/alert.h"
#include "tests/integration/tenants/foreign_questions.h"
#include "tests/integration/tenants/tenant_fixture.h"
#include "tests/support/grpc_client.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::tests {
namespace {

constexpr char kSubscription[] = "orders";

class ForeignStreamsTest : public TenantFixture {
 protected:
  // What happens in a tenant, by what names it.
  struct Happened {
    std::string user, session, endpoint, alert, event_type, event;

    std::vector<std::string> all() const {
      return {user, session, endpoint, alert, event_type, event};
    }
  };

  // Of a stream: what it is asked, and what it tells of.
  struct Stream {
    std::string request;
    std::string Happened::* tells = nullptr;
    // The caller goes on sending: its end would be the stream's.
    bool stays_open = false;
  };
  static std::map<std::string, Stream> Streams() {
    v1::TailEventsRequest tail;
    tail.set_from_index(1);
    v1::PullEventsRequest pull;
    pull.mutable_start()->set_subscription(kSubscription);
    pull.mutable_start()->add_event_types("*");
    pull.mutable_start()->set_from_index(1);
    return {{"AuditService/TailEvents", {tail.SerializeAsString(), &Happened::event_type}},
            {"WebhookService/PullEvents",
             {pull.SerializeAsString(), &Happened::event_type, /*stays_open=*/true}},
            {"AlertService/WatchAlerts",
             {v1::WatchAlertsRequest().SerializeAsString(), &Happened::alert}},
            {"SessionService/WatchRevocations",
             {v1::WatchRevocationsRequest().SerializeAsString(), &Happened::session}}};
  }

  void Configure(TestBackend::Options& options) override {
    TenantFixture::Configure(options);
    options.webhooks.stream_pause = std::chrono::milliseconds(5);
  }
  void SetUp() override {
    TenantFixture::SetUp();
    service::StorageArea& storage = *backend().storage;
    sequencer_ = std::make_unique<service::SequencerWorker>(
        backend().runner.loop(), storage.sequencer, *storage.signal, storage.feed);
    theirs_ = MakeCustomer("theirs");
    // Of the name by which others pull as well.
    ExecuteSql(backend().dsn, "INSERT INTO gatehouse.pull_subscription VALUES ('" + theirs_.id +
                                  "', '" + kSubscription + "', 2, 1, '{*}', now(), now())");
  }
  void TearDown() override {
    sequencer_.reset();
    TenantFixture::TearDown();
  }

  // Gives everything its place in the log, and tells the streams.
  void Order() {
    using Pass = absl::StatusOr<storage::SequencerPass>;
    bool more = true;
    while (more) {
      const Pass pass = backend().runner.Run<Pass>([this] { return sequencer_->RunOnce(); });
      ASSERT_TRUE(pass.ok()) << pass.status();
      more = pass->more;
    }
  }

  // One of each thing that a stream tells of; `word` is in the names of it.
  Happened Happen(const Caller& caller, const std::string& tenant_id, const std::string& word) {
    Happened happened{.event_type = word + ".happened"};
    happened.user = AddUser(caller, word).response.user().id();

    v1::RevokeSessionRequest revoke;
    revoke.set_session_id(LogIn(tenant_id, word).response.session().id());
    EXPECT_TRUE(Call<v1::RevokeSessionResponse>(caller, revoke).ok());
    happened.session = revoke.session_id();

    v1::CreateEndpointRequest endpoint;
    endpoint.mutable_endpoint()->set_url("https://" + word + ".example/hook");
    endpoint.mutable_endpoint()->add_event_types("*");
    happened.endpoint = Call<v1::CreateEndpointResponse>(caller, endpoint).response.endpoint().id();
    const auto endpoint_id = base::Uuid::Parse(happened.endpoint);
    EXPECT_TRUE(endpoint_id.has_value());
    const storage::AlertSignal alert{.key = {.tenant_id = *base::Uuid::Parse(tenant_id),
                                             .kind = storage::AlertKind::kFailing,
                                             .endpoint_id = endpoint_id.value_or(base::Uuid())},
                                     .level = 50,
                                     .time = clock().Now()};
    const absl::Status signalled = backend().runner.Run<absl::Status>(
        [&] { return backend().storage->alerts.Signal(backend().SystemContext(), {alert}); });
    EXPECT_TRUE(signalled.ok()) << signalled;
    happened.alert = alert.key.Id().ToString();

    v1::PublishEventRequest event;
    event.set_type(happened.event_type);
    happened.event = Call<v1::PublishEventResponse>(caller, event).response.event_id();
    Order();
    return happened;
  }

  std::unique_ptr<ClientStream> Open(const Caller& caller, const std::string& method,
                                     const Stream& stream) {
    CallOptions options;
    options.metadata.emplace_back("authorization", "Bearer " + caller.credential);
    auto call = raw_client().Open("/gatehouse.v1." + method, options);
    EXPECT_TRUE(call->Write(stream.request));
    if (!stream.stays_open) EXPECT_TRUE(call->WritesDone());
    return call;
  }

  // All that a stream says up to the message that has `last` in it. Ids and names are text there.
  static std::string Told(ClientStream& stream, const std::string& last) {
    std::string told;
    std::string message;
    while (told.find(last) == std::string::npos && stream.Read(&message)) told += message + "\n";
    EXPECT_NE(told.find(last), std::string::npos) << "ends before";
    return told;
  }

  static void ExpectNothingOf(const Happened& happened, const std::string& told) {
    for (const std::string& name : happened.all()) {
      ASSERT_NE(name, "");
      EXPECT_EQ(told.find(name), std::string::npos) << name;
    }
  }

  // Everything that streams tell `caller`, a tenant's administrator, is the tenant's own.
  void ExpectTheirOwnAlone(const Caller& caller, const std::string& tenant_id,
                           const std::string& word) {
    const Happened theirs_before = Happen(theirs_.admin, theirs_.id, "theirs-before-" + word);
    const Happened own_before = Happen(caller, tenant_id, word + "-before");
    std::map<std::string, std::unique_ptr<ClientStream>> streams;
    for (const auto& [method, stream] : Streams()) {
      SCOPED_TRACE(method);
      streams[method] = Open(caller, method, stream);
      ExpectNothingOf(theirs_before, Told(*streams[method], own_before.*stream.tells));
    }
    const Happened theirs_meanwhile = Happen(theirs_.admin, theirs_.id, "theirs-later-" + word);
    const Happened own_meanwhile = Happen(caller, tenant_id, word + "-later");
    for (const auto& [method, stream] : Streams()) {
      SCOPED_TRACE(method);
      const std::string told = Told(*streams[method], own_meanwhile.*stream.tells);
      ExpectNothingOf(theirs_before, told);
      ExpectNothingOf(theirs_meanwhile, told);
    }
  }

  Customer theirs_;

 private:
  std::unique_ptr<service::SequencerWorker> sequencer_;
};

TEST_F(ForeignStreamsTest, TheTableHasEveryEndlessMethod) {
  std::set<std::string> endless;
  for (const Question& question : ForeignQuestions()) {
    if (question.answer == Question::Answer::kEndless) endless.insert(question.method);
  }
  std::set<std::string> asked;
  for (const auto& [method, stream] : Streams()) asked.insert(method);
  EXPECT_EQ(asked, endless) << "say in Streams() what a new one tells of";
}

TEST_F(ForeignStreamsTest, TellOfTheCallersTenantAlone) {
  const std::string subscription =
      "SELECT s::text FROM gatehouse.pull_subscription s WHERE "
      "tenant_id = '" +
      theirs_.id + "'";
  const std::string before = AskSql(backend().dsn, subscription);
  const Customer mine = MakeCustomer("mine");
  ExpectTheirOwnAlone(mine.admin, mine.id, "mine");
  EXPECT_EQ(AskSql(backend().dsn, subscription), before);
}

TEST_F(ForeignStreamsTest, ForTheOperatorAsWell) {
  ExpectTheirOwnAlone(admin(), base::kDefaultTenantId.ToString(), "operators");
}

}  // namespace
}  // namespace gatehouse::tests
