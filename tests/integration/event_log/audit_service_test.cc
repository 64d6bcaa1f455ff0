#include "service/audit/audit_service.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/uuid.h"
#include "gatehouse/v1/audit.pb.h"
#include "service/audit/register_audit_service.h"
#include "service/workers/log/sequencer_worker.h"
#include "storage/event_log.h"
#include "storage/log_feed.h"
#include "storage/postgres/client/database.h"
#include "storage/postgres/sequencer_database.h"
#include "storage/sequencer.h"
#include "tests/integration/event_log/event_log_fixture.h"
#include "tests/support/server/server_fixture.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

using absl::StatusCode;

class AuditServiceTest : public ServerFixture {
 protected:
  void AddServices(service::rpc::MethodRegistry& registry) override {
    TestBackend& b = backend();
    sequencer_database_ =
        *storage::postgres::OpenSequencerDatabase({.dsn = b.dsn}, b.runner.loop());
    sequencer_ = std::make_unique<storage::Sequencer>(*sequencer_database_, "test");
    worker_ = std::make_unique<service::SequencerWorker>(b.runner.loop(), *sequencer_, b.log_signal,
                                                         feed_);
    log_database_ = *storage::postgres::Database::Open(LogDatabase(), {&b.runner.loop()});
    log_ = std::make_unique<storage::EventLog>(*log_database_);
    audit_ = std::make_unique<service::AuditService>(
        service::AuditService::Deps{.events = b.events,
                                    .log = *log_,
                                    .feed = feed_,
                                    .once = b.once,
                                    .page_tokens = b.page_tokens,
                                    .clock = b.clock,
                                    .recheck_interval = recheck_interval(),
                                    .max_asking_tails = max_asking_tails()});
    service::RegisterAuditService(registry, *audit_);
  }

  virtual std::chrono::milliseconds recheck_interval() const { return std::chrono::seconds(1); }
  virtual size_t max_asking_tails() const { return 32; }
  // Where the log is read.
  virtual storage::postgres::DatabaseConfig LogDatabase() { return {.dsn = backend().dsn}; }

  void TearDown() override {
    worker_->Stop();
    sequencer_database_->Close();
    log_database_->Close();
    ServerFixture::TearDown();
  }

  v1::RecordEventRequest Request(const std::string& type) {
    v1::RecordEventRequest request;
    request.mutable_event()->set_type(type);
    return request;
  }

  UnaryOutcome<v1::RecordEventResponse> Record(const v1::RecordEventRequest& request,
                                               CallOptions options = {}) {
    return Call<v1::RecordEventResponse>(admin(), request, options);
  }

  void RunPass() {
    const auto pass = backend().runner.Run<absl::StatusOr<storage::SequencerPass>>(
        [&] { return worker_->RunOnce(); });
    ASSERT_THAT(pass, IsOk());
  }

  std::unique_ptr<ClientStream> Tail(int64_t from, const std::vector<std::string>& types = {}) {
    return TailAs(admin(), from, types);
  }
  std::unique_ptr<ClientStream> TailAs(const Caller& caller, int64_t from,
                                       const std::vector<std::string>& types = {}) {
    v1::TailEventsRequest request;
    request.set_from_index(from);
    for (const std::string& type : types) request.add_types(type);
    CallOptions options;
    options.metadata.emplace_back("authorization", "Bearer " + caller.credential);
    auto stream = raw_client().Open("/gatehouse.v1.AuditService/TailEvents", options);
    EXPECT_TRUE(stream->Write(request.SerializeAsString()));
    EXPECT_TRUE(stream->WritesDone());
    return stream;
  }

  // The type and index of the next event, "type@index"; "" at the end.
  static std::string NextOf(ClientStream& stream) {
    std::string bytes;
    v1::TailEventsResponse message;
    if (!stream.Read(&bytes) || !message.ParseFromString(bytes)) return "";
    return message.event().type() + "@" + std::to_string(message.event().index());
  }

  storage::LogFeed feed_;
  std::unique_ptr<storage::postgres::Database> sequencer_database_;
  std::unique_ptr<storage::Sequencer> sequencer_;
  std::unique_ptr<service::SequencerWorker> worker_;
  std::unique_ptr<storage::postgres::Database> log_database_;
  std::unique_ptr<storage::EventLog> log_;
  std::unique_ptr<service::AuditService> audit_;
};

TEST_F(AuditServiceTest, RecordedEventIsReadBackWhole) {
  v1::RecordEventRequest request = Request("document.shared");
  v1::Event& event = *request.mutable_event();
  event.set_outcome(v1::OUTCOME_FAILURE);
  event.mutable_actor()->set_type("service");
  event.mutable_actor()->set_id("billing");
  event.add_targets()->set_type("document");
  event.mutable_targets(0)->set_id("d-1");
  event.mutable_context()->set_ip_address("203.0.113.9");
  (*event.mutable_details()->mutable_fields())["pages"].set_number_value(2.5);
  event.mutable_occurred_time()->set_seconds(1'700'000'000);
  event.mutable_occurred_time()->set_nanos(123'456'789);
  const auto recorded = Record(request);
  ASSERT_TRUE(recorded.ok()) << recorded.message;
  const v1::Event& answer = recorded.response.event();
  EXPECT_EQ(answer.index(), 0);
  EXPECT_EQ(answer.details().fields().at("pages").number_value(), 2.5);
  EXPECT_EQ(answer.occurred_time().nanos(), 123'456'000);

  RunPass();
  v1::GetEventRequest get;
  get.set_event_id(answer.id());
  const auto got = Call<v1::GetEventResponse>(admin(), get);
  ASSERT_TRUE(got.ok()) << got.message;
  EXPECT_GT(got.response.event().index(), 0);
  EXPECT_EQ(got.response.event().leaf_hash().size(), 32u);
  v1::Event same = got.response.event();
  same.clear_index();
  same.clear_leaf_hash();
  EXPECT_EQ(same.SerializeAsString(), answer.SerializeAsString());
  get.set_event_id("0193d5a0-0000-7000-8000-000000000001");
  EXPECT_EQ(Call<v1::GetEventResponse>(admin(), get).reason(), "EVENT_NOT_FOUND");
  get.set_event_id("no-uuid");
  EXPECT_EQ(Call<v1::GetEventResponse>(admin(), get).reason(), "INVALID_FIELD");
}

TEST_F(AuditServiceTest, UnsetActorIsTheCaller) {
  const auto recorded = Record(Request("a.b"));
  ASSERT_TRUE(recorded.ok()) << recorded.message;
  EXPECT_EQ(recorded.response.event().actor().type(), "user");
  EXPECT_EQ(recorded.response.event().actor().id(), admin().id.ToString());
}

TEST_F(AuditServiceTest, RefusesWhatIsMalformed) {
  for (const char* type :
       {"", "A.b", "a..b", ".a", "a.", "a b", "1.a", "deploy", "session.created", "gatehouse.x"}) {
    const auto outcome = Record(Request(type));
    EXPECT_EQ(outcome.code, StatusCode::kInvalidArgument) << type;
    EXPECT_EQ(outcome.reason(), "INVALID_FIELD") << type;
  }
  v1::RecordEventRequest request = Request("a.b");
  for (int i = 0; i < 17; ++i) request.mutable_event()->add_targets()->set_type("t");
  EXPECT_EQ(Record(request).reason(), "INVALID_FIELD");
  request = Request("a.b");
  (*request.mutable_event()->mutable_details()->mutable_fields())["k"].set_string_value(
      std::string(65 << 10, 'x'));
  EXPECT_EQ(Record(request).reason(), "TOO_LARGE");
  request = Request("a.b");
  request.mutable_event()->mutable_actor()->set_type(std::string(65, 'x'));
  EXPECT_EQ(Record(request).reason(), "INVALID_FIELD");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'a.b'"), "0");
}

TEST_F(AuditServiceTest, NeedsPermission) {
  const Caller viewer = backend().MakeApiKey({"users.read"});
  EXPECT_EQ(Call<v1::RecordEventResponse>(viewer, Request("a.b")).code,
            StatusCode::kPermissionDenied);
  EXPECT_EQ(Call<v1::RecordEventResponse>(nobody(), Request("a.b")).code,
            StatusCode::kUnauthenticated);
}

TEST_F(AuditServiceTest, RetryGetsTheFirstAnswer) {
  v1::RecordEventRequest request = Request("a.b");
  request.set_request_id(base::Uuid::MakeV7(clock().Now()).ToString());
  const auto first = Record(request);
  ASSERT_TRUE(first.ok()) << first.message;
  const auto second = Record(request);
  ASSERT_TRUE(second.ok()) << second.message;
  EXPECT_EQ(first.response.SerializeAsString(), second.response.SerializeAsString());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'a.b'"), "1");
  request.mutable_event()->set_type("a.c");
  EXPECT_EQ(Record(request).reason(), "REQUEST_ID_REUSED");
}

TEST_F(AuditServiceTest, ValidateOnlyWritesNothing) {
  v1::RecordEventRequest request = Request("a.b");
  request.set_validate_only(true);
  const auto outcome = Record(request);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_TRUE(outcome.response.event().id().empty());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'a.b'"), "0");
  request.set_request_id("no-uuid");
  EXPECT_EQ(Record(request).reason(), "INVALID_FIELD");
}

TEST_F(AuditServiceTest, RecordingTakesOneStatement) {
  ASSERT_TRUE(Record(Request("warm.up")).ok());
  const uint64_t before = backend().statements();
  ASSERT_TRUE(Record(Request("a.b")).ok());
  EXPECT_EQ(backend().statements() - before, 1u);
  v1::RecordEventRequest request = Request("a.b");
  request.set_request_id(base::Uuid::MakeV7(clock().Now()).ToString());
  ASSERT_TRUE(Record(request).ok());
  EXPECT_EQ(backend().statements() - before, 3u);
}

TEST_F(AuditServiceTest, WaitsForTheIndexIfAsked) {
  v1::RecordEventRequest request = Request("a.b");
  request.set_wait(v1::RecordEventRequest::WAIT_SEQUENCED);
  // Nobody orders: durable, but not in time.
  const auto late = Record(request, {.timeout = std::chrono::milliseconds(300)});
  EXPECT_EQ(late.code, StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'a.b'"), "1");
  worker_->Start();
  const auto recorded = Record(request);
  ASSERT_TRUE(recorded.ok()) << recorded.message;
  EXPECT_EQ(std::to_string(recorded.response.event().index()),
            Ask("SELECT index FROM gatehouse.event_order WHERE event_id = '" +
                recorded.response.event().id() + "'"));
}

TEST_F(AuditServiceTest, ListPagesThroughEverything) {
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(Record(Request("a.b")).ok());
  RunPass();
  v1::ListEventsRequest request;
  request.set_filter("type = \"a.*\"");
  request.set_page_size(3);
  std::vector<int64_t> indexes;
  do {
    const uint64_t before = backend().statements();
    const auto page = Call<v1::ListEventsResponse>(admin(), request);
    ASSERT_TRUE(page.ok()) << page.message;
    EXPECT_LE(backend().statements() - before, 1u);
    for (const v1::Event& event : page.response.events()) indexes.push_back(event.index());
    request.set_page_token(page.response.next_page_token());
  } while (!request.page_token().empty());
  ASSERT_EQ(indexes.size(), 7u);
  EXPECT_TRUE(std::ranges::is_sorted(indexes, std::greater<>()));
}

TEST_F(AuditServiceTest, APageOfLargeEventsStaysBelowWhatClientsTake) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Record(Request("a.b")).ok());
  RunPass();
  // Numbers take more bytes in a message than the JSON that their limit is about.
  Ask("UPDATE gatehouse.event SET details = jsonb_build_object('x', repeat('x', 1450000)) "
      "WHERE type = 'a.b' RETURNING 1");
  v1::ListEventsRequest request;
  request.set_filter("type = \"a.b\"");
  std::vector<int64_t> indexes;
  do {
    const auto page = Call<v1::ListEventsResponse>(admin(), request);
    ASSERT_TRUE(page.ok()) << page.message;
    EXPECT_LT(page.response.ByteSizeLong(), size_t{4} << 20);
    for (const v1::Event& event : page.response.events()) indexes.push_back(event.index());
    request.set_page_token(page.response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(indexes.size(), 5u);
}

TEST_F(AuditServiceTest, RefusesBadFilters) {
  for (const char* filter :
       {"details = \"x\"", "outcome = MAYBE", "index = x", "occurred_time > yesterday", "type >",
        "actor_id = \"\"", "occurred_time > \"-200000-01-01T00:00:00Z\"",
        "occurred_time < \"10000-01-01T00:00:00Z\"", "occurred_time > \"infinite-past\""}) {
    v1::ListEventsRequest request;
    request.set_filter(filter);
    EXPECT_EQ(Call<v1::ListEventsResponse>(admin(), request).reason(), "INVALID_FILTER") << filter;
  }
  v1::ListEventsRequest request;
  request.set_page_token("nonsense");
  EXPECT_EQ(Call<v1::ListEventsResponse>(admin(), request).reason(), "INVALID_PAGE_TOKEN");
}

TEST_F(AuditServiceTest, TailFollowsWithoutAGap) {
  ASSERT_TRUE(Record(Request("a.one")).ok());
  RunPass();
  const int64_t first = std::stoll(Ask("SELECT size FROM gatehouse.event_log_head"));
  const auto stream = Tail(first);
  EXPECT_EQ(NextOf(*stream), "a.one@" + std::to_string(first));
  const auto selective = Tail(first + 1, {"b.*"});
  worker_->Start();
  for (const char* type : {"a.two", "b.three", "a.four"}) {
    ASSERT_TRUE(Record(Request(type)).ok());
  }
  EXPECT_EQ(NextOf(*stream), "a.two@" + std::to_string(first + 1));
  EXPECT_EQ(NextOf(*stream), "b.three@" + std::to_string(first + 2));
  EXPECT_EQ(NextOf(*stream), "a.four@" + std::to_string(first + 3));
  EXPECT_EQ(NextOf(*selective), "b.three@" + std::to_string(first + 2));
}

// Nobody cancels and no event comes: the stream itself asks again.
TEST_F(AuditServiceTest, TailEndsWhenItsCredentialDoes) {
  ASSERT_TRUE(Record(Request("a.one")).ok());
  RunPass();
  const auto stream = Tail(std::stoll(Ask("SELECT size FROM gatehouse.event_log_head")));
  NextOf(*stream);
  backend().authenticator.SessionRevoked(admin().session_id);
  std::string bytes;
  EXPECT_FALSE(stream->Read(&bytes));
  EXPECT_EQ(stream->Finish().reason(), "UNAUTHENTICATED");
}

TEST_F(AuditServiceTest, TailEndsWhenItsCallerMayNoLongerRead) {
  ASSERT_TRUE(Record(Request("a.one")).ok());
  RunPass();
  const int64_t head = std::stoll(Ask("SELECT size FROM gatehouse.event_log_head"));
  Ask("INSERT INTO gatehouse.role (tenant_id, name, permissions, create_time, update_time, "
      "version) "
      "SELECT tenant_id, 'auditor', '{events.read}', now(), now(), 1 FROM gatehouse.user_account "
      "LIMIT 1 RETURNING name");
  const Caller first = backend().LogIn("auditor");
  const Caller second = backend().LogIn("auditor");
  const auto of_first = TailAs(first, head);
  const auto of_second = TailAs(second, head);
  EXPECT_EQ(NextOf(*of_first), "a.one@" + std::to_string(head));
  EXPECT_EQ(NextOf(*of_second), "a.one@" + std::to_string(head));
  std::string bytes;

  // Another role, and the session lives on.
  Ask("UPDATE gatehouse.user_account SET role = 'viewer' WHERE user_id = '" + first.id.ToString() +
      "' RETURNING role");
  backend().authenticator.UserChanged(first.id);
  EXPECT_FALSE(of_first->Read(&bytes));
  const auto denied = of_first->Finish();
  EXPECT_EQ(denied.code, StatusCode::kPermissionDenied);
  EXPECT_EQ(denied.reason(), "PERMISSION_DENIED");

  // The same role, which permits less.
  Ask("UPDATE gatehouse.role SET permissions = '{users.read}' RETURNING name");
  backend().authenticator.InvalidateAll();
  EXPECT_FALSE(of_second->Read(&bytes));
  EXPECT_EQ(of_second->Finish().reason(), "PERMISSION_DENIED");
}

class EagerTailTest : public AuditServiceTest {
 protected:
  // Before each event: so no time has to pass.
  std::chrono::milliseconds recheck_interval() const override { return {}; }
};

// A client that does not read holds the server up in the midst of a page.
TEST_F(EagerTailTest, EndsWithinAPageToo) {
  // Of one page, and many times what a connection takes on its own.
  constexpr int kEvents = 60;
  v1::RecordEventRequest request = Request("a.large");
  (*request.mutable_event()->mutable_details()->mutable_fields())["text"].set_string_value(
      std::string(30'000, 'x'));
  for (int i = 0; i < kEvents; ++i) ASSERT_TRUE(Record(request).ok());
  RunPass();
  const auto stream =
      Tail(std::stoll(Ask("SELECT size FROM gatehouse.event_log_head")) - kEvents + 1, {"a.large"});
  int received = 0;
  EXPECT_NE(NextOf(*stream), "");
  ++received;
  backend().authenticator.SessionRevoked(admin().session_id);
  while (!NextOf(*stream).empty()) ++received;
  EXPECT_EQ(stream->Finish().reason(), "UNAUTHENTICATED");
  EXPECT_LT(received, kEvents);
}

// More streams than may ask at a time.
class ManyTailsTest : public AuditServiceTest {
 protected:
  // Opens so many streams, from the log's last event, that one waits for its turn more
  // than the others can have had, for the database answers none of them yet.
  void OpenWhileTheLogIsLocked(size_t streams) {
    ASSERT_TRUE(Record(Request("a.one")).ok());
    RunPass();
    head_ = std::stoll(Ask("SELECT size FROM gatehouse.event_log_head"));
    blocker_ = std::make_unique<Writer>(backend().dsn);
    blocker_->Begin();
    blocker_->Execute("LOCK TABLE gatehouse.event_log_head IN ACCESS EXCLUSIVE MODE");
    for (size_t i = 0; i < streams; ++i) streams_.push_back(Tail(head_));
    WaitUntilWaiting(streams - max_asking_tails());
  }

  void WaitUntilWaiting(size_t count) {
    while (audit_->waiting_tails() != count) std::this_thread::yield();
  }

  void ExpectAllFollow() {
    blocker_->Commit();
    for (const auto& stream : streams_) {
      EXPECT_EQ(NextOf(*stream), "a.one@" + std::to_string(head_));
    }
    for (int64_t i = 1; i <= 3; ++i) {
      ASSERT_TRUE(Record(Request("a.next")).ok());
      RunPass();
      for (const auto& stream : streams_) {
        EXPECT_EQ(NextOf(*stream), "a.next@" + std::to_string(head_ + i));
      }
    }
    EXPECT_EQ(audit_->waiting_tails(), 0u);
  }

  int64_t head_ = 0;
  std::unique_ptr<Writer> blocker_;
  std::vector<std::unique_ptr<ClientStream>> streams_;
};

class FewMayAskTest : public ManyTailsTest {
 protected:
  size_t max_asking_tails() const override { return 2; }
};

TEST_F(FewMayAskTest, TheOthersWaitForTheirTurn) {
  OpenWhileTheLogIsLocked(10);
  EXPECT_EQ(log_database_->stats().in_flight + log_database_->stats().queued, 2);
  // Wherever it stood.
  streams_.back()->Cancel();
  streams_.pop_back();
  WaitUntilWaiting(7);
  ExpectAllFollow();
}

class OverloadedLogTest : public ManyTailsTest {
 protected:
  size_t max_asking_tails() const override { return 10; }
  // Of ten that ask it refuses eight.
  storage::postgres::DatabaseConfig LogDatabase() override {
    return {.dsn = backend().dsn,
            .lanes_per_loop = 1,
            .max_in_flight_per_lane = 1,
            .max_queued_per_loop = 1};
  }
};

TEST_F(OverloadedLogTest, StreamsOutlastIt) {
  OpenWhileTheLogIsLocked(11);
  ExpectAllFollow();
}

TEST_F(AuditServiceTest, TailBeyondTheEndIsRefused) {
  EXPECT_EQ(Tail(1000)->Finish().reason(), "INDEX_OUT_OF_RANGE");
  EXPECT_EQ(Tail(-1)->Finish().reason(), "INVALID_FIELD");
  EXPECT_EQ(Tail(0, {"deploy"})->Finish().reason(), "INVALID_FIELD");
}

}  // namespace
}  // namespace gatehouse::tests
