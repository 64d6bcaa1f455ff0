// The server over loopback: messages, errors, limits.

#include "rpc/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gatehouse/test/echo.pb.h"
#include "rpc/chain/interceptor.h"
#include "rpc/echo_fixture.h"

namespace gatehouse::rpc {
namespace {

using gatehouse::test::CountRequest;
using gatehouse::test::EchoRequest;
using gatehouse::test::EchoResponse;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

class ServerTest : public EchoFixture {};

TEST_F(ServerTest, AnswersAUnaryCall) {
  StartServer();
  EchoRequest request;
  request.set_text("hello");
  const auto outcome = client_->Call<EchoRequest, EchoResponse>(kEcho, request);
  EXPECT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.response.text(), "hello");
}

TEST_F(ServerTest, StreamsMessagesInOrder) {
  StartServer();
  CountRequest request;
  request.set_count(100);
  auto stream = client_->Open(kCount);
  ASSERT_TRUE(stream->Write(request.SerializeAsString()));
  stream->WritesDone();
  std::string bytes;
  int count = 0;
  while (stream->Read(&bytes)) {
    EchoResponse response;
    ASSERT_TRUE(response.ParseFromString(bytes));
    EXPECT_EQ(response.text(), std::to_string(count++));
  }
  EXPECT_EQ(count, 100);
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ServerTest, ChatsUntilTheClientIsDone) {
  StartServer();
  auto stream = client_->Open(kChat);
  for (const char* text : {"a", "b", "c"}) {
    EchoRequest request;
    request.set_text(text);
    ASSERT_TRUE(stream->Write(request.SerializeAsString()));
    std::string bytes;
    ASSERT_TRUE(stream->Read(&bytes));
    EchoResponse response;
    ASSERT_TRUE(response.ParseFromString(bytes));
    EXPECT_EQ(response.text(), text);
  }
  stream->WritesDone();
  std::string bytes;
  EXPECT_FALSE(stream->Read(&bytes));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ServerTest, ServesManyClientsOnTwoLoops) {
  StartServer();
  std::vector<std::future<int>> clients;
  for (int c = 0; c < 8; ++c) {
    clients.push_back(std::async(std::launch::async, [this, c] {
      tests::GrpcClient client(server_->port());
      int right = 0;
      for (int i = 0; i < 50; ++i) {
        EchoRequest request;
        request.set_text(std::to_string(c) + "/" + std::to_string(i));
        const auto outcome = client.Call<EchoRequest, EchoResponse>(kEcho, request);
        right += outcome.ok() && outcome.response.text() == request.text();
      }
      return right;
    }));
  }
  for (std::future<int>& client : clients) EXPECT_EQ(client.get(), 50);
}

TEST_F(ServerTest, RefusesAnUnknownMethod) {
  StartServer();
  const auto outcome = client_->CallBytes("/gatehouse.test.EchoService/Nothing", "");
  EXPECT_EQ(outcome.code, absl::StatusCode::kUnimplemented);
  EXPECT_EQ(outcome.reason(), "METHOD_NOT_FOUND");
}

TEST_F(ServerTest, RefusesMalformedBytes) {
  StartServer();
  const auto outcome = client_->CallBytes(kEcho, "\x0a\xff");
  EXPECT_EQ(outcome.code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(outcome.reason(), "MALFORMED_REQUEST");
}

TEST_F(ServerTest, RefusesAStringThatIsNotUtf8) {
  StartServer();
  const auto outcome = client_->CallBytes(kEcho, "\x0a\x02\xc3\x28");
  EXPECT_EQ(outcome.code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(outcome.reason(), "MALFORMED_REQUEST");
}

TEST_F(ServerTest, RefusesACallWithoutAMessage) {
  StartServer();
  auto stream = client_->Open(kEcho);
  stream->WritesDone();
  std::string bytes;
  EXPECT_FALSE(stream->Read(&bytes));
  const auto outcome = stream->Finish();
  EXPECT_EQ(outcome.code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(outcome.reason(), "MALFORMED_REQUEST");
}

TEST_F(ServerTest, RefusesAnOversizedMessage) {
  options_.max_message_bytes = 1000;
  StartServer();
  EXPECT_TRUE(Echo(std::string(900, 'x')).ok());
  const auto outcome = Echo(std::string(1001, 'x'));
  EXPECT_EQ(outcome.code, absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(outcome.reason(), "MESSAGE_TOO_LARGE");
}

TEST_F(ServerTest, BreaksOffAFloodingMessage) {
  options_.max_message_bytes = 1000;
  StartServer();
  EXPECT_EQ(Echo(std::string(100'000, 'x')).code, absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(Echo("still here").ok());
}

TEST_F(ServerTest, RefusesMetadataOverTheLimit) {
  StartServer();
  EXPECT_FALSE(Echo("x", {.metadata = {{"x-large", std::string(20'000, 'x')}}}).ok());
  // On another connection: gRPC closes the one that too much came over right after its answer, and
  // a call that its client begins on it before it notices ends with it.
  client_ = std::make_unique<tests::GrpcClient>(server_->port());
  const auto outcome = Echo("x", {.metadata = {{"x-large", std::string(2'000, 'x')}}});
  EXPECT_TRUE(outcome.ok()) << outcome.message;
}

TEST_F(ServerTest, EndsAStreamAtAMalformedMessage) {
  StartServer();
  auto stream = client_->Open(kChat);
  stream->Write("\x0a\xff");
  std::string bytes;
  EXPECT_FALSE(stream->Read(&bytes));
  const auto outcome = stream->Finish();
  EXPECT_EQ(outcome.code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(outcome.reason(), "MALFORMED_REQUEST");
}

TEST_F(ServerTest, HidesTheCauseOfInternalErrors) {
  StartServer();
  const auto outcome = Echo("internal");
  EXPECT_EQ(outcome.code, absl::StatusCode::kInternal);
  EXPECT_EQ(outcome.reason(), "INTERNAL");
  EXPECT_THAT(outcome.message, Not(HasSubstr("secret")));
}

TEST_F(ServerTest, SurvivesAHandlerThatThrows) {
  StartServer();
  const auto outcome = Echo("throw");
  EXPECT_EQ(outcome.code, absl::StatusCode::kInternal);
  EXPECT_EQ(outcome.reason(), "INTERNAL");
  EXPECT_THAT(outcome.message, Not(HasSubstr("secret")));
  EXPECT_TRUE(Echo("fine").ok());
}

TEST_F(ServerTest, CarriesFieldViolations) {
  StartServer();
  const auto outcome = Echo("invalid");
  EXPECT_EQ(outcome.code, absl::StatusCode::kInvalidArgument);
  const auto bad_request = outcome.Detail<google::rpc::BadRequest>();
  ASSERT_TRUE(bad_request.has_value());
  EXPECT_EQ(bad_request->field_violations(0).field(), "text");
}

TEST_F(ServerTest, ReturnsTheRequestIdAlsoWithErrors) {
  StartServer();
  EXPECT_EQ(Echo("x", {.metadata = {{"x-request-id", "mine-1"}}}).Trailer("x-request-id"),
            "mine-1");
  EXPECT_EQ(Echo("invalid", {.metadata = {{"x-request-id", "mine-2"}}}).Trailer("x-request-id"),
            "mine-2");
  EXPECT_EQ(Echo("x").Trailer("x-request-id").size(), 36u);
  EXPECT_EQ(Echo("x", {.metadata = {{"x-request-id", std::string(129, 'x')}}})
                .Trailer("x-request-id")
                .size(),
            36u);
}

// Sends metadata of both kinds.
class MetadataLink final : public Interceptor {
 public:
  std::string_view name() const override { return "metadata"; }
  Decision Before(ServerCall& call) override {
    call.AddHeader("x-first", "one");
    call.AddHeader("x-first-bin", std::string("\0\xff", 2));
    call.AddTrailer("x-last-bin", std::string("\xab\0", 2));
    return Decision::Continue();
  }
};

TEST_F(ServerTest, SendsMetadataBeforeAndAfterTheAnswer) {
  link_ = std::make_unique<MetadataLink>();
  StartServer();
  // Also where there is no message between them.
  for (const char* text : {"x", "invalid"}) {
    const tests::CallOutcome outcome = Echo(text);
    EXPECT_THAT(outcome.headers, Contains(Pair("x-first", "one")));
    EXPECT_THAT(outcome.headers, Contains(Pair("x-first-bin", std::string("\0\xff", 2))));
    EXPECT_EQ(outcome.Trailer("x-last-bin"), std::string("\xab\0", 2));
    EXPECT_EQ(outcome.ok(), text == std::string("x"));
  }
}

// So too the credentials, of which a proxy may have looked at the other ones.
TEST_F(ServerTest, TakesNoHeaderThatCameSeveralTimes) {
  StartServer();
  EXPECT_EQ(Echo("x", {.metadata = {{"x-request-id", "mine-1"}, {"x-request-id", "mine-2"}}})
                .Trailer("x-request-id")
                .size(),
            36u);
}

TEST_F(ServerTest, DoesNotStartOnAPortInUse) {
  StartServer();
  ServerOptions same = options_;
  same.address = "127.0.0.1:" + std::to_string(server_->port());
  const auto second = Server::Start(same, {loops_[0].get()}, registry_, *chain_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(same.address));
}

}  // namespace
}  // namespace gatehouse::rpc
