#include "service/common/validate.h"

#include <gtest/gtest.h>

namespace gatehouse::service {
namespace {

TEST(FieldChecksTest, PassesWhatIsRight) {
  FieldChecks checks;
  EXPECT_TRUE(checks.Length("a", "abc", 1, 3));
  EXPECT_TRUE(checks.RequireUuid("b", "01890000-0000-7000-8000-000000000001"));
  EXPECT_TRUE(checks.OptionalUuid("c", "").is_nil());
  EXPECT_TRUE(checks.HttpUrl("d", "https://example.com/x?y#z", 100));
  EXPECT_TRUE(checks.Check(absl::OkStatus()));
  EXPECT_TRUE(checks.ok());
  EXPECT_TRUE(checks.ToStatus().ok());
}

TEST(FieldChecksTest, ReportsEveryViolationAtOnce) {
  FieldChecks checks;
  checks.Length("a", "", 1, 3);
  checks.Length("b", "abcd", 0, 3);
  checks.Length("c", "\xff", 0, 3);
  checks.RequireUuid("d", "nonsense");
  checks.RequireUuid("e", "");
  checks.OptionalUuid("f", "01890000-0000-7000-8000-00000000000");
  const absl::Status status = checks.ToStatus();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  const auto details = base::GetErrorDetails(status);
  ASSERT_TRUE(details);
  EXPECT_EQ(details->reason, base::Reason::kInvalidField);
  ASSERT_EQ(details->violations.size(), 6u);
  EXPECT_EQ(details->violations[3].field, "d");
}

TEST(FieldChecksTest, RefusesWhatIsNoHttpUrl) {
  for (const char* url :
       {"", "ftp://example.com", "https://", "https:///path", "https://:443", "https://a b",
        "https://user@example.com/", "javascript:alert(1)", "https://example.com/\x01"}) {
    FieldChecks checks;
    EXPECT_FALSE(checks.HttpUrl("url", url, 100)) << url;
    EXPECT_FALSE(checks.ok());
  }
}

TEST(FieldChecksTest, KeepsATellingReasonWhileAllAgree) {
  FieldChecks checks;
  checks.Check(base::InvalidField("password", "too short", base::Reason::kPasswordPolicy));
  EXPECT_TRUE(base::HasReason(checks.ToStatus(), base::Reason::kPasswordPolicy));
  checks.Fail("username", "bad");
  EXPECT_TRUE(base::HasReason(checks.ToStatus(), base::Reason::kInvalidField));
  EXPECT_EQ(base::GetErrorDetails(checks.ToStatus())->violations.size(), 2u);
}

TEST(FieldChecksTest, AnotherKindOfErrorWins) {
  FieldChecks checks;
  checks.Fail("username", "bad");
  checks.Check(base::InternalError("broken"));
  EXPECT_EQ(checks.ToStatus().code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace gatehouse::service
