#include "base/status.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "base/reason.h"
#include "base/reason_meaning.h"

namespace gatehouse::base {
namespace {

using absl::StatusCode;

TEST(StatusTest, DetailsSurviveTheTrip) {
  const ErrorDetails details{.reason = Reason::kLimitReached,
                             .metadata = {{"limit", "max"}, {"", std::string("\0x", 2)}},
                             .violations = {{"user.email", "too long"}},
                             .retry_after = std::chrono::milliseconds(0),
                             .quota = "users"};
  const absl::Status status = MakeError(StatusCode::kResourceExhausted, "full", details);
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "full");
  EXPECT_EQ(GetErrorDetails(status), details);
  EXPECT_TRUE(HasReason(status, Reason::kLimitReached));
  EXPECT_FALSE(HasReason(status, Reason::kInternal));
}

TEST(StatusTest, ForeignErrorsHaveNoDetails) {
  EXPECT_FALSE(GetErrorDetails(absl::OkStatus()).has_value());
  EXPECT_FALSE(GetErrorDetails(absl::UnavailableError("theirs")).has_value());
  EXPECT_FALSE(HasReason(absl::UnavailableError("theirs"), Reason::kInternal));
}

TEST(StatusTest, InvalidFieldNamesItsField) {
  const absl::Status status = InvalidField("page_size", "must be positive");
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  const auto details = GetErrorDetails(status);
  ASSERT_TRUE(details.has_value());
  EXPECT_EQ(details->reason, Reason::kInvalidField);
  ASSERT_EQ(details->violations.size(), 1u);
  EXPECT_EQ(details->violations[0].field, "page_size");
}

absl::StatusOr<int> Half(int value) {
  if (value % 2 != 0) return InvalidField("value", "must be even");
  return value / 2;
}

absl::StatusOr<int> Quarter(int value) {
  GH_ASSIGN_OR_RETURN(const int half, Half(value));
  GH_ASSIGN_OR_RETURN(const int quarter, Half(half));
  GH_RETURN_IF_ERROR(absl::OkStatus());
  return quarter;
}

TEST(StatusTest, TheMacrosReturnTheFirstError) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_TRUE(HasReason(Quarter(6).status(), Reason::kInvalidField));
  EXPECT_TRUE(HasReason(Quarter(1).status(), Reason::kInvalidField));
}

TEST(ReasonTest, NamesAndCodesAreThoseOfTheProto) {
  EXPECT_EQ(ReasonName(Reason::kUserNotFound), "USER_NOT_FOUND");
  EXPECT_EQ(ReasonFromName("USER_NOT_FOUND"), Reason::kUserNotFound);
  EXPECT_FALSE(ReasonFromName("user_not_found").has_value());
  EXPECT_FALSE(ReasonFromName("").has_value());
  EXPECT_EQ(static_cast<StatusCode>(ReasonCode(Reason::kUserNotFound)), StatusCode::kNotFound);
  EXPECT_EQ(static_cast<StatusCode>(ReasonCode(Reason::kEtagMismatch)), StatusCode::kAborted);
  EXPECT_EQ(ReasonMeaning(Reason::kUserNotFound), "No such user.");
}

}  // namespace
}  // namespace gatehouse::base
