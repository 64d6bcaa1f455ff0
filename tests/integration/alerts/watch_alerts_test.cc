#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "storage/postgres/client/database.h"
#include "tests/integration/alerts/alert_fixture.h"
#include "tests/support/grpc_client.h"

namespace gatehouse::tests {
namespace {

using absl::StatusCode;
using std::chrono::minutes;
using storage::AlertKind;

class WatchAlertsTest : public AlertFixture {
 protected:
  std::unique_ptr<ClientStream> Watch(const Caller& caller, int64_t from = 0) {
    v1::WatchAlertsRequest request;
    request.set_from_position(from);
    CallOptions options;
    options.metadata.emplace_back("authorization", "Bearer " + caller.credential);
    auto stream = raw_client().Open("/gatehouse.v1.AlertService/WatchAlerts", options);
    EXPECT_TRUE(stream->Write(request.SerializeAsString()));
    EXPECT_TRUE(stream->WritesDone());
    return stream;
  }

  static v1::WatchAlertsResponse Next(ClientStream& stream) {
    std::string bytes;
    v1::WatchAlertsResponse message;
    EXPECT_TRUE(stream.Read(&bytes));
    EXPECT_TRUE(message.ParseFromString(bytes));
    return message;
  }
  // The next one that says something about an alert.
  static v1::WatchAlertsResponse NextChange(ClientStream& stream) {
    v1::WatchAlertsResponse message;
    do {
      message = Next(stream);
    } while (message.payload_case() == v1::WatchAlertsResponse::PAYLOAD_NOT_SET);
    return message;
  }
};

TEST_F(WatchAlertsTest, BeginsWithWhatIsNotResolvedAndFollows) {
  const std::string failing = IdOf(SignalOf(AlertKind::kFailing));
  const std::string backlog = IdOf(SignalOf(AlertKind::kBacklog));
  Signal(SignalOf(AlertKind::kFailing, 50));
  Signal(SignalOf(AlertKind::kBacklog));
  ASSERT_TRUE(Resolve(operator_, backlog).ok());
  RunPass();
  const auto stream = Watch(operator_);
  const v1::WatchAlertsResponse first = Next(*stream);
  EXPECT_EQ(first.current().id(), failing);
  EXPECT_EQ(first.position(), 0);
  const v1::WatchAlertsResponse begun = Next(*stream);
  EXPECT_EQ(begun.payload_case(), v1::WatchAlertsResponse::PAYLOAD_NOT_SET);
  EXPECT_EQ(std::to_string(begun.position()), Ask("SELECT size FROM gatehouse.event_log_head"));

  ASSERT_TRUE(Acknowledge(operator_, failing).ok());
  // Events about other things are not its.
  ASSERT_TRUE(Record(Request("a.one")).ok());
  Signal(SignalOf(AlertKind::kExhausted));
  RunPass();
  const v1::WatchAlertsResponse acknowledged = NextChange(*stream);
  EXPECT_EQ(acknowledged.changed().id(), failing);
  EXPECT_EQ(acknowledged.changed().state(), v1::ALERT_STATE_ACKNOWLEDGED);
  const v1::WatchAlertsResponse opened = NextChange(*stream);
  EXPECT_EQ(opened.changed().kind(), v1::ALERT_KIND_EXHAUSTED);
  EXPECT_GT(opened.position(), acknowledged.position());

  // Resumed, it says what came after.
  const auto resumed = Watch(operator_, acknowledged.position() + 1);
  const v1::WatchAlertsResponse again = NextChange(*resumed);
  EXPECT_EQ(again.changed().id(), opened.changed().id());
  EXPECT_EQ(again.position(), opened.position());
}

TEST_F(WatchAlertsTest, RefusesPositionsThatCannotBe) {
  EXPECT_EQ(Watch(operator_, -1)->Finish().code, StatusCode::kInvalidArgument);
  EXPECT_EQ(Watch(operator_, 1'000'000)->Finish().reason(), "INDEX_OUT_OF_RANGE");
}

TEST_F(WatchAlertsTest, EndsWhenItsCredentialDoes) {
  const auto stream = Watch(admin());
  Next(*stream);
  backend().auth.authenticator.SessionRevoked(admin().session_id);
  std::string bytes;
  EXPECT_FALSE(stream->Read(&bytes));
  EXPECT_EQ(stream->Finish().reason(), "UNAUTHENTICATED");
}

TEST_F(WatchAlertsTest, TheServersOwnAreForThoseWhoSeeHowItIs) {
  const Caller reader = backend().MakeApiKey({"endpoints.read"});
  Signal(SignalOf(AlertKind::kLogHalted));
  RunPass();
  const auto stream = Watch(reader);
  EXPECT_EQ(Next(*stream).payload_case(), v1::WatchAlertsResponse::PAYLOAD_NOT_SET);
  clock().Advance(minutes(1));
  Signal(OverOf(AlertKind::kLogHalted));
  Signal(SignalOf(AlertKind::kBacklog));
  RunPass();
  EXPECT_EQ(NextChange(*stream).changed().kind(), v1::ALERT_KIND_BACKLOG);
}

}  // namespace
}  // namespace gatehouse::tests
