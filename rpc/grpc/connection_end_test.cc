// How the server ends connections in time, and which ones it keeps.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "gatehouse/test/echo.pb.h"
#include "rpc/echo_fixture.h"
#include "rpc/server.h"
#include "tests/support/http2/raw_client.h"

namespace gatehouse::rpc {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using tests::RawClient;

constexpr uint8_t kAck = 1;

class ConnectionEndTest : public EchoFixture {
 protected:
  static std::string EchoMessage(const std::string& text) {
    gatehouse::test::EchoRequest request;
    request.set_text(text);
    return RawClient::Message(request.SerializeAsString());
  }

  static std::string Echo(RawClient& client, uint32_t stream, const std::string& text) {
    client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, stream, RawClient::Call(kEcho));
    client.SendFrame(RawClient::kData, RawClient::kEndStream, stream, EchoMessage(text));
    const auto data = client.ReadType(RawClient::kData, stream);
    return data ? data->payload : "no answer";
  }

  std::string Ended(const std::string& reason, int count) {
    return "connections_ended_total{reason=\"" + reason + "\"} " + std::to_string(count) + "\n";
  }
};

TEST_F(ConnectionEndTest, OneThatIsSilentIsAskedWhetherItIsAlive) {
  options_.keepalive_time = milliseconds(50);
  options_.keepalive_timeout = milliseconds(50);
  StartServer();
  RawClient dead(server_->port());
  EXPECT_TRUE(dead.ReadType(RawClient::kPing));
  EXPECT_TRUE(dead.ReadEnd());
  EXPECT_THAT(MetricsText(), HasSubstr(Ended("keepalive_timeout", 1)));
}

TEST_F(ConnectionEndTest, OneThatAnswersStays) {
  options_.keepalive_time = milliseconds(50);
  options_.keepalive_timeout = milliseconds(5000);
  StartServer();
  RawClient alive(server_->port());
  for (int i = 0; i < 5; ++i) {
    const auto ping = alive.ReadType(RawClient::kPing);
    ASSERT_TRUE(ping);
    alive.SendFrame(RawClient::kPing, kAck, 0, ping->payload);
  }
  EXPECT_EQ(Echo(alive, 1, "still here"), EchoMessage("still here"));
}

TEST_F(ConnectionEndTest, AnOldOneEndsWithoutLosingACall) {
  options_.max_connection_age = milliseconds(100);
  StartServer();
  RawClient client(server_->port());
  client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, 1, RawClient::Call(kChat));
  // Let in everything that is on its way; then nothing new.
  const auto notice = client.ReadType(RawClient::kGoAway);
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->payload.substr(0, 4), "\x7f\xff\xff\xff");
  ASSERT_TRUE(client.ReadType(RawClient::kGoAway));
  client.SendFrame(RawClient::kData, 0, 1, EchoMessage("under way"));
  const auto data = client.ReadType(RawClient::kData, 1);
  ASSERT_TRUE(data);
  EXPECT_EQ(data->payload, EchoMessage("under way"));
  client.SendFrame(RawClient::kData, RawClient::kEndStream, 1, "");
  EXPECT_TRUE(client.ReadEnd());
  EXPECT_THAT(MetricsText(), HasSubstr(Ended("age", 1)));
}

TEST_F(ConnectionEndTest, AnOldOneDoesNotStayForAStream) {
  options_.max_connection_age = milliseconds(50);
  options_.max_connection_age_grace = milliseconds(50);
  StartServer();
  RawClient client(server_->port());
  client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, 1, RawClient::Call(kChat));
  EXPECT_TRUE(client.ReadEnd());
  EchoProbe::Await(probe_.returned, 1);
}

TEST_F(ConnectionEndTest, OneWithoutCallsEnds) {
  options_.max_connection_idle = milliseconds(100);
  StartServer();
  RawClient idle(server_->port());
  EXPECT_EQ(idle.ReadGoAway(), 0u);
  EXPECT_TRUE(idle.ReadEnd());
  EXPECT_THAT(MetricsText(), HasSubstr(Ended("idle", 1)));
}

TEST_F(ConnectionEndTest, OneThatDoesNotReadItsAnswersEnds) {
  options_.write_timeout = milliseconds(200);
  StartServer();
  RawClient client(server_->port());
  // As much as the client likes, of all streams and of each.
  client.SendFrame(RawClient::kWindowUpdate, 0, 0, std::string("\x40\0\0\0", 4));
  client.SendFrame(RawClient::kSettings, 0, 0, std::string("\0\4\x40\0\0\0", 6));
  gatehouse::test::CountRequest request;
  request.set_count(1000);
  request.set_text_bytes(1 << 20);
  client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, 1, RawClient::Call(kCount));
  client.SendFrame(RawClient::kData, RawClient::kEndStream, 1,
                   RawClient::Message(request.SerializeAsString()));
  AwaitCounted("connections_ended_total{reason=\"write_timeout\"}");
  EchoProbe::Await(probe_.returned, 1);
}

TEST_F(ConnectionEndTest, ListensOnEveryAddressOfBothFamilies) {
  options_.address = "[::]:0";
  StartServer();
  RawClient v4(server_->port());
  EXPECT_THAT(Echo(v4, 1, "peer"), HasSubstr("127.0.0.1"));
  RawClient v6(server_->port(), /*greet=*/true, /*v6=*/true);
  EXPECT_THAT(Echo(v6, 1, "peer"), HasSubstr("::1"));
}

}  // namespace
}  // namespace gatehouse::rpc
