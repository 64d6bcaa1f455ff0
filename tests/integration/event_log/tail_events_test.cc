#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gatehouse/v1/audit.pb.h"
#include "storage/postgres/client/database.h"
#include "tests/integration/event_log/audit_fixture.h"
#include "tests/integration/event_log/event_log_fixture.h"
#include "tests/support/grpc_client.h"
#include "tests/support/server/test_backend.h"

namespace gatehouse::tests {
namespace {

using absl::StatusCode;

class TailEventsTest : public AuditFixture {
 protected:
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
};

TEST_F(TailEventsTest, FollowsWithoutAGap) {
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

TEST_F(TailEventsTest, FromNowOnSaysAtOnceFromWhere) {
  ASSERT_TRUE(Record(Request("a.one")).ok());
  RunPass();
  const auto stream = Tail(0);
  std::string bytes;
  v1::TailEventsResponse message;
  ASSERT_TRUE(stream->Read(&bytes));
  ASSERT_TRUE(message.ParseFromString(bytes));
  EXPECT_EQ(std::to_string(message.heartbeat_index()),
            Ask("SELECT size FROM gatehouse.event_log_head"));
  ASSERT_TRUE(Record(Request("a.two")).ok());
  RunPass();
  EXPECT_EQ(NextOf(*stream), "a.two@" + std::to_string(message.heartbeat_index() + 1));
}

// Nobody cancels and no event comes: the stream itself asks again.
TEST_F(TailEventsTest, EndsWhenItsCredentialDoes) {
  ASSERT_TRUE(Record(Request("a.one")).ok());
  RunPass();
  const auto stream = Tail(std::stoll(Ask("SELECT size FROM gatehouse.event_log_head")));
  NextOf(*stream);
  backend().auth.authenticator.SessionRevoked(admin().session_id);
  std::string bytes;
  EXPECT_FALSE(stream->Read(&bytes));
  EXPECT_EQ(stream->Finish().reason(), "UNAUTHENTICATED");
}

TEST_F(TailEventsTest, EndsWhenItsCallerMayNoLongerRead) {
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
  backend().auth.authenticator.Forget(first.id);
  EXPECT_FALSE(of_first->Read(&bytes));
  const auto denied = of_first->Finish();
  EXPECT_EQ(denied.code, StatusCode::kPermissionDenied);
  EXPECT_EQ(denied.reason(), "PERMISSION_DENIED");

  // The same role, which permits less.
  Ask("UPDATE gatehouse.role SET permissions = '{users.read}' RETURNING name");
  backend().auth.authenticator.InvalidateAll();
  EXPECT_FALSE(of_second->Read(&bytes));
  EXPECT_EQ(of_second->Finish().reason(), "PERMISSION_DENIED");
}

class EagerTailTest : public TailEventsTest {
 protected:
  // Before each event: so no time has to pass.
  void Configure(TestBackend::Options& options) override { options.tail.recheck_interval = {}; }
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
  backend().auth.authenticator.SessionRevoked(admin().session_id);
  while (!NextOf(*stream).empty()) ++received;
  EXPECT_EQ(stream->Finish().reason(), "UNAUTHENTICATED");
  EXPECT_LT(received, kEvents);
}

// More streams than may ask at a time.
class ManyTailsTest : public TailEventsTest {
 protected:
  explicit ManyTailsTest(size_t max_asking) : max_asking_(max_asking) {}

  void Configure(TestBackend::Options& options) override { options.tail.max_asking = max_asking_; }

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
    WaitUntilWaiting(streams - max_asking_);
  }

  void WaitUntilWaiting(size_t count) {
    while (backend().services.audit.tail().waiting() != count) std::this_thread::yield();
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
    EXPECT_EQ(backend().services.audit.tail().waiting(), 0u);
  }

  const size_t max_asking_;
  int64_t head_ = 0;
  std::unique_ptr<Writer> blocker_;
  std::vector<std::unique_ptr<ClientStream>> streams_;
};

class FewMayAskTest : public ManyTailsTest {
 protected:
  FewMayAskTest() : ManyTailsTest(2) {}
};

TEST_F(FewMayAskTest, TheOthersWaitForTheirTurn) {
  OpenWhileTheLogIsLocked(10);
  const storage::postgres::DatabaseStats asked = backend().storage->database->stats();
  EXPECT_EQ(asked.in_flight + asked.queued, 2);
  // Wherever it stood.
  streams_.back()->Cancel();
  streams_.pop_back();
  WaitUntilWaiting(7);
  ExpectAllFollow();
}

class OverloadedLogTest : public ManyTailsTest {
 protected:
  OverloadedLogTest() : ManyTailsTest(10) {}

  // Of ten that ask the database refuses eight.
  void Configure(TestBackend::Options& options) override {
    ManyTailsTest::Configure(options);
    options.database.lanes_per_loop = 1;
    options.database.max_in_flight_per_lane = 1;
    options.database.max_queued_per_loop = 1;
  }
};

TEST_F(OverloadedLogTest, StreamsOutlastIt) {
  OpenWhileTheLogIsLocked(11);
  ExpectAllFollow();
}

TEST_F(TailEventsTest, BeforeWhatIsKeptIsRefused) {
  for (const char* type : {"a.one", "a.two"}) ASSERT_TRUE(Record(Request(type)).ok());
  RunPass();
  const int64_t last = std::stoll(Ask("SELECT size FROM gatehouse.event_log_head"));
  Ask("INSERT INTO gatehouse.event_log_start SELECT tenant_id, size FROM gatehouse.event_log_head "
      "RETURNING 1");
  Ask("DELETE FROM gatehouse.event_order WHERE index < " + std::to_string(last) + " RETURNING 1");
  EXPECT_EQ(Tail(last - 1)->Finish().reason(), "INDEX_OUT_OF_RANGE");
  EXPECT_EQ(NextOf(*Tail(last)), "a.two@" + std::to_string(last));
}

TEST_F(TailEventsTest, BeyondTheEndIsRefused) {
  EXPECT_EQ(Tail(1000)->Finish().reason(), "INDEX_OUT_OF_RANGE");
  EXPECT_EQ(Tail(-1)->Finish().reason(), "INVALID_FIELD");
  for (const char* slip : {"Session.created", "session.craeted", "Session.*", "a b"}) {
    EXPECT_EQ(Tail(0, {slip})->Finish().reason(), "INVALID_FIELD") << slip;
  }
}

}  // namespace
}  // namespace gatehouse::tests
