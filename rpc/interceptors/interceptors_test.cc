#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "base/log_line.h"
#include "base/manual_clock.h"
#include "base/status.h"
#include "base/uuid.h"
#include "gatehouse/test/echo.pb.h"
#include "rpc/chain/fake_server_call.h"
#include "rpc/interceptors/access_log_interceptor.h"
#include "rpc/interceptors/admission_interceptor.h"
#include "rpc/interceptors/deadline_interceptor.h"
#include "rpc/interceptors/in_flight.h"
#include "rpc/interceptors/metrics_interceptor.h"
#include "rpc/interceptors/recover_interceptor.h"
#include "rpc/interceptors/request_id_interceptor.h"
#include "rpc/interceptors/stream_cap_interceptor.h"
#include "rpc/interceptors/validate_interceptor.h"

namespace gatehouse::rpc {
namespace {

using gatehouse::test::RequiredRequest;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

absl::Status Before(Interceptor& interceptor, ServerCall& call) {
  return interceptor.Before(call).status();
}

class InterceptorTest : public ::testing::Test {
 protected:
  base::Loop loop_{"test"};
  FakeServerCall call_{loop_, {.name = "/s.S/M"}};
  FakeServerCall stream_{loop_, {.name = "/s.S/T", .kind = MethodKind::kServerStreaming}};
};

using RequestIdInterceptorTest = InterceptorTest;

TEST_F(RequestIdInterceptorTest, TakesOverASaneId) {
  base::ManualClock clock(base::TimeFromMicros(1));
  RequestIdInterceptor interceptor(clock);
  call_.metadata["x-request-id"] = "abc-1";
  call_.metadata["traceparent"] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  ASSERT_TRUE(Before(interceptor, call_).ok());
  EXPECT_EQ(call_.context().request_id(), "abc-1");
  EXPECT_EQ(call_.trailers["x-request-id"], "abc-1");
  EXPECT_EQ(call_.context().traceparent(), call_.metadata["traceparent"]);
}

TEST_F(RequestIdInterceptorTest, ReplacesWhatIsNotSane) {
  base::ManualClock clock(base::TimeFromMicros(1));
  RequestIdInterceptor interceptor(clock);
  for (const std::string& bad :
       {std::string(), std::string("a b"), std::string("a\nb"), std::string(129, 'x')}) {
    call_.metadata["x-request-id"] = bad;
    call_.metadata["traceparent"] = bad;
    ASSERT_TRUE(Before(interceptor, call_).ok());
    EXPECT_EQ(call_.context().request_id().size(), 36u) << bad;
    EXPECT_EQ(call_.trailers["x-request-id"], call_.context().request_id());
    EXPECT_EQ(call_.context().traceparent(), "");
  }
}

TEST_F(RequestIdInterceptorTest, IgnoresATraceparentThatIsMalformed) {
  base::ManualClock clock(base::TimeFromMicros(1));
  RequestIdInterceptor interceptor(clock);
  for (const char* bad : {"00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
                          "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902bg-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
                          "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                          "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                          "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                          "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736000f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7001",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
                          "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more"}) {
    call_.metadata["traceparent"] = bad;
    ASSERT_TRUE(Before(interceptor, call_).ok());
    EXPECT_EQ(call_.context().traceparent(), "") << bad;
  }
}

TEST_F(RequestIdInterceptorTest, TakesWhatItKnowsOfALaterTraceparent) {
  base::ManualClock clock(base::TimeFromMicros(1));
  RequestIdInterceptor interceptor(clock);
  const std::string known = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  for (const std::string& later : {known, known + "-what the future will be like"}) {
    call_.metadata["traceparent"] = later;
    ASSERT_TRUE(Before(interceptor, call_).ok());
    EXPECT_EQ(call_.context().traceparent(), known);
  }
}

using DeadlineInterceptorTest = InterceptorTest;

TEST_F(DeadlineInterceptorTest, RefusesACallWhoseDeadlineHasPassed) {
  DeadlineInterceptor interceptor(seconds(30));
  for (FakeServerCall* call : {&call_, &stream_}) {
    for (const milliseconds left : {milliseconds(-1), milliseconds(0)}) {
      call->client_time_left = left;
      const absl::Status status = Before(interceptor, *call);
      EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
      EXPECT_TRUE(base::HasReason(status, base::Reason::kDeadline));
    }
  }
}

TEST_F(DeadlineInterceptorTest, TakesTheNearerOfClientAndServer) {
  DeadlineInterceptor interceptor(seconds(30));
  for (const auto& [client, expected] :
       std::vector<std::pair<std::optional<std::chrono::nanoseconds>, seconds>>{
           {seconds(10), seconds(10)},
           {seconds(60), seconds(30)},
           {std::nullopt, seconds(30)},
           {std::chrono::nanoseconds::max(), seconds(30)}}) {
    call_.client_time_left = client;
    const base::SteadyTime before = std::chrono::steady_clock::now();
    ASSERT_TRUE(Before(interceptor, call_).ok());
    EXPECT_GE(call_.context().deadline(), before + expected);
    EXPECT_LE(call_.context().deadline(), std::chrono::steady_clock::now() + expected);
    EXPECT_EQ(call_.cancel_at, call_.context().deadline());
  }
}

TEST_F(DeadlineInterceptorTest, LeavesAStreamWithoutADeadlineIfItsClientDoes) {
  DeadlineInterceptor interceptor(seconds(30));
  ASSERT_TRUE(Before(interceptor, stream_).ok());
  EXPECT_EQ(stream_.cancel_at, std::nullopt);
  stream_.client_time_left = seconds(60);
  const base::SteadyTime before = std::chrono::steady_clock::now();
  ASSERT_TRUE(Before(interceptor, stream_).ok());
  EXPECT_GE(*stream_.cancel_at, before + seconds(60));
}

using AdmissionInterceptorTest = InterceptorTest;

TEST_F(AdmissionInterceptorTest, BoundsUnaryCallsAndStreamsApart) {
  AdmissionInterceptor interceptor(
      std::make_shared<InFlight>(InFlight::Limits{.unary = 1, .streams = 1}));
  EXPECT_TRUE(Before(interceptor, call_).ok());
  EXPECT_TRUE(Before(interceptor, stream_).ok());
  const absl::Status refused = Before(interceptor, call_);
  EXPECT_TRUE(base::HasReason(refused, base::Reason::kServerOverloaded));
  EXPECT_TRUE(base::GetErrorDetails(refused)->retry_after.has_value());
  EXPECT_FALSE(Before(interceptor, stream_).ok());
  absl::Status ok;
  interceptor.After(call_, ok);
  EXPECT_TRUE(Before(interceptor, call_).ok());
  EXPECT_FALSE(Before(interceptor, stream_).ok());
}

TEST_F(AdmissionInterceptorTest, NeverRefusesExemptMethods) {
  AdmissionInterceptor interceptor(
      std::make_shared<InFlight>(InFlight::Limits{.unary = 0, .streams = 0}));
  FakeServerCall health(loop_, {.name = "/h.H/C", .exempt_from_admission = true});
  absl::Status ok;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(Before(interceptor, health).ok());
    interceptor.After(health, ok);
  }
  EXPECT_FALSE(Before(interceptor, call_).ok());
}

using RecoverInterceptorTest = InterceptorTest;

TEST_F(RecoverInterceptorTest, MakesAnInternalErrorOfAnyException) {
  RecoverInterceptor interceptor;
  const auto known =
      interceptor.Recover(call_, std::make_exception_ptr(std::runtime_error("the cause")));
  ASSERT_TRUE(known.has_value());
  EXPECT_EQ(known->code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(known->message()), HasSubstr("the cause"));
  const auto unknown = interceptor.Recover(call_, std::make_exception_ptr(42));
  ASSERT_TRUE(unknown.has_value());
  EXPECT_EQ(unknown->code(), absl::StatusCode::kInternal);
}

using MetricsInterceptorTest = InterceptorTest;

TEST_F(MetricsInterceptorTest, CountsByMethodAndCode) {
  prometheus::Registry registry;
  MetricsInterceptor interceptor(registry);
  absl::Status ok;
  absl::Status refused = absl::UnauthenticatedError("no");
  for (absl::Status* status : {&ok, &ok, &refused}) {
    ASSERT_TRUE(Before(interceptor, call_).ok());
    interceptor.After(call_, *status);
  }
  ASSERT_TRUE(Before(interceptor, stream_).ok());
  const std::string text = prometheus::TextSerializer().Serialize(registry.Collect());
  EXPECT_THAT(text, AllOf(HasSubstr("gatehouse_rpc_handled_total{code=\"OK\",method=\"/s.S/M\"} 2"),
                          HasSubstr("{code=\"UNAUTHENTICATED\",method=\"/s.S/M\"} 1"),
                          HasSubstr("gatehouse_rpc_duration_seconds_count{method=\"/s.S/M\"} 3"),
                          HasSubstr("gatehouse_rpc_in_flight 1")));
  interceptor.After(stream_, ok);
  EXPECT_THAT(prometheus::TextSerializer().Serialize(registry.Collect()),
              Not(HasSubstr("duration_seconds_count{method=\"/s.S/T\"}")));
}

TEST_F(MetricsInterceptorTest, CountsErrorsByReasonAndLimit) {
  prometheus::Registry registry;
  MetricsInterceptor interceptor(registry);
  AdmissionInterceptor full(std::make_shared<InFlight>(InFlight::Limits{.unary = 0, .streams = 0}));
  absl::Status no_room = Before(full, call_);
  absl::Status no_stream = Before(full, stream_);
  absl::Status without_reason = absl::UnknownError("a handler's own");
  for (absl::Status* status : {&no_room, &no_room, &no_stream, &without_reason}) {
    ASSERT_TRUE(Before(interceptor, call_).ok());
    interceptor.After(call_, *status);
  }
  const std::string text = prometheus::TextSerializer().Serialize(registry.Collect());
  const std::string name = "gatehouse_rpc_errors_total";
  EXPECT_THAT(
      text,
      AllOf(HasSubstr(name + "{limit=\"calls in flight\",reason=\"SERVER_OVERLOADED\"} 2"),
            HasSubstr(name + "{limit=\"streams in flight\",reason=\"SERVER_OVERLOADED\"} 1")));
}

class AccessLogInterceptorTest : public InterceptorTest {
 protected:
  ~AccessLogInterceptorTest() override { base::SetLogLevel(base::LogLevel::kInfo); }

  std::vector<std::string> lines_;
  base::ScopedLogCapture capture_{[this](const std::string& line) { lines_.push_back(line); }};
  AccessLogInterceptor interceptor_;
};

TEST_F(AccessLogInterceptorTest, LogsErrorsAlwaysAndSuccessAtDebug) {
  absl::Status ok;
  interceptor_.After(call_, ok);
  EXPECT_THAT(lines_, IsEmpty());
  base::SetLogLevel(base::LogLevel::kDebug);
  interceptor_.After(call_, ok);
  EXPECT_THAT(lines_, ElementsAre(AllOf(HasSubstr("\"level\":\"debug\""),
                                        HasSubstr("\"method\":\"/s.S/M\""))));
  lines_.clear();
  base::SetLogLevel(base::LogLevel::kInfo);
  absl::Status error = base::InvalidField("f", "wrong");
  interceptor_.After(call_, error);
  EXPECT_THAT(lines_, ElementsAre(AllOf(HasSubstr("\"code\":\"INVALID_ARGUMENT\""),
                                        HasSubstr("\"reason\":\"INVALID_FIELD\""))));
}

TEST_F(AccessLogInterceptorTest, NeverLogsCredentials) {
  base::SetLogLevel(base::LogLevel::kDebug);
  call_.metadata["authorization"] = "Bearer secret-token";
  absl::Status error = absl::UnauthenticatedError("secret-token is not known");
  interceptor_.After(call_, error);
  EXPECT_THAT(lines_, ElementsAre(Not(HasSubstr("secret-token"))));
}

class ValidateInterceptorTest : public InterceptorTest {
 protected:
  std::vector<std::string> Violations(const RequiredRequest& request) {
    call_.message = std::make_unique<RequiredRequest>(request);
    const absl::Status status = Before(interceptor_, call_);
    std::vector<std::string> fields;
    if (status.ok()) return fields;
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    const std::optional<base::ErrorDetails> details = base::GetErrorDetails(status);
    for (const base::FieldViolation& violation : details->violations) {
      fields.push_back(violation.field);
    }
    return fields;
  }

  ValidateInterceptor interceptor_;
};

TEST_F(ValidateInterceptorTest, NamesEveryMissingField) {
  EXPECT_THAT(Violations({}), ElementsAre("name", "inner"));
}

TEST_F(ValidateInterceptorTest, LooksIntoNestedAndRepeatedMessages) {
  RequiredRequest request;
  request.set_name("n");
  request.mutable_inner();
  request.add_items()->set_key("k");
  request.add_items();
  EXPECT_THAT(Violations(request), ElementsAre("inner.key", "items[1].key"));
}

TEST_F(ValidateInterceptorTest, LetsACompleteRequestPass) {
  RequiredRequest request;
  request.set_name("n");
  request.mutable_inner()->set_key("k");
  EXPECT_THAT(Violations(request), IsEmpty());
}

TEST_F(ValidateInterceptorTest, HasNothingToSayBeforeThereIsAMessage) {
  EXPECT_TRUE(Before(interceptor_, call_).ok());
}

class StreamCapTest : public ::testing::Test {
 protected:
  FakeServerCall Stream(const char* address, base::Principal principal = {}) {
    return FakeServerCall(base::CallContext(loop_, {.principal = std::move(principal),
                                                    .peer = base::IpAddress::Parse(address)}),
                          {.kind = MethodKind::kServerStreaming});
  }
  static base::Principal Key(const char* id) {
    return {.kind = base::Principal::Kind::kApiKey, .id = *base::Uuid::Parse(id)};
  }

  base::Loop loop_{"test"};
};

TEST_F(StreamCapTest, CountsStreamsOfAPrincipalFromWherever) {
  StreamCapInterceptor cap({.per_principal = 2, .public_per_address = 0, .public_in_all = 0});
  const base::Principal key = Key("01890000-0000-7000-8000-000000000001");
  FakeServerCall first = Stream("192.0.2.1", key);
  FakeServerCall second = Stream("192.0.2.2", key);
  FakeServerCall third = Stream("192.0.2.3", key);
  FakeServerCall other = Stream("192.0.2.1", Key("01890000-0000-7000-8000-000000000002"));
  EXPECT_TRUE(Before(cap, first).ok());
  EXPECT_TRUE(Before(cap, second).ok());
  const absl::Status refused = Before(cap, third);
  EXPECT_TRUE(base::HasReason(refused, base::Reason::kRateLimited));
  EXPECT_EQ(base::GetErrorDetails(refused)->quota, "streams of a principal");
  EXPECT_TRUE(Before(cap, other).ok());
  absl::Status done;
  cap.After(first, done);
  EXPECT_TRUE(Before(cap, third).ok());
}

TEST_F(StreamCapTest, CountsStreamsWithoutCredentialsByAddressAndInAll) {
  StreamCapInterceptor cap({.per_principal = 0, .public_per_address = 1, .public_in_all = 2});
  FakeServerCall first = Stream("192.0.2.1");
  FakeServerCall same = Stream("192.0.2.1");
  FakeServerCall second = Stream("192.0.2.2");
  FakeServerCall third = Stream("192.0.2.3");
  EXPECT_TRUE(Before(cap, first).ok());
  EXPECT_TRUE(base::HasReason(Before(cap, same), base::Reason::kRateLimited));
  EXPECT_TRUE(Before(cap, second).ok());
  EXPECT_TRUE(base::HasReason(Before(cap, third), base::Reason::kServerOverloaded));
  absl::Status done;
  cap.After(first, done);
  EXPECT_TRUE(Before(cap, third).ok());
}

// Else whoever is refused from many addresses, or with many keys, costs memory for ever.
TEST_F(StreamCapTest, KeepsNothingOfCallersWithoutStreams) {
  StreamCapInterceptor cap({.per_principal = 0, .public_per_address = 0, .public_in_all = 1});
  FakeServerCall anonymous = Stream("192.0.2.1");
  FakeServerCall known = Stream("192.0.2.1", Key("01890000-0000-7000-8000-000000000001"));
  EXPECT_TRUE(base::HasReason(Before(cap, anonymous), base::Reason::kRateLimited));
  EXPECT_TRUE(base::HasReason(Before(cap, known), base::Reason::kRateLimited));
  EXPECT_EQ(cap.callers(), 0u);

  StreamCapInterceptor one({.per_principal = 1, .public_per_address = 0, .public_in_all = 0});
  FakeServerCall first = Stream("192.0.2.1", Key("01890000-0000-7000-8000-000000000001"));
  EXPECT_TRUE(Before(one, first).ok());
  EXPECT_FALSE(Before(one, known).ok());
  EXPECT_EQ(one.callers(), 1u);
  absl::Status done;
  one.After(first, done);
  EXPECT_EQ(one.callers(), 0u);
}

TEST_F(StreamCapTest, DoesNotCountUnaryCalls) {
  StreamCapInterceptor cap({.per_principal = 0, .public_per_address = 0, .public_in_all = 0});
  FakeServerCall call(loop_);
  EXPECT_TRUE(Before(cap, call).ok());
  absl::Status done;
  cap.After(call, done);
}

}  // namespace
}  // namespace gatehouse::rpc
