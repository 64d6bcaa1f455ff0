// Requests that break gRPC's protocol: what each is answered with, by code and reason, what counts
// it, and that the connection goes on.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/text/encoding.h"
#include "gatehouse/test/echo.pb.h"
#include "google/rpc/error_details.pb.h"
#include "rpc/echo_fixture.h"
#include "rpc/grpc/gzip.h"
#include "rpc/server.h"
#include "tests/support/grpc_client.h"
#include "tests/support/http2/header_decoder.h"
#include "tests/support/http2/raw_client.h"

namespace gatehouse::rpc {
namespace {

using absl::StatusCode;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::Property;
using tests::CallOutcome;
using tests::HeaderDecoder;
using tests::RawClient;

struct Answer {
  std::string http_status;
  // By grpc-status and what belongs to it; everything else is among the trailers.
  CallOutcome outcome;
  std::string body;
};

// A call that failed with these.
auto Fails(StatusCode code, const std::string& reason) {
  return AllOf(Field("http_status", &Answer::http_status, "200"),
               Field("outcome", &Answer::outcome,
                     AllOf(Field("code", &CallOutcome::code, code),
                           Property("reason", &CallOutcome::reason, reason))),
               Field("body", &Answer::body, ""));
}

class RefusedRequestsTest : public EchoFixture {
 protected:
  static constexpr size_t kLimit = 1000;

  static std::string EchoMessage(const std::string& text) {
    gatehouse::test::EchoRequest request;
    request.set_text(text);
    return RawClient::Message(request.SerializeAsString());
  }

  static void Take(const HeaderDecoder::Fields& fields, Answer& answer) {
    for (const auto& [name, value] : fields) {
      if (name == ":status") {
        answer.http_status = value;
      } else if (name == "grpc-status") {
        int code = -1;
        std::from_chars(value.data(), value.data() + value.size(), code);
        answer.outcome.code = static_cast<StatusCode>(code);
      } else if (name == "grpc-message") {
        answer.outcome.message = value;
      } else if (name == "grpc-status-details-bin") {
        answer.outcome.details.ParseFromString(base::Base64Decode(value).value_or(""));
      } else {
        answer.outcome.trailers.emplace(name, value);
      }
    }
  }

  static Answer AnswerOn(RawClient& client, uint32_t stream) {
    HeaderDecoder decoder;
    Answer answer;
    while (const auto frame = client.Read()) {
      if (frame->stream != stream) continue;
      if (frame->type == RawClient::kHeaders) Take(decoder.Decode(frame->payload), answer);
      if (frame->type == RawClient::kData) answer.body += frame->payload;
      if (frame->type == RawClient::kReset) break;
      if ((frame->flags & RawClient::kEndStream) != 0) return answer;
    }
    ADD_FAILURE() << "the answer has no end";
    return answer;
  }

  // Asks with this header block and body, on a connection of its own, on which another call is
  // served then.
  Answer Ask(const std::string& headers, const std::string& body) {
    RawClient client(server_->port());
    client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, 1, headers);
    client.SendFrame(RawClient::kData, RawClient::kEndStream, 1, body);
    Answer answer = AnswerOn(client, 1);
    client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, 3, RawClient::Call(kEcho));
    client.SendFrame(RawClient::kData, RawClient::kEndStream, 3, EchoMessage("still here"));
    const auto data = client.ReadType(RawClient::kData, 3);
    EXPECT_TRUE(data && data->payload == EchoMessage("still here"));
    ++right_calls_;
    return answer;
  }

  // As Ask does, for which RawClient::Call has too much.
  static std::string Request(const std::string& method, const std::string& content_type) {
    RawClient::Fields fields{{":method", method},
                             {":scheme", "http"},
                             {":path", kEcho},
                             {":authority", "localhost"},
                             {"te", "trailers"}};
    if (!content_type.empty()) fields.emplace_back("content-type", content_type);
    return RawClient::Encode(fields);
  }

  // Handlers were called for what was right alone.
  void ExpectNothingElseServed() { EXPECT_EQ(probe_.returned, right_calls_); }

  void ExpectErrors(const std::string& reason, int count) {
    EXPECT_THAT(MetricsText(), HasSubstr("gatehouse_rpc_errors_total{limit=\"\",reason=\"" +
                                         reason + "\"} " + std::to_string(count) + "\n"));
  }
  void ExpectRefused(const std::string& reason, int count) {
    EXPECT_THAT(MetricsText(), HasSubstr("gatehouse_grpc_calls_refused_total{reason=\"" + reason +
                                         "\"} " + std::to_string(count) + "\n"));
  }

 private:
  int right_calls_ = 0;
};

TEST_F(RefusedRequestsTest, TwoMessagesWhereOneIsDue) {
  StartServer();
  const std::string two = EchoMessage("a") + EchoMessage("b");
  for (const char* method : {kEcho, kCount}) {
    EXPECT_THAT(Ask(RawClient::Call(method), two),
                Fails(StatusCode::kUnimplemented, "TOO_MANY_MESSAGES"));
  }
  ExpectNothingElseServed();
  ExpectErrors("TOO_MANY_MESSAGES", 2);
}

TEST_F(RefusedRequestsTest, FlagsOfAMessageThatNobodyKnows) {
  StartServer();
  for (const char flags : {'\x7f', '\x02', '\xff'}) {
    EXPECT_THAT(Ask(RawClient::Call(kEcho), RawClient::Message("x", flags)),
                Fails(StatusCode::kInternal, "PROTOCOL_VIOLATION"));
  }
  ExpectNothingElseServed();
  ExpectErrors("PROTOCOL_VIOLATION", 3);
}

TEST_F(RefusedRequestsTest, ACompressedMessageThatDoesNotSayHow) {
  StartServer();
  EXPECT_THAT(Ask(RawClient::Call(kEcho), RawClient::Message("x", 1)),
              Fails(StatusCode::kInternal, "PROTOCOL_VIOLATION"));
  EXPECT_THAT(
      Ask(RawClient::Call(kEcho, {{"grpc-encoding", "identity"}}), RawClient::Message("x", 1)),
      Fails(StatusCode::kInternal, "PROTOCOL_VIOLATION"));
  ExpectNothingElseServed();
}

TEST_F(RefusedRequestsTest, AnEncodingThatTheServerDoesNotTake) {
  StartServer();
  const std::string headers = RawClient::Call(kEcho, {{"grpc-encoding", "snappy"}});
  const Answer answer = Ask(headers, RawClient::Message("x", 1));
  EXPECT_THAT(answer, Fails(StatusCode::kUnimplemented, "UNSUPPORTED_ENCODING"));
  EXPECT_EQ(answer.outcome.Trailer("grpc-accept-encoding"), "identity,gzip");
  ExpectNothingElseServed();
  ExpectErrors("UNSUPPORTED_ENCODING", 1);
  // A message that is not compressed is none of it.
  EXPECT_EQ(Ask(headers, EchoMessage("plain")).body, EchoMessage("plain"));
}

TEST_F(RefusedRequestsTest, AMessageThatIsNoGzip) {
  StartServer();
  EXPECT_THAT(Ask(RawClient::Call(kEcho, {{"grpc-encoding", "gzip"}}),
                  RawClient::Message("neither gzip nor anything else", 1)),
              Fails(StatusCode::kInternal, "PROTOCOL_VIOLATION"));
  ExpectNothingElseServed();
}

TEST_F(RefusedRequestsTest, AMessageThatIsTooLargeOrBecomesSo) {
  options_.max_message_bytes = kLimit;
  StartServer();
  // Its length alone tells.
  const std::string large = RawClient::Message(std::string(kLimit + 1, 'x')).substr(0, 100);
  const Answer refused = Ask(RawClient::Call(kEcho), large);
  EXPECT_THAT(refused, Fails(StatusCode::kResourceExhausted, "MESSAGE_TOO_LARGE"));
  EXPECT_EQ(refused.outcome.Detail<google::rpc::ErrorInfo>()->metadata().at("limit"), "1000");
  const std::string gzip = RawClient::Call(kEcho, {{"grpc-encoding", "gzip"}});
  std::array<char, 300> room;
  const auto size = Gzip(std::string(kLimit + 1, 'x'), room);
  ASSERT_TRUE(size.has_value());
  EXPECT_THAT(Ask(gzip, RawClient::Message(std::string_view(room.data(), *size), 1)),
              Fails(StatusCode::kResourceExhausted, "MESSAGE_TOO_LARGE"));
  ExpectNothingElseServed();
  ExpectErrors("MESSAGE_TOO_LARGE", 2);
}

TEST_F(RefusedRequestsTest, ARequestThatEndsWithinAMessage) {
  StartServer();
  const std::string whole = EchoMessage("hello");
  for (const size_t length : {size_t{3}, size_t{5}, whole.size() - 1}) {
    EXPECT_THAT(Ask(RawClient::Call(kEcho), whole.substr(0, length)),
                Fails(StatusCode::kInternal, "PROTOCOL_VIOLATION"))
        << length;
  }
  EXPECT_THAT(Ask(RawClient::Call(kEcho), ""),
              Fails(StatusCode::kInvalidArgument, "MALFORMED_REQUEST"));
  ExpectNothingElseServed();
  ExpectErrors("PROTOCOL_VIOLATION", 3);
}

TEST_F(RefusedRequestsTest, ContentThatIsNoGrpc) {
  StartServer();
  for (const char* type : {"text/html", "application/json", "application/grpcx", ""}) {
    const Answer answer = Ask(Request("POST", type), EchoMessage("x"));
    EXPECT_EQ(answer.http_status, "415") << type;
    EXPECT_THAT(answer.body, HasSubstr("speaks gRPC")) << type;
    EXPECT_THAT(answer.outcome.trailers, Contains(Pair("content-type", "text/plain")));
    EXPECT_EQ(answer.outcome.code, StatusCode::kUnknown) << "there is no grpc-status";
  }
  ExpectNothingElseServed();
  ExpectRefused("not_grpc", 4);
  // Messages of any kind, and parameters, are gRPC's.
  for (const char* type : {"application/grpc+proto", "application/grpc; charset=utf-8"}) {
    EXPECT_EQ(Ask(Request("POST", type), EchoMessage("x")).body, EchoMessage("x")) << type;
  }
  ExpectRefused("not_grpc", 4);
}

TEST_F(RefusedRequestsTest, MethodsOtherThanPost) {
  StartServer();
  for (const char* method : {"GET", "PUT", "OPTIONS"}) {
    EXPECT_EQ(Ask(Request(method, "application/grpc"), EchoMessage("x")).http_status, "405")
        << method;
  }
  // That there is a wrong method matters more than a wrong type.
  EXPECT_EQ(Ask(Request("GET", "text/html"), "").http_status, "405");
  ExpectNothingElseServed();
  ExpectRefused("not_grpc", 4);
}

TEST_F(RefusedRequestsTest, MetadataThatAreMalformed) {
  StartServer();
  const RawClient::Fields malformed = {{"x-trace-bin", "!!!!"},
                                       {"grpc-timeout", "soon"},
                                       {"grpc-timeout", "1"},
                                       {"grpc-timeout", "123456789S"}};
  for (const auto& field : malformed) {
    const Answer answer = Ask(RawClient::Call(kEcho, {field}), EchoMessage("x"));
    EXPECT_THAT(answer, Fails(StatusCode::kInternal, "PROTOCOL_VIOLATION")) << field.second;
    EXPECT_EQ(answer.outcome.Trailer("x-request-id").size(), 36u) << field.second;
  }
  ExpectNothingElseServed();
  ExpectRefused("protocol_violation", 4);
}

TEST_F(RefusedRequestsTest, ARequestThatDoesNotCome) {
  options_.request_timeout = std::chrono::milliseconds(100);
  StartServer();
  const CallOutcome outcome = client_->Open(kEcho)->Finish();
  EXPECT_EQ(outcome.code, StatusCode::kDeadlineExceeded);
  EXPECT_EQ(outcome.reason(), "DEADLINE");
  ExpectRefused("timeout", 1);
}

}  // namespace
}  // namespace gatehouse::rpc
