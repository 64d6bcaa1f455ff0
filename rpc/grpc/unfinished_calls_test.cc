// What clients that leave their calls unfinished, or answers unread, must not be able to hold.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gatehouse/test/echo.pb.h"
#include "rpc/echo_fixture.h"
#include "rpc/grpc/hostile_fixture.h"
#include "tests/support/grpc_client.h"
#include "tests/support/http2/raw_client.h"

namespace gatehouse::rpc {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using tests::RawClient;

// Settings that give answers no window.
const std::string kNoWindow("\0\4\0\0\0\0", 6);

class UnfinishedCallsTest : public HostileFixture {
 protected:
  // Reads until so many calls were refused for want of room: answered with a status, or reset where
  // a part of their headers had come.
  static bool AwaitRefusals(RawClient& client, int count) {
    const std::string calm_down("\0\0\0\x0b", 4);
    while (count > 0) {
      const auto frame = client.Read();
      if (!frame) return false;
      const bool answered =
          frame->type == RawClient::kHeaders && (frame->flags & RawClient::kEndStream) != 0;
      if (answered || (frame->type == RawClient::kReset && frame->payload == calm_down)) --count;
    }
    return true;
  }

  // Sends a request by one byte in ten milliseconds, until the call is answered, or for so long.
  // How many bytes went out.
  static size_t Drip(RawClient& client, uint32_t stream, const std::string& bytes,
                     std::chrono::steady_clock::duration longest) {
    const auto end = std::chrono::steady_clock::now() + longest;
    auto due = std::chrono::steady_clock::now();
    size_t sent = 0;
    while (sent < bytes.size() && std::chrono::steady_clock::now() < end) {
      if (std::chrono::steady_clock::now() >= due) {
        client.SendFrame(RawClient::kData, 0, stream, bytes.substr(sent++, 1));
        due += milliseconds(10);
      }
      client.SendFrame(RawClient::kPing, 0, 0, "12345678");
      std::optional<RawClient::Frame> frame;
      do {
        frame = client.Read();
        if (!frame || (frame->type == RawClient::kHeaders && frame->stream == stream)) return sent;
      } while (frame->type != RawClient::kPing);
    }
    return sent;
  }
};

// Each byte comes long before the next one is due.
TEST_F(UnfinishedCallsTest, ARequestThatDripsIsRefused) {
  options_.request_timeout = milliseconds(300);
  options_.min_request_bytes_per_second = 1'000'000;
  options_.max_control_frames_per_second = 10'000'000;
  StartServer();
  RawClient client(server_->port());
  client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, 1, RawClient::Call(kEcho));
  const std::string message = EchoMessage(std::string(16'000, 'x'));
  EXPECT_LT(Drip(client, 1, message, std::chrono::hours(1)), message.size());
  EXPECT_THAT(MetricsText(), HasSubstr("calls_refused_total{reason=\"timeout\"} 1\n"));
  EXPECT_TRUE(StillServes(client, 3));
  // What is no gRPC has no messages, and no longer.
  client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, 5,
                   RawClient::Encode({{":method", "PUT"},
                                      {":scheme", "http"},
                                      {":path", kEcho},
                                      {":authority", "localhost"}}));
  EXPECT_LT(Drip(client, 5, message, std::chrono::hours(1)), message.size());
  EXPECT_THAT(MetricsText(), HasSubstr("calls_refused_total{reason=\"not_grpc\"} 1\n"));
}

TEST_F(UnfinishedCallsTest, ASlowRequestThatGetsOnIsServed) {
  options_.request_timeout = milliseconds(1000);
  options_.min_request_bytes_per_second = 10;
  options_.max_control_frames_per_second = 10'000'000;
  StartServer();
  RawClient client(server_->port());
  client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, 1, RawClient::Call(kEcho));
  // A thousand bytes have a hundred seconds.
  const std::string message = EchoMessage(std::string(16'000, 'x'));
  client.SendFrame(RawClient::kData, 0, 1, message.substr(0, 1'000));
  const size_t dripped = Drip(client, 1, message.substr(1'000), milliseconds(2'500));
  client.SendFrame(RawClient::kData, RawClient::kEndStream, 1, message.substr(1'000 + dripped));
  const auto data = client.ReadType(RawClient::kData, 1);
  ASSERT_TRUE(data.has_value());
  EXPECT_EQ(data->payload, message);
}

// Large headers, many small ones, and a message of which the last byte does not come: none of them
// is anybody's yet.
TEST_F(UnfinishedCallsTest, CallsThatAreNotWholeHoldNoMoreThanTheBudgetOfTheirAddress) {
  options_.request_timeout = std::chrono::minutes(10);
  options_.max_calls_bytes_per_address = 100'000;
  StartServer();
  RawClient::Fields many;
  for (int i = 0; i < 150; ++i) many.emplace_back("x" + std::to_string(i), "");
  const std::string message = EchoMessage(std::string(16'000, 'x'));
  struct Kind {
    RawClient::Fields fields;
    std::string part;
  };
  RawClient other(server_->port());
  uint32_t served = 1;
  for (const Kind& kind : {Kind{.fields = {{"x-more", std::string(7'000, 'x')}}, .part = ""},
                           Kind{.fields = many, .part = ""},
                           Kind{.fields = {}, .part = message.substr(0, message.size() - 1)}}) {
    auto client = std::make_unique<RawClient>(server_->port());
    for (uint32_t stream = 1; stream < 200; stream += 2) {
      client->SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, stream,
                        RawClient::Call(kEcho, kind.fields));
      if (!kind.part.empty()) client->SendFrame(RawClient::kData, 0, stream, kind.part);
    }
    // Each takes more than 7 KB of the free ones and three steps.
    EXPECT_TRUE(AwaitRefusals(*client, 80));
    AwaitMetric("gatehouse_grpc_calls_bytes 98304\n");
    // Whoever does as usual does not notice, not even from the same address.
    EXPECT_TRUE(StillServes(other, served));
    served += 2;
    client.reset();
    AwaitMetric("gatehouse_grpc_calls_bytes 0\n");
  }
  AwaitCounted("calls_refused_total{reason=\"overloaded\"}");
  EXPECT_THAT(MetricsText(), HasSubstr("connections_ended_total{reason=\"no_room\"} 0\n"));
}

TEST_F(UnfinishedCallsTest, ACallWithoutRoomIsToldSo) {
  options_.max_calls_bytes = 0;
  StartServer();
  std::vector<std::unique_ptr<tests::ClientStream>> calls;
  tests::CallOutcome refused;
  do {
    calls.push_back(client_->Open(kChat, {.metadata = {{"x-more", std::string(5'000, 'x')}}}));
    calls.back()->Write(gatehouse::test::EchoRequest().SerializeAsString());
    std::string answer;
    if (!calls.back()->Read(&answer)) refused = calls.back()->Finish();
  } while (refused.code == absl::StatusCode::kUnknown && calls.size() < 10);
  EXPECT_EQ(refused.code, absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(refused.reason(), "SERVER_OVERLOADED");
  const auto quota = refused.Detail<google::rpc::QuotaFailure>();
  ASSERT_TRUE(quota.has_value());
  EXPECT_EQ(quota->violations(0).subject(), "bytes of open calls");
}

TEST_F(UnfinishedCallsTest, HeadersThatAreNotWholeTakeRoomToo) {
  options_.max_calls_bytes = 0;
  StartServer();
  // With what they take of memory more than is free, though they are few bytes.
  RawClient::Fields many;
  for (int i = 0; i < 200; ++i) many.emplace_back("x" + std::to_string(i), "");
  RawClient client(server_->port());
  client.SendFrame(RawClient::kHeaders, 0, 1, RawClient::Call(kEcho, many));
  const auto reset = client.ReadType(RawClient::kReset, 1);
  ASSERT_TRUE(reset.has_value());
  EXPECT_EQ(reset->payload, std::string("\0\0\0\x0b", 4));
  EXPECT_THAT(MetricsText(), HasSubstr("calls_refused_total{reason=\"overloaded\"} 1\n"));
  // Other calls of the connection go on.
  client.SendFrame(kContinuation, RawClient::kEndHeaders, 1, RawClient::Encode({{"last", ""}}));
  EXPECT_TRUE(StillServes(client, 3));
}

// Else the answers that it does not read would fill the memory in the place of its calls.
TEST_F(UnfinishedCallsTest, WhoFindsNoRoomAndDoesNotReadLosesTheConnection) {
  options_.request_timeout = std::chrono::minutes(10);
  options_.max_calls_bytes_per_address = 40'000;
  StartServer();
  RawClient client(server_->port());
  const std::string call = RawClient::Call(kEcho, {{"x-more", std::string(1'000, 'x')}});
  uint32_t stream = 1;
  for (; stream < 200'000; stream += 2) {
    if (!client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, stream, call)) break;
  }
  AwaitCounted("connections_ended_total{reason=\"no_room\"}");
  EXPECT_TRUE(client.ReadEnd());
  EXPECT_TRUE(Echo("hello").ok());
}

TEST_F(UnfinishedCallsTest, ACallThatIsAnsweredHoldsItsRequestNoLonger) {
  options_.max_calls_bytes_per_address = 40'000;
  StartServer();
  RawClient client(server_->port());
  // No answer is taken.
  client.SendFrame(RawClient::kSettings, 0, 0, kNoWindow);
  for (int i = 0; i < 20; ++i) {
    const uint32_t stream = 2 * static_cast<uint32_t>(i) + 1;
    client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, stream,
                     RawClient::Call(kEcho, {{"x-more", std::string(6'000, 'x')}}));
    client.SendFrame(RawClient::kData, RawClient::kEndStream, stream, EchoMessage("x"));
    EchoProbe::Await(probe_.returned, i + 1);
  }
  EXPECT_THAT(MetricsText(), HasSubstr("calls_refused_total{reason=\"overloaded\"} 0\n"));
}

TEST_F(UnfinishedCallsTest, SmallAnswersThatNobodyReadsHoldNoMoreThanTheBudgetOfTheirAddress) {
  options_.max_calls_bytes_per_address = 40'000;
  StartServer();
  RawClient client(server_->port());
  client.SendFrame(RawClient::kSettings, 0, 0, kNoWindow);
  for (uint32_t stream = 1; stream < 100; stream += 2) {
    client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, stream, RawClient::Call(kEcho));
    client.SendFrame(RawClient::kData, RawClient::kEndStream, stream,
                     EchoMessage(std::string(10'000, 'x')));
  }
  // Six or so find room.
  EXPECT_TRUE(AwaitRefusals(client, 40));
  EXPECT_LT(probe_.returned, 10);
}

}  // namespace
}  // namespace gatehouse::rpc
