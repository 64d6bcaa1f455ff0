// Who may not read users must not find out who there is by trying names.

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "service/user/user_limits.h"
#include "tests/integration/users/user_fixture.h"

namespace gatehouse::tests {
namespace {

class TriedNamesTest : public UserFixture {
 protected:
  static constexpr int kAllowed = static_cast<int>(service::UserLimits::kTriedNames.burst);

  void SetUp() override {
    UserFixture::SetUp();
    v1::CreateUserRequest ada = NewUser("ada");
    ada.mutable_user()->set_email("ada@example.com");
    Create(ada);
    viewer_ = backend().LogIn("viewer");
    v1::UpdateUserRequest own = Update(viewer_.id.ToString(), "email");
    own.mutable_user()->set_email("viewer@example.com");
    ASSERT_TRUE(Call<v1::UpdateUserResponse>(admin(), own).ok());
  }

  UnaryOutcome<v1::UpdateUserResponse> Try(const Caller& caller, const std::string& email,
                                           bool validate_only) {
    v1::UpdateUserRequest request = Update(viewer_.id.ToString(), "email");
    request.mutable_user()->set_email(email);
    request.set_validate_only(validate_only);
    return Call<v1::UpdateUserResponse>(caller, request);
  }

  // Whether somebody else's address can be proven to be the viewer's.
  std::string Prove(const Caller& caller, const std::string& email) {
    v1::StartEmailVerificationRequest request;
    request.set_user_id(viewer_.id.ToString());
    request.set_email(email);
    return Call<v1::StartEmailVerificationResponse>(caller, request).reason();
  }

  // Whether a user of that address could be made, by CreateUser or InviteUser.
  template <typename Request>
  std::string Validate(const Caller& caller, const std::string& email) {
    using Response = std::conditional_t<std::is_same_v<Request, v1::CreateUserRequest>,
                                        v1::CreateUserResponse, v1::InviteUserResponse>;
    Request request;
    request.mutable_user()->set_username("eve");
    request.mutable_user()->set_email(email);
    request.set_validate_only(true);
    return Call<Response>(caller, request).reason();
  }

  Caller viewer_;
};

TEST_F(TriedNamesTest, TryingIsLimitedAndRecorded) {
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

TEST_F(TriedNamesTest, RealChangesCountTheSame) {
  for (int i = 0; i < kAllowed; ++i) {
    EXPECT_EQ(Try(viewer_, "ada@example.com", false).reason(), "EMAIL_TAKEN") << i;
  }
  EXPECT_EQ(Try(viewer_, "ada@example.com", true).reason(), "RATE_LIMITED");
}

TEST_F(TriedNamesTest, WhoMayReadUsersIsNotLimited) {
  for (int i = 0; i < 2 * kAllowed; ++i) {
    EXPECT_EQ(Try(admin(), "ada@example.com", true).reason(), "EMAIL_TAKEN") << i;
    EXPECT_EQ(Prove(admin(), "ada@example.com"), "EMAIL_TAKEN") << i;
    EXPECT_EQ(Validate<v1::CreateUserRequest>(admin(), "ada@example.com"), "EMAIL_TAKEN") << i;
  }
}

// By each in turn: of a service that writes users and reads none.
TEST_F(TriedNamesTest, WhatLeavesNoUserBehindCountsTheSame) {
  const Caller writer = backend().MakeApiKey({"users.write"});
  const std::vector<std::function<std::string(const std::string&)>> ways = {
      [&](const std::string& email) { return Prove(writer, email); },
      [&](const std::string& email) { return Validate<v1::CreateUserRequest>(writer, email); },
      [&](const std::string& email) { return Validate<v1::InviteUserRequest>(writer, email); },
      [&](const std::string& email) { return Try(writer, email, true).reason(); },
  };
  for (int i = 0; i < kAllowed; ++i) {
    EXPECT_EQ(ways[i % ways.size()]("ada@example.com"), "EMAIL_TAKEN") << i;
  }
  for (const auto& way : ways) {
    EXPECT_EQ(way("ada@example.com"), "RATE_LIMITED");
    EXPECT_EQ(way("free@example.com"), "RATE_LIMITED");
  }
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'gatehouse.call_denied' AND "
                "actor_id = '" +
                writer.id.ToString() + "'"),
            "5");
  EXPECT_EQ(CountEvents("user.email_verification_started"), "0");
  // To prove the address that is there tells nothing.
  EXPECT_EQ(Prove(writer, "Viewer@example.com"), "");
  EXPECT_EQ(Prove(writer, ""), "");
  // And people may sign up.
  v1::CreateUserRequest sign_up = NewUser("bob");
  EXPECT_TRUE(Call<v1::CreateUserResponse>(writer, sign_up).ok());
  EXPECT_EQ(Call<v1::CreateUserResponse>(writer, sign_up).reason(), "USERNAME_TAKEN");
}

}  // namespace
}  // namespace gatehouse::tests
