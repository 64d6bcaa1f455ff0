#include "service/common/change_attempts.h"

#include <gtest/gtest.h>

#include "base/status.h"
#include "service/common/etag.h"

namespace gatehouse::service {
namespace {

TEST(ChangeAttemptsTest, EndAfterTheLimit) {
  ChangeAttempts attempts("");
  for (int i = 0; i < ChangeAttempts::kMax; ++i) ASSERT_TRUE(attempts.Next()) << i;
  EXPECT_FALSE(attempts.Next());
}

TEST(ChangeAttemptsTest, AreMadeAgainOnlyWhenAnotherVersionIsThere) {
  const ChangeAttempts attempts("");
  EXPECT_TRUE(attempts.Outrun(EtagMismatch()));
  EXPECT_FALSE(attempts.Outrun(absl::OkStatus()));
  EXPECT_FALSE(attempts.Outrun(ChangeAttempts::KeptChanging("user")));
}

TEST(ChangeAttemptsTest, AreMadeAgainForTheReasonOfTheStore) {
  const ChangeAttempts attempts("");
  const absl::Status conflict = ChangeAttempts::KeptChanging("key");
  EXPECT_TRUE(attempts.Outrun(conflict, base::Reason::kConflict));
  EXPECT_FALSE(attempts.Outrun(EtagMismatch(), base::Reason::kConflict));
}

TEST(ChangeAttemptsTest, AreNotMadeAgainForACallerWithAnEtag) {
  EXPECT_FALSE(ChangeAttempts(MakeEtag(1)).Outrun(EtagMismatch()));
}

}  // namespace
}  // namespace gatehouse::service
