// Answers that are compressed, for clients that take it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "gatehouse/test/echo.pb.h"
#include "rpc/echo_fixture.h"
#include "rpc/grpc/gunzip.h"
#include "rpc/grpc/gzip.h"
#include "rpc/server.h"
#include "tests/support/http2/raw_client.h"

namespace gatehouse::rpc {
namespace {

using gatehouse::test::EchoRequest;
using tests::RawClient;

constexpr size_t kPrefixBytes = 5;
constexpr size_t kLong = 10'000;

TEST(GzipTest, IsInflatedAgain) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "row " + std::to_string(i) + ";";
  std::array<char, 5'000> room;
  const auto size = Gzip(text, room);
  ASSERT_TRUE(size.has_value());
  EXPECT_EQ(*Gunzip({room.data(), *size}, text.size()), text);
  EXPECT_FALSE(Gzip(text, std::span(room).first(*size - 1)).has_value());
}

TEST(GzipTest, IsAcceptedByName) {
  for (const char* list : {"gzip", "identity,deflate,gzip", "identity, gzip ,deflate"}) {
    EXPECT_TRUE(AcceptsGzip(list)) << list;
  }
  for (const char* list : {"", "identity", "deflate,x-gzip", "gzipped,identity"}) {
    EXPECT_FALSE(AcceptsGzip(list)) << list;
  }
}

// Echo counts as a list, since its answer could have a page token.
class CompressedAnswerTest : public EchoFixture {
 protected:
  // The body of what Echo answers.
  std::string Answer(const std::string& text, const std::string& accept_encoding) {
    EchoRequest request;
    request.set_text(text);
    RawClient client(server_->port());
    RawClient::Fields fields;
    if (!accept_encoding.empty()) fields.emplace_back("grpc-accept-encoding", accept_encoding);
    client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, 1,
                     RawClient::Call(kEcho, fields));
    client.SendFrame(RawClient::kData, RawClient::kEndStream, 1,
                     RawClient::Message(request.SerializeAsString()));
    const auto data = client.ReadType(RawClient::kData, 1);
    return data ? data->payload : "no answer";
  }

  static std::string Plain(const std::string& text) {
    EchoRequest same;
    same.set_text(text);
    return RawClient::Message(same.SerializeAsString());
  }
};

TEST_F(CompressedAnswerTest, LongListsAreCompressedForWhoTakesIt) {
  options_.gzip_lists_from_bytes = 1'000;
  StartServer();
  const std::string text(kLong, 'x');
  const std::string answer = Answer(text, "identity,gzip");
  ASSERT_GT(answer.size(), kPrefixBytes);
  EXPECT_EQ(answer[0], 1);
  EXPECT_LT(answer.size(), kLong / 10);
  const auto inflated = Gunzip(std::string_view(answer).substr(kPrefixBytes), 2 * kLong);
  ASSERT_TRUE(inflated.ok()) << inflated.status();
  EXPECT_EQ(*inflated, Plain(text).substr(kPrefixBytes));
  EXPECT_EQ(Answer(text, ""), Plain(text));
  EXPECT_EQ(Answer(text, "identity,deflate"), Plain(text));
  EXPECT_EQ(Answer("short", "gzip"), Plain("short"));
}

TEST_F(CompressedAnswerTest, WhatDoesNotGetSmallerIsSentAsItIs) {
  options_.gzip_lists_from_bytes = 1'000;
  StartServer();
  std::string text;
  uint32_t number = 1;
  // Of a small generator, with all of ASCII: gzip saves one bit of eight, and has to say how.
  while (text.size() < kLong) {
    number = number * 1664525 + 1013904223;
    text.push_back(static_cast<char>(number >> 24 & 127));
  }
  EXPECT_EQ(Answer(text, "gzip"), Plain(text));
}

TEST_F(CompressedAnswerTest, NothingIsCompressedUnlessAskedFor) {
  StartServer();
  const std::string text(kLong, 'x');
  EXPECT_EQ(Answer(text, "gzip"), Plain(text));
}

TEST_F(CompressedAnswerTest, IsReadByGrpcsOwnLibrary) {
  options_.gzip_lists_from_bytes = 1'000;
  StartServer();
  EchoRequest request;
  request.set_text(std::string(kLong, 'x'));
  const auto outcome = client_->Call<EchoRequest, gatehouse::test::EchoResponse>(kEcho, request);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.response.text(), request.text());
}

}  // namespace
}  // namespace gatehouse::rpc
