// Frames that are wrong, or mean nothing, and headers that nobody can decode.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "rpc/echo_fixture.h"
#include "rpc/grpc/hostile_fixture.h"
#include "tests/support/http2/raw_client.h"

namespace gatehouse::rpc {
namespace {

using ::testing::HasSubstr;
using tests::RawClient;

using HostileFramesTest = HostileFixture;

// The session ends the connection by itself then, as with whatever else is an error of all of it.
TEST_F(HostileFramesTest, HeadersThatNobodyCanDecodeMakeTheirAddressWait) {
  options_.calm_down_time = std::chrono::hours(1);
  StartServer();
  RawClient client(server_->port());
  // The entry 126 of a table that has 61.
  client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, 1, "\xfe");
  EXPECT_EQ(client.ReadGoAway(), kCompressionError);
  EXPECT_TRUE(client.ReadEnd());
  RawClient again(server_->port());
  EXPECT_TRUE(again.ReadEnd());
  AwaitCounted("connections_refused_total{reason=\"must_calm_down\"}");
}

TEST_F(HostileFramesTest, WhatIsNoHttp2EndsTheConnectionAndIsCounted) {
  StartServer();
  // A PING on a stream; settings of five bytes; a preface of something else.
  RawClient on_stream(server_->port());
  on_stream.SendFrame(RawClient::kPing, 0, 1, "12345678");
  EXPECT_EQ(on_stream.ReadGoAway(), kProtocolError);
  EXPECT_TRUE(on_stream.ReadEnd());
  RawClient cut_off(server_->port());
  cut_off.SendFrame(RawClient::kSettings, 0, 0, "12345");
  EXPECT_EQ(cut_off.ReadGoAway(), kFrameSizeError);
  EXPECT_TRUE(cut_off.ReadEnd());
  RawClient browser(server_->port(), /*greet=*/false);
  browser.Send("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
  EXPECT_EQ(browser.ReadGoAway(), kProtocolError);
  EXPECT_THAT(MetricsText(), HasSubstr("connections_ended_total{reason=\"protocol\"} 3\n"));
}

TEST_F(HostileFramesTest, AHeaderThatDoesNotEndClosesTheConnection) {
  StartServer();
  const std::string header = RawClient::Encode({{"x-large", std::string(60'000, 'x')}});
  RawClient client(server_->port());
  client.SendFrame(RawClient::kHeaders, 0, 1, header.substr(0, 9'000));
  client.SendFrame(kContinuation, 0, 1, header.substr(9'000, 100));
  EXPECT_EQ(client.ReadGoAway(), kEnhanceYourCalm);
  EXPECT_THAT(MetricsText(), HasSubstr("connections_ended_total{reason=\"header_block\"} 1\n"));
}

TEST_F(HostileFramesTest, HeadersInManyFramesCloseTheConnection) {
  StartServer();
  const std::string block = RawClient::Call(kEcho);
  RawClient client(server_->port());
  client.SendFrame(RawClient::kHeaders, 0, 1, block);
  for (int i = 0; i < 20; ++i) {
    if (!client.SendFrame(kContinuation, 0, 1, RawClient::Encode({{"x", "y"}}))) break;
  }
  EXPECT_EQ(client.ReadGoAway(), kEnhanceYourCalm);
  EXPECT_THAT(MetricsText(), HasSubstr("connections_ended_total{reason=\"header_block\"} 1\n"));
}

// An entry of 4,000 bytes, and then a byte for each time that it comes again.
TEST_F(HostileFramesTest, HeadersOfManyTimesTheirBytesCloseTheConnection) {
  StartServer();
  const std::string entry = std::string("\x40\x01x\x7f\xa1\x1e") + std::string(4'000, 'v');
  RawClient few(server_->port());
  few.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders | RawClient::kEndStream, 1,
                RawClient::Call(kEcho) + entry + std::string(10, '\xbe'));
  EXPECT_TRUE(few.ReadType(RawClient::kHeaders, 1)) << "only its call is refused";
  RawClient many(server_->port());
  many.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, 1,
                 entry + std::string(10'000, '\xbe'));
  EXPECT_EQ(many.ReadGoAway(), kEnhanceYourCalm);
  EXPECT_THAT(MetricsText(), HasSubstr("connections_ended_total{reason=\"header_block\"} 1\n"));
}

TEST_F(HostileFramesTest, UnknownFramesAreIgnoredAndInMassesCloseTheConnection) {
  options_.max_control_frames_per_second = 10;
  StartServer();
  for (const uint8_t type : {uint8_t{10}, uint8_t{0x42}, uint8_t{255}}) {
    RawClient client(server_->port());
    client.SendFrame(type, 0xff, 7, "whatever");
    EXPECT_TRUE(StillServes(client, 1));
    for (int i = 0; i < 1000; ++i) {
      if (!client.SendFrame(type, 0, 0, "")) break;
    }
    EXPECT_EQ(client.ReadGoAway(), kEnhanceYourCalm);
  }
}

// Data that carry nothing: empty, of padding alone, or of a call that the server has ended.
TEST_F(HostileFramesTest, DataFramesOfNothingInMassesCloseTheConnection) {
  options_.max_control_frames_per_second = 10;
  StartServer();
  struct Flood {
    RawClient::Fields call;
    uint8_t flags;
    std::string payload;
  };
  const std::string padding("\2\0\0", 3);
  for (const Flood& flood : {Flood{.call = {}, .flags = 0, .payload = ""},
                             Flood{.call = {}, .flags = kPadded, .payload = std::string(1, '\0')},
                             Flood{.call = {}, .flags = kPadded, .payload = padding},
                             Flood{.call = {{"x-bin", "!!!!"}}, .flags = 0, .payload = "x"}}) {
    RawClient client(server_->port());
    client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, 1,
                     RawClient::Call(kChat, flood.call));
    if (!flood.call.empty()) {
      EXPECT_TRUE(client.ReadType(RawClient::kReset, 1));
    }
    for (int i = 0; i < 1000; ++i) {
      if (!client.SendFrame(RawClient::kData, flood.flags, 1, flood.payload)) break;
    }
    EXPECT_EQ(client.ReadGoAway(), kEnhanceYourCalm);
  }
  EXPECT_THAT(MetricsText(), HasSubstr("connections_ended_total{reason=\"control_frames\"} 4\n"));
}

}  // namespace
}  // namespace gatehouse::rpc
