// What clients must not be able to do to the server, or to each other.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/log_line.h"
#include "gatehouse/test/echo.pb.h"
#include "rpc/echo_fixture.h"
#include "rpc/grpc/hostile_fixture.h"
#include "rpc/server.h"
#include "tests/support/http2/raw_client.h"

namespace gatehouse::rpc {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using tests::RawClient;

class HostileClientTest : public HostileFixture {
 protected:
  // Sends a call and returns the last headers of its answer, which hold literals in clear text
  // unless they are short.
  static std::string CallRaw(RawClient& client, uint32_t stream, const RawClient::Fields& fields,
                             const std::string& body) {
    client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, stream,
                     RawClient::Call(kEcho, fields));
    client.SendFrame(RawClient::kData, RawClient::kEndStream, stream, body);
    return Answer(client, stream);
  }

  static std::string Answer(RawClient& client, uint32_t stream) {
    while (auto frame = client.ReadType(RawClient::kHeaders, stream)) {
      if ((frame->flags & RawClient::kEndStream) != 0) return frame->payload;
    }
    return "no answer";
  }
};

TEST_F(HostileClientTest, AnIntegerOfHpackThatNeverEndsClosesTheConnection) {
  StartServer();
  RawClient client(server_->port());
  client.SendFrame(RawClient::kHeaders, 0, 1, std::string("\x7f") + std::string(20, '\xff'));
  for (int i = 0; i < 400; ++i) {
    if (!client.SendFrame(kContinuation, 0, 1, std::string(1, '\xff'))) break;
  }
  EXPECT_EQ(client.ReadGoAway(), kCompressionError);
  EXPECT_TRUE(client.ReadEnd());
  EXPECT_TRUE(Echo("hello").ok());
  EXPECT_THAT(MetricsText(), HasSubstr("connections_ended_total{reason=\"header_block\"} 1\n"));
}

TEST_F(HostileClientTest, AHeaderBlockWithoutEndClosesTheConnection) {
  StartServer();
  RawClient client(server_->port());
  std::string block = RawClient::Call(kEcho);
  for (int i = 0; i < 10; ++i) block += RawClient::Encode({{"x-more", std::string(6'000, 'x')}});
  client.SendFrame(RawClient::kHeaders, 0, 1, block.substr(0, 16'000));
  client.SendFrame(kContinuation, 0, 1, block.substr(16'000, 16'000));
  client.SendFrame(kContinuation, 0, 1, block.substr(32'000, 16'000));
  EXPECT_EQ(client.ReadGoAway(), kEnhanceYourCalm);
  EXPECT_THAT(MetricsText(), HasSubstr("connections_ended_total{reason=\"header_block\"} 1\n"));
}

TEST_F(HostileClientTest, HeadersThatAreTooLargeEndTheirOwnCallOnly) {
  StartServer();
  RawClient client(server_->port());
  client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, 1, RawClient::Call(kChat));
  const std::string answer = CallRaw(client, 3, {{"x-large", std::string(9'000, 'x')}}, "");
  EXPECT_NE(answer, "no answer");
  EXPECT_TRUE(StillServes(client, 5));
  // The call beside it goes on.
  client.SendFrame(RawClient::kData, 0, 1, EchoMessage("still here"));
  const auto data = client.ReadType(RawClient::kData, 1);
  ASSERT_TRUE(data.has_value());
  EXPECT_EQ(data->payload, EchoMessage("still here"));
}

TEST_F(HostileClientTest, HeadersThatAreTooLargeAreAnsweredWithDetails) {
  StartServer();
  const auto outcome = Echo("x", {.metadata = {{"x-large", std::string(9'000, 'x')}}});
  EXPECT_EQ(outcome.code, absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(outcome.reason(), "METADATA_TOO_LARGE");
  EXPECT_THAT(MetricsText(), HasSubstr("calls_refused_total{reason=\"metadata_too_large\"} 1\n"));
}

TEST_F(HostileClientTest, ABinaryHeaderThatIsNoBase64EndsItsOwnCallOnly) {
  StartServer();
  RawClient client(server_->port());
  EXPECT_NE(CallRaw(client, 1, {{"x-trace-bin", "!!!!"}}, EchoMessage("x")), "no answer");
  EXPECT_EQ(probe_.returned, 0);
  EXPECT_TRUE(StillServes(client, 3));
}

TEST_F(HostileClientTest, AMessageThatInflatesBeyondTheLimitIsRefused) {
  StartServer();
  // 8 MiB of zeros: less than a message may have before it is inflated.
  z_stream stream{};
  ASSERT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string zeros(size_t{8} << 20, '\0');
  std::string bomb(options_.max_public_message_bytes, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(zeros.data());
  stream.avail_in = static_cast<uInt>(zeros.size());
  stream.next_out = reinterpret_cast<Bytef*>(bomb.data());
  stream.avail_out = static_cast<uInt>(bomb.size());
  ASSERT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  bomb.resize(stream.total_out);
  deflateEnd(&stream);

  RawClient client(server_->port());
  EXPECT_NE(CallRaw(client, 1, {{"grpc-encoding", "gzip"}}, RawClient::Message(bomb, 1)),
            "no answer");
  EXPECT_EQ(probe_.returned, 0);
  EXPECT_THAT(MetricsText(), HasSubstr("reason=\"MESSAGE_TOO_LARGE\"} 1\n"));
  EXPECT_TRUE(StillServes(client, 3));
}

TEST_F(HostileClientTest, RequestsTakenBackInMassesCloseTheConnection) {
  options_.max_stream_resets_per_second = 10;
  StartServer();
  RawClient client(server_->port());
  const std::string headers = RawClient::Call(kChat);
  for (uint32_t i = 0; i < 1000; ++i) {
    client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, 2 * i + 1, headers);
    if (!client.SendFrame(RawClient::kReset, 0, 2 * i + 1, std::string("\0\0\0\x8", 4))) break;
  }
  EXPECT_EQ(client.ReadGoAway(), kEnhanceYourCalm);
  EXPECT_TRUE(client.ReadEnd());
  EXPECT_TRUE(Echo("hello").ok());
  EXPECT_THAT(MetricsText(), HasSubstr("connections_ended_total{reason=\"resets\"} 1\n"));
}

TEST_F(HostileClientTest, AfterAFloodItsAddressHasToWait) {
  options_.calm_down_time = std::chrono::hours(1);
  options_.max_control_frames_per_second = 10;
  StartServer();
  RawClient other(server_->port());
  EXPECT_TRUE(StillServes(other, 1));
  RawClient client(server_->port());
  for (int i = 0; i < 1000; ++i) {
    if (!client.SendFrame(RawClient::kPing, 0, 0, "12345678")) break;
  }
  EXPECT_TRUE(client.ReadEnd());
  RawClient again(server_->port());
  EXPECT_TRUE(again.ReadEnd());
  AwaitCounted("connections_refused_total{reason=\"must_calm_down\"}");
  // What is there stays.
  EXPECT_TRUE(StillServes(other, 3));
}

TEST_F(HostileClientTest, RequestsInMassesCloseTheConnection) {
  options_.max_requests_per_second = 10;
  StartServer();
  RawClient client(server_->port());
  const std::string headers = RawClient::Call(kEcho);
  for (uint32_t i = 0; i < 200; ++i) {
    const uint32_t stream = 2 * i + 1;
    if (!client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, stream, headers)) break;
    if (!client.SendFrame(RawClient::kData, RawClient::kEndStream, stream, EchoMessage("x"))) break;
  }
  EXPECT_EQ(client.ReadGoAway(), kEnhanceYourCalm);
  EXPECT_THAT(MetricsText(), HasSubstr("connections_ended_total{reason=\"requests\"} 1\n"));
}

TEST_F(HostileClientTest, MoreStreamsThanAllowedAreRefused) {
  options_.max_concurrent_streams = 2;
  StartServer();
  RawClient client(server_->port());
  for (const uint32_t stream : {1, 3, 5}) {
    client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, stream, RawClient::Call(kChat));
  }
  const auto reset = client.ReadType(RawClient::kReset, 5);
  ASSERT_TRUE(reset.has_value());
  EXPECT_EQ(reset->payload, std::string("\0\0\0\x7", 4));
  EXPECT_THAT(MetricsText(), HasSubstr("calls_refused_total{reason=\"too_many_streams\"} 1\n"));
  client.SendFrame(RawClient::kData, 0, 1, EchoMessage("still here"));
  EXPECT_TRUE(client.ReadType(RawClient::kData, 1));
  // Once a client has confirmed the limit, nghttp2 makes more of it (http2::Limits).
  client.SendFrame(RawClient::kSettings, 1, 0, "");
  client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, 7, RawClient::Call(kChat));
  EXPECT_EQ(client.ReadGoAway(), kProtocolError);
  EXPECT_TRUE(client.ReadEnd());
  EXPECT_THAT(MetricsText(), HasSubstr("connections_ended_total{reason=\"protocol\"} 1\n"));
}

TEST_F(HostileClientTest, WindowUpdatesInMassesCloseTheConnection) {
  options_.max_control_frames_per_second = 10;
  StartServer();
  RawClient client(server_->port());
  for (int i = 0; i < 1000; ++i) {
    if (!client.SendFrame(RawClient::kWindowUpdate, 0, 0, std::string("\0\0\0\1", 4))) break;
  }
  EXPECT_EQ(client.ReadGoAway(), kEnhanceYourCalm);
}

TEST_F(HostileClientTest, PingsInMassesCloseTheConnection) {
  options_.max_control_frames_per_second = 10;
  StartServer();
  RawClient client(server_->port());
  for (int i = 0; i < 1000; ++i) {
    if (!client.SendFrame(RawClient::kPing, 0, 0, "12345678")) break;
  }
  EXPECT_EQ(client.ReadGoAway(), kEnhanceYourCalm);
  EXPECT_THAT(MetricsText(), HasSubstr("connections_ended_total{reason=\"control_frames\"} 1\n"));
}

// As gRPC's clients do: they widen windows and ping as they read.
TEST_F(HostileClientTest, WhoReadsAnswersMaySendWindowUpdatesAndPings) {
  options_.max_control_frames_per_second = 1;
  StartServer();
  RawClient client(server_->port());
  for (uint32_t stream = 1; stream < 100; stream += 2) {
    EXPECT_TRUE(StillServes(client, stream));
    client.SendFrame(RawClient::kWindowUpdate, 0, 0, std::string("\0\0\0\1", 4));
    client.SendFrame(RawClient::kPing, 0, 0, "12345678");
  }
  EXPECT_THAT(MetricsText(), HasSubstr("connections_ended_total{reason=\"control_frames\"} 0\n"));
  // What was earned is soon used up.
  for (int i = 0; i < 1000; ++i) {
    if (!client.SendFrame(RawClient::kPing, 0, 0, "12345678")) break;
  }
  EXPECT_EQ(client.ReadGoAway(), kEnhanceYourCalm);
}

TEST_F(HostileClientTest, SilentConnectionsAreClosed) {
  options_.handshake_timeout = milliseconds(100);
  StartServer();
  RawClient client(server_->port(), /*greet=*/false);
  EXPECT_TRUE(client.ReadEnd());
  RawClient slow(server_->port(), /*greet=*/false);
  slow.Send("PRI * HTTP/2.0\r\n");
  EXPECT_TRUE(slow.ReadEnd());
  EXPECT_THAT(MetricsText(),
              HasSubstr("connections_ended_total{reason=\"handshake_timeout\"} 2\n"));
}

TEST_F(HostileClientTest, ACallThatSendsNothingMoreIsNotHandedOver) {
  options_.request_timeout = milliseconds(100);
  in_flight_.unary = 1;
  StartServer();
  RawClient client(server_->port());
  client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, 1, RawClient::Call(kEcho));
  client.SendFrame(RawClient::kData, 0, 1, EchoMessage("half").substr(0, 7));
  // It holds no place of others meanwhile.
  EXPECT_TRUE(Echo("hello").ok());
  EXPECT_NE(Answer(client, 1), "no answer");
  EXPECT_TRUE(StillServes(client, 3));
  EXPECT_THAT(MetricsText(), HasSubstr("calls_refused_total{reason=\"timeout\"} 1\n"));
}

TEST_F(HostileClientTest, ASilentStreamOfAMethodWhoseClientSpeaksFirstIsNotHandedOver) {
  options_.request_timeout = milliseconds(100);
  streams_.public_per_address = 0;
  StartServer();
  RawClient client(server_->port());
  client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, 1,
                   RawClient::Call("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"));
  EXPECT_NE(Answer(client, 1), "no answer");
  EXPECT_THAT(MetricsText(), HasSubstr("calls_refused_total{reason=\"timeout\"} 1\n"));
  EXPECT_TRUE(StillServes(client, 3));
}

TEST_F(HostileClientTest, OneAddressGetsOnlySoManyStreamsWithoutCredentials) {
  streams_.public_per_address = 2;
  StartServer();
  std::vector<std::unique_ptr<tests::ClientStream>> chats;
  for (int i = 0; i < 2; ++i) chats.push_back(client_->Open(kChat));
  EchoProbe::Await(probe_.waiting, 2);
  EXPECT_EQ(client_->Open(kChat)->Finish().reason(), "RATE_LIMITED");
  // Not so calls that end by themselves.
  EXPECT_TRUE(Echo("hello").ok());
  chats.pop_back();
  // Its place is free once the server has seen that.
  tests::CallOutcome outcome;
  do {
    auto next = client_->Open(kChat);
    next->WritesDone();
    outcome = next->Finish();
  } while (outcome.reason() == "RATE_LIMITED");
  EXPECT_TRUE(outcome.ok());
}

TEST_F(HostileClientTest, NoStreamKeepsALongNameOfAService) {
  StartServer();
  const std::string name(15'000, 'x');
  const std::string request = "\x0a\x98\x75" + name;
  auto watch = client_->Open("/grpc.health.v1.Health/Watch");
  watch->Write(request);
  watch->WritesDone();
  EXPECT_EQ(watch->Finish().reason(), "INVALID_FIELD");
}

TEST_F(HostileClientTest, OneAddressGetsOnlySoManyConnections) {
  options_.max_connections_per_address = 2;
  StartServer();
  RawClient first(server_->port());
  auto second = std::make_unique<RawClient>(server_->port());
  ASSERT_TRUE(first.Read() && second->Read());
  EXPECT_TRUE(RawClient(server_->port()).ReadEnd());
  EXPECT_THAT(MetricsText(),
              HasSubstr("connections_refused_total{reason=\"too_many_of_address\"} 1\n"));
  second.reset();
  // Its place is free once the server has seen that.
  while (!RawClient(server_->port()).Read()) {
  }
}

TEST_F(HostileClientTest, AcceptsAgainAfterItRanOutOfDescriptors) {
  StartServer();
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  ASSERT_TRUE(Echo("hello").ok());
  // Every descriptor of the process is taken, but for a few that the clients' own ends need.
  rlimit low = before;
  low.rlim_cur = 200;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  {
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 150; ++i) clients.push_back(std::make_unique<RawClient>(server_->port()));
    // Those that got through are served, others are closed; nobody is left waiting.
    EXPECT_TRUE(clients.front()->Read().has_value());
    // The listener comes to the last of them in its own time.
    AwaitCounted("connections_refused_total{reason=\"no_descriptor\"}");
  }
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  RawClient after(server_->port());
  EXPECT_TRUE(StillServes(after, 1));
  EXPECT_TRUE(server_->TakesCalls());
}

TEST_F(HostileClientTest, TakesTheLongestTimeout) {
  StartServer();
  RawClient client(server_->port());
  client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, 1,
                   RawClient::Call(kEcho, {{"grpc-timeout", "5000000H"}}));
  client.SendFrame(RawClient::kData, RawClient::kEndStream, 1, EchoMessage("hello"));
  const auto data = client.ReadType(RawClient::kData, 1);
  ASSERT_TRUE(data.has_value());
  EXPECT_EQ(data->payload, EchoMessage("hello"));
}

TEST_F(HostileClientTest, TwoMessagesInAUnaryCallAreRefused) {
  StartServer();
  RawClient client(server_->port());
  EXPECT_NE(CallRaw(client, 1, {}, EchoMessage("a") + EchoMessage("b")), "no answer");
  EXPECT_EQ(probe_.returned, 0);
  EXPECT_NE(CallRaw(client, 3, {}, RawClient::Message("x", 0x7f)), "no answer");
  EXPECT_NE(CallRaw(client, 5, {{"grpc-encoding", "snappy"}}, RawClient::Message("x", 1)),
            "no answer");
  EXPECT_EQ(probe_.returned, 0);
  EXPECT_TRUE(StillServes(client, 7));
}

TEST_F(HostileClientTest, HeadersThatDoNotBecomeWholeCloseTheConnection) {
  options_.handshake_timeout = milliseconds(200);
  options_.request_timeout = milliseconds(100);
  StartServer();
  // The block goes on in frames that do not come, or the frame does.
  const std::string block = RawClient::Call(kEcho);
  const std::string frame =
      RawClient::MakeFrame(RawClient::kHeaders, RawClient::kEndHeaders, 1, block);
  for (const std::string& part : {RawClient::MakeFrame(RawClient::kHeaders, 0, 1, block),
                                  frame.substr(0, frame.size() - 1)}) {
    RawClient client(server_->port());
    client.Send(part);
    EXPECT_EQ(client.ReadGoAway(), kEnhanceYourCalm);
    EXPECT_TRUE(client.ReadEnd());
  }
  EXPECT_THAT(MetricsText(), HasSubstr("connections_ended_total{reason=\"header_block\"} 2\n"));
}

TEST_F(HostileClientTest, AStreamWhoseClientIsSilentIsEnded) {
  options_.max_stream_silence = milliseconds(200);
  StartServer();
  const auto silent = client_->Open(kChat);
  const auto fell_silent = client_->Open(kChat);
  std::string answer;
  gatehouse::test::EchoRequest request;
  ASSERT_TRUE(fell_silent->Write(request.SerializeAsString()) && fell_silent->Read(&answer));
  for (const auto& stream : {silent.get(), fell_silent.get()}) {
    const tests::CallOutcome outcome = stream->Finish();
    EXPECT_EQ(outcome.code, absl::StatusCode::kDeadlineExceeded);
    EXPECT_EQ(outcome.reason(), "DEADLINE");
  }
  EXPECT_THAT(MetricsText(), HasSubstr("limit=\"silence of a stream\",reason=\"DEADLINE\"} 2\n"));
  // Streams whose clients have nothing to say may stay.
  auto count = client_->Open(kCount);
  gatehouse::test::CountRequest held;
  held.set_count(1);
  held.set_hold(true);
  count->Write(held.SerializeAsString());
  count->WritesDone();
  ASSERT_TRUE(count->Read(&answer));
  EXPECT_EQ(client_->Open(kChat)->Finish().code, absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(probe_.returned, 3);
}

TEST_F(HostileClientTest, AnAnswerThatIsNotTakenEndsItsCall) {
  options_.write_timeout = milliseconds(200);
  StartServer();
  RawClient client(server_->port());
  gatehouse::test::CountRequest request;
  request.set_count(1);
  request.set_text_bytes(200'000);
  client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, 1, RawClient::Call(kCount));
  client.SendFrame(RawClient::kData, RawClient::kEndStream, 1,
                   RawClient::Message(request.SerializeAsString()));
  // It reads, but gives no more than the first 64 KiB of window.
  const auto reset = client.ReadType(RawClient::kReset, 1);
  ASSERT_TRUE(reset.has_value());
  EXPECT_EQ(reset->payload, std::string("\0\0\0\x0b", 4));
  EchoProbe::Await(probe_.returned, 1);
  EXPECT_THAT(MetricsText(), HasSubstr("answers_dropped_total{reason=\"unread\"} 1\n"));
  // What was sent counts against all streams of the connection.
  client.SendFrame(RawClient::kWindowUpdate, 0, 0, std::string("\0\1\0\0", 4));
  EXPECT_TRUE(StillServes(client, 3));
}

TEST_F(HostileClientTest, AnswersThatNobodyReadsHoldNoMoreThanTheBudget) {
  options_.max_connection_bytes = size_t{1} << 20;
  StartServer();
  gatehouse::test::CountRequest request;
  request.set_count(1);
  request.set_text_bytes(400'000);
  RawClient client(server_->port());
  for (uint32_t stream = 1; stream < 9; stream += 2) {
    client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, stream, RawClient::Call(kCount));
    client.SendFrame(RawClient::kData, RawClient::kEndStream, stream,
                     RawClient::Message(request.SerializeAsString()));
  }
  // Two wait for the client's window, the others are refused.
  int refused = 0;
  while (refused < 2) {
    const auto frame = client.ReadType(RawClient::kHeaders);
    ASSERT_TRUE(frame.has_value());
    refused += (frame->flags & RawClient::kEndStream) != 0;
  }
  EXPECT_THAT(MetricsText(), HasSubstr("answers_dropped_total{reason=\"overloaded\"} 2\n"));
}

TEST_F(HostileClientTest, WhatIsOnItsWayIsBoundedInAllAndShown) {
  options_.max_transport_bytes = size_t{1} << 20;
  StartServer();
  gatehouse::test::CountRequest request;
  request.set_count(1);
  request.set_text_bytes(700'000);
  const auto ask = [&](RawClient& client) {
    client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, 1, RawClient::Call(kCount));
    client.SendFrame(RawClient::kData, RawClient::kEndStream, 1,
                     RawClient::Message(request.SerializeAsString()));
  };
  auto first = std::make_unique<RawClient>(server_->port());
  ask(*first);
  ASSERT_TRUE(first->ReadType(RawClient::kData, 1).has_value());
  RawClient second(server_->port());
  ask(second);
  const auto refusal = second.ReadType(RawClient::kHeaders, 1);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_NE(refusal->flags & RawClient::kEndStream, 0);
  AwaitMetric("gatehouse_grpc_buffered_bytes 7");
  // What went with its connection counts no more.
  first.reset();
  AwaitMetric("gatehouse_grpc_buffered_bytes 0\n");
}

TEST_F(HostileClientTest, RefusalsInMassesFillNoLogAndAreCounted) {
  StartServer();
  base::SetLogLevel(base::LogLevel::kInfo);
  std::vector<std::string> lines;
  const base::ScopedLogCapture capture([&](const std::string& line) { lines.push_back(line); });
  RawClient client(server_->port());
  const std::string call = RawClient::Call(kEcho, {{"x-trace-bin", "!!!!"}});
  std::string calls;
  for (uint32_t stream = 1; stream < 1'000; stream += 2) {
    calls += RawClient::MakeFrame(RawClient::kHeaders,
                                  RawClient::kEndHeaders | RawClient::kEndStream, stream, call);
  }
  client.Send(calls);
  EXPECT_NE(Answer(client, 999), "no answer");
  server_->Shutdown({.grace = milliseconds(0)});
  server_.reset();
  // The first hundred have a line each, and some more as time goes by.
  EXPECT_LT(lines.size(), 500u);
  EXPECT_THAT(lines, Contains(AllOf(HasSubstr("beyond those with lines of their own"),
                                    HasSubstr("\"peer\":\"127.0.0.1\""))));
}

TEST_F(HostileClientTest, CallsThatAreRefusedAtOnceHaveAnIdToFindThemBy) {
  options_.request_timeout = milliseconds(100);
  StartServer();
  const auto late = client_->Open(kEcho, {.metadata = {{"x-request-id", "mine-1"}}});
  EXPECT_EQ(late->Finish().Trailer("x-request-id"), "mine-1");
  const auto made = Echo("x", {.metadata = {{"x-large", std::string(9'000, 'x')}}});
  EXPECT_EQ(made.reason(), "METADATA_TOO_LARGE");
  EXPECT_EQ(made.Trailer("x-request-id").size(), 36u);
}

}  // namespace
}  // namespace gatehouse::rpc
