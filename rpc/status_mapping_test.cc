#include "rpc/status_mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

#include "base/status.h"
#include "base/text/encoding.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace gatehouse::rpc {
namespace {

using base::Reason;
using ::testing::HasSubstr;
using ::testing::Not;

template <typename T>
std::optional<T> Detail(const WireStatus& wire) {
  google::rpc::Status status;
  EXPECT_TRUE(status.ParseFromString(wire.details));
  for (const auto& any : status.details()) {
    T detail;
    if (any.UnpackTo(&detail)) return detail;
  }
  return std::nullopt;
}

std::string ReasonOf(const WireStatus& wire) {
  const auto info = Detail<google::rpc::ErrorInfo>(wire);
  return info ? info->reason() : "";
}

TEST(ToWireStatusTest, CarriesReasonDomainAndMetadata) {
  const WireStatus wire = ToWireStatus(
      base::MakeError(absl::StatusCode::kNotFound, "no such user",
                      {.reason = Reason::kUserNotFound, .metadata = {{"user_id", "u1"}}}),
      "");
  EXPECT_EQ(wire.code, 5);
  EXPECT_EQ(wire.message, "no such user");
  const auto info = Detail<google::rpc::ErrorInfo>(wire);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->reason(), "USER_NOT_FOUND");
  EXPECT_EQ(info->domain(), "gatehouse");
  EXPECT_EQ(info->metadata().at("user_id"), "u1");
}

TEST(ToWireStatusTest, CarriesViolationsRetryAndQuota) {
  const WireStatus wire =
      ToWireStatus(base::MakeError(absl::StatusCode::kResourceExhausted, "too many",
                                   {.reason = Reason::kRateLimited,
                                    .violations = {{.field = "a.b", .description = "too long"}},
                                    .retry_after = std::chrono::milliseconds(1500),
                                    .quota = "logins"}),
                   "");
  EXPECT_EQ(Detail<google::rpc::RetryInfo>(wire)->retry_delay().seconds(), 1);
  EXPECT_EQ(Detail<google::rpc::RetryInfo>(wire)->retry_delay().nanos(), 500'000'000);
  EXPECT_EQ(Detail<google::rpc::QuotaFailure>(wire)->violations(0).subject(), "logins");
  EXPECT_EQ(Detail<google::rpc::BadRequest>(wire)->field_violations(0).field(), "a.b");
}

TEST(ToWireStatusTest, SaysWhichPreconditionsDoNotHold) {
  const WireStatus wire =
      ToWireStatus(base::MakeError(absl::StatusCode::kFailedPrecondition, "log in again",
                                   {.reason = Reason::kStepUpRequired,
                                    .violations = {{.field = "auth_time", .description = "too old"},
                                                   {.field = "amr", .description = "too little"}}}),
                   "");
  const auto failure = Detail<google::rpc::PreconditionFailure>(wire);
  ASSERT_TRUE(failure.has_value());
  ASSERT_EQ(failure->violations_size(), 2);
  EXPECT_EQ(failure->violations(0).type(), "STEP_UP_REQUIRED");
  EXPECT_EQ(failure->violations(0).subject(), "auth_time");
  EXPECT_EQ(failure->violations(0).description(), "too old");
  EXPECT_EQ(failure->violations(1).subject(), "amr");
  EXPECT_FALSE(Detail<google::rpc::BadRequest>(wire).has_value());
}

TEST(ToWireStatusTest, GivesEveryErrorAReason) {
  for (int code = 1; code <= 16; ++code) {
    const WireStatus wire = ToWireStatus(absl::Status(absl::StatusCode(code), "x"), "id");
    EXPECT_NE(ReasonOf(wire), "") << code;
    EXPECT_NE(wire.code, 0) << code;
  }
}

TEST(ToWireStatusTest, HidesFaultsOfTheServerBehindAnId) {
  for (const absl::Status& status : {base::InternalError("secret"), absl::UnknownError("secret"),
                                     absl::DataLossError("secret")}) {
    EXPECT_TRUE(IsServerFault(status));
    const WireStatus wire = ToWireStatus(status, "id-1");
    EXPECT_EQ(wire.code, 13);
    EXPECT_THAT(wire.message, HasSubstr("id-1"));
    EXPECT_THAT(wire.message, Not(HasSubstr("secret")));
    EXPECT_THAT(wire.details, Not(HasSubstr("secret")));
    EXPECT_EQ(Detail<google::rpc::ErrorInfo>(wire)->metadata().at("error_id"), "id-1");
  }
}

TEST(ToWireStatusTest, ShowsWhatClientsDoWrongWithTheProtocol) {
  for (const absl::StatusCode code : {absl::StatusCode::kInternal, absl::StatusCode::kUnknown}) {
    const absl::Status status =
        base::MakeError(code, "two of them", {.reason = Reason::kProtocolViolation});
    EXPECT_FALSE(IsServerFault(status));
    const WireStatus wire = ToWireStatus(status, "id-1");
    EXPECT_EQ(wire.code, static_cast<int>(code));
    EXPECT_EQ(wire.message, "two of them");
  }
}

TEST(ToWireStatusTest, StaysSmallWhateverTheErrorHolds) {
  base::ErrorDetails details{.reason = Reason::kInvalidField};
  for (int i = 0; i < 100; ++i) {
    details.metadata.emplace_back("key" + std::to_string(i), std::string(1000, 'm'));
    details.violations.push_back({.field = std::string(1000, 'f'), .description = "d"});
  }
  // Three bytes each: a cut in the middle of one would not be UTF-8.
  std::string message;
  for (int i = 0; i < 5000; ++i) message += "\xe2\x82\xac";
  const WireStatus wire = ToWireStatus(
      base::MakeError(absl::StatusCode::kInvalidArgument, message, std::move(details)), "");
  EXPECT_LE(wire.message.size() + wire.details.size() * 4 / 3, 2600u);
  EXPECT_TRUE(base::IsValidUtf8(wire.message));
  EXPECT_EQ(ReasonOf(wire), "INVALID_FIELD");
  EXPECT_TRUE(Detail<google::rpc::BadRequest>(wire).has_value());
}

TEST(ToWireStatusTest, OkIsEmpty) {
  const WireStatus wire = ToWireStatus(absl::OkStatus(), "");
  EXPECT_EQ(wire.code, 0);
  EXPECT_EQ(wire.message + wire.details, "");
}

}  // namespace
}  // namespace gatehouse::rpc
