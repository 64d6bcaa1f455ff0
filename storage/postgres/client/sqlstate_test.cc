#include "storage/postgres/client/sqlstate.h"

#include <gtest/gtest.h>

#include <string>

#include "base/reason_meaning.h"
#include "base/status.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::storage::postgres {
namespace {

using absl::StatusCode;
using base::Reason;
using tests::FailsWith;

absl::Status FromState(const std::string& sqlstate) {
  return ToStatus({.sqlstate = sqlstate, .message = "secret words", .query = "test/query"});
}

TEST(SqlstateTest, MapsByCode) {
  EXPECT_THAT(FromState("23505"), FailsWith(StatusCode::kAlreadyExists, Reason::kConflict));
  for (const char* state : {"23503", "23514", "23502", "23P01"}) {
    EXPECT_THAT(FromState(state),
                FailsWith(StatusCode::kFailedPrecondition, Reason::kConstraintViolated));
  }
  for (const char* state : {"40001", "40P01", "55P03"}) {
    EXPECT_THAT(FromState(state), FailsWith(StatusCode::kAborted, Reason::kConflict));
  }
  EXPECT_THAT(FromState("57014"), FailsWith(StatusCode::kDeadlineExceeded, Reason::kDeadline));
  for (const char* state : {"08006", "08P01", "57P01", "57P02", "57P03", "25006"}) {
    EXPECT_THAT(FromState(state),
                FailsWith(StatusCode::kUnavailable, Reason::kDatabaseUnavailable));
  }
  EXPECT_THAT(FromState("53300"),
              FailsWith(StatusCode::kResourceExhausted, Reason::kStorageOverloaded));
  EXPECT_EQ(base::GetErrorDetails(FromState("53300"))->quota, "connections of the database");
  EXPECT_THAT(FromState("53100"), FailsWith(StatusCode::kResourceExhausted, Reason::kStorageFull));
  for (const char* state : {"42P01", "42703", "42883", "3F000"}) {
    EXPECT_THAT(FromState(state),
                FailsWith(StatusCode::kFailedPrecondition, Reason::kSchemaMismatch));
  }
  for (const char* state : {"42601", "22P02", "XX000", "GH002", ""}) {
    EXPECT_THAT(FromState(state), FailsWith(StatusCode::kInternal, Reason::kInternal));
  }
}

TEST(SqlstateTest, ServerTextReachesOnlyInternalErrors) {
  for (const char* state :
       {"23505", "23503", "40001", "57014", "57P01", "42P01", "53300", "53100"}) {
    EXPECT_EQ(FromState(state).message().find("secret"), absl::string_view::npos) << state;
  }
  EXPECT_NE(FromState("XX000").message().find("secret words"), absl::string_view::npos);
  EXPECT_NE(FromState("XX000").message().find("test/query"), absl::string_view::npos);
}

TEST(SqlstateTest, ViolationsNameTheirConstraint) {
  const absl::Status unique = ToStatus({.sqlstate = "23505", .constraint = "user_name_key"});
  EXPECT_TRUE(IsUniqueViolation(unique, "user_name_key"));
  EXPECT_FALSE(IsUniqueViolation(unique, "user_email_key"));
  const absl::Status check = ToStatus({.sqlstate = "23514", .constraint = "user_name_check"});
  EXPECT_EQ(ViolatedConstraint(check), "user_name_check");
  EXPECT_FALSE(IsUniqueViolation(check, "user_name_check"));
  EXPECT_EQ(ViolatedConstraint(absl::OkStatus()), "");
}

TEST(SqlstateTest, ARaisedReasonBringsItsCode) {
  const absl::Status mismatch = ToStatus({.sqlstate = "GH001", .message = "ETAG_MISMATCH"});
  EXPECT_THAT(mismatch, FailsWith(StatusCode::kAborted, Reason::kEtagMismatch));
  EXPECT_EQ(std::string(mismatch.message()), base::ReasonMeaning(Reason::kEtagMismatch));
  EXPECT_THAT(ToStatus({.sqlstate = "GH001", .message = "SESSION_NOT_FOUND"}),
              FailsWith(StatusCode::kNotFound, Reason::kSessionNotFound));
  EXPECT_THAT(ToStatus({.sqlstate = "GH001", .message = "etag"}),
              FailsWith(StatusCode::kInternal, Reason::kInternal));
}

}  // namespace
}  // namespace gatehouse::storage::postgres
