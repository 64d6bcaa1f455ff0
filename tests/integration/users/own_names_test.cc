// Who may not read users must not find out who there is by changing itself.

#include <gtest/gtest.h>

#include <string>

#include "service/user/user_limits.h"
#include "tests/integration/users/user_fixture.h"

namespace gatehouse::tests {
namespace {

class OwnNamesTest : public UserFixture {
 protected:
  static constexpr int kAllowed = static_cast<int>(service::UserLimits::kOwnNames.burst);

  void SetUp() override {
    UserFixture::SetUp();
    v1::CreateUserRequest ada = NewUser("ada");
    ada.mutable_user()->set_email("ada@example.com");
    Create(ada);
    viewer_ = backend().LogIn("viewer");
  }

  UnaryOutcome<v1::UpdateUserResponse> Try(const Caller& caller, const std::string& email,
                                           bool validate_only) {
    v1::UpdateUserRequest request = Update(viewer_.id.ToString(), "email");
    request.mutable_user()->set_email(email);
    request.set_validate_only(validate_only);
    return Call<v1::UpdateUserResponse>(caller, request);
  }

  Caller viewer_;
};

TEST_F(OwnNamesTest, TryingIsLimitedAndRecorded) {
  for (int i = 0; i < kAllowed; ++i) {
    EXPECT_EQ(Try(viewer_, "ada@example.com", true).reason(), "EMAIL_TAKEN") << i;
  }
  EXPECT_EQ(CountEvents("gatehouse.call_denied"), "0");
  const auto taken = Try(viewer_, "ada@example.com", true);
  const auto free = Try(viewer_, "free@example.com", true);
  EXPECT_EQ(taken.reason(), "RATE_LIMITED");
  EXPECT_EQ(free.reason(), "RATE_LIMITED");
  EXPECT_EQ(taken.code, absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'gatehouse.call_denied' AND "
                "actor_id = '" +
                viewer_.id.ToString() + "' AND outcome = 3"),
            "2");
  // Nor by real changes, and other fields are not concerned.
  EXPECT_EQ(Try(viewer_, "ada@example.com", false).reason(), "RATE_LIMITED");
  v1::UpdateUserRequest bio = Update(viewer_.id.ToString(), "bio");
  bio.mutable_user()->set_bio("about me");
  EXPECT_TRUE(Call<v1::UpdateUserResponse>(viewer_, bio).ok());
}

TEST_F(OwnNamesTest, RealChangesCountTheSame) {
  for (int i = 0; i < kAllowed; ++i) {
    EXPECT_EQ(Try(viewer_, "ada@example.com", false).reason(), "EMAIL_TAKEN") << i;
  }
  EXPECT_EQ(Try(viewer_, "ada@example.com", true).reason(), "RATE_LIMITED");
}

TEST_F(OwnNamesTest, WhoMayReadUsersIsNotLimited) {
  for (int i = 0; i < 2 * kAllowed; ++i) {
    EXPECT_EQ(Try(admin(), "ada@example.com", true).reason(), "EMAIL_TAKEN") << i;
  }
}

}  // namespace
}  // namespace gatehouse::tests
