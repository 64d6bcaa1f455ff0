#include <gtest/gtest.h>

#include <string>

#include "service/user/user_limits.h"
#include "tests/integration/users/password_fixture.h"
#include "tests/support/at_once.h"

namespace gatehouse::tests {
namespace {

class PasswordResetTest : public PasswordFixture {
 protected:
  UnaryOutcome<v1::StartPasswordResetResponse> Start(const std::string& user_id) {
    v1::StartPasswordResetRequest request;
    request.set_user_id(user_id);
    return Call<v1::StartPasswordResetResponse>(admin(), request);
  }
  std::string Token(const std::string& user_id) {
    const auto outcome = Start(user_id);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response.token();
  }
  UnaryOutcome<v1::FinishPasswordResetResponse> Finish(const std::string& token,
                                                       const std::string& password = kOther) {
    v1::FinishPasswordResetRequest request;
    request.set_token(token);
    request.set_password(password);
    return Call<v1::FinishPasswordResetResponse>(nobody(), request);
  }

  v1::InviteUserResponse Invite(const std::string& username) {
    v1::InviteUserRequest request;
    request.mutable_user()->set_username(username);
    const auto outcome = Call<v1::InviteUserResponse>(admin(), request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response;
  }

  // Of many uses of a token for Ada's password at a time.
  void ExpectOneWins(const std::string& token) {
    const auto password = [](size_t i) { return "another password " + std::to_string(i); };
    const size_t winner = OnlyWinnerOf(
        AtOnce(64, [&](int i) { return Finish(token, password(i)); }), {"ONE_TIME_TOKEN_INVALID"});
    EXPECT_TRUE(LogIn("ada", password(winner)).ok());
    EXPECT_EQ(CountEvents("user.password_changed"), "1");
  }
};

TEST_F(PasswordResetTest, SetsAPasswordAndEndsEverySession) {
  const v1::User user = CreateWithPassword("ada");
  const Caller ada = LoggedIn("ada");
  const std::string token = Token(user.id());
  const auto outcome = Finish(token);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.response.user_id(), user.id());
  EXPECT_FALSE(IsLive(ada));
  EXPECT_EQ(LogIn("ada", kPassword).reason(), "LOGIN_FAILED");
  EXPECT_TRUE(LogIn("ada", kOther).ok());
  EXPECT_EQ(Ask("SELECT string_agg(type || ' ' || actor_id || ' ' || (targets->0->>'id'), '; ' "
                "ORDER BY type) FROM gatehouse.event WHERE type IN ('user.password_changed', "
                "'user.sessions_revoked')"),
            "user.password_changed " + user.id() + " " + user.id() + "; user.sessions_revoked " +
                user.id() + " " + user.id());
  EXPECT_EQ(Ask("SELECT details->>'by' FROM gatehouse.event WHERE type = 'user.password_changed'"),
            "RESET");
}

TEST_F(PasswordResetTest, ATokenIsGoodOnce) {
  const std::string token = Token(CreateWithPassword("ada").id());
  ASSERT_TRUE(Finish(token).ok());
  const auto again = Finish(token, "a third password");
  EXPECT_EQ(again.code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(again.reason(), "ONE_TIME_TOKEN_INVALID");
  EXPECT_TRUE(LogIn("ada", kOther).ok());
}

TEST_F(PasswordResetTest, OfManyAtATimeExactlyOneWins) {
  ExpectOneWins(Token(CreateWithPassword("ada").id()));
}

TEST_F(PasswordResetTest, OfManyAtATimeOneAcceptsAnInvitation) {
  const std::string token = Invite("ada").token();
  ExpectOneWins(token);
  EXPECT_EQ(Finish(token).reason(), "ONE_TIME_TOKEN_INVALID");
}

TEST_F(PasswordResetTest, OnlyAHashOfTheTokenIsKept) {
  v1::StartPasswordResetRequest request;
  request.set_user_id(CreateWithPassword("ada").id());
  request.set_request_id(kRequestId);
  const auto first = Call<v1::StartPasswordResetResponse>(admin(), request);
  ASSERT_TRUE(first.ok()) << first.message;
  const std::string& token = first.response.token();
  EXPECT_EQ(Ask("SELECT encode(token_hash, 'hex') = encode(sha256('" + token +
                "'), 'hex') FROM gatehouse.one_time_token"),
            "t");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.request WHERE position('" + token +
                "'::bytea IN response) > 0"),
            "0");
  const auto again = Call<v1::StartPasswordResetResponse>(admin(), request);
  ASSERT_TRUE(again.ok()) << again.message;
  EXPECT_EQ(again.response.token(), "");
  EXPECT_TRUE(Finish(token).ok());
}

TEST_F(PasswordResetTest, TheLastTokenIsTheOneThatIsGood) {
  const v1::User user = CreateWithPassword("ada");
  const std::string first = Token(user.id());
  const std::string last = Token(user.id());
  EXPECT_EQ(Finish(first).reason(), "ONE_TIME_TOKEN_INVALID");
  EXPECT_TRUE(Finish(last).ok());
}

TEST_F(PasswordResetTest, ATokenExpires) {
  const std::string token = Token(CreateWithPassword("ada").id());
  clock().Advance(std::chrono::hours(1));
  EXPECT_EQ(Finish(token).reason(), "ONE_TIME_TOKEN_INVALID");
}

TEST_F(PasswordResetTest, ATokenLastsAsLongAsItWasMadeFor) {
  v1::StartPasswordResetRequest request;
  request.set_user_id(CreateWithPassword("ada").id());
  request.mutable_lifetime()->set_seconds(7 * 24 * 3600);
  const auto outcome = Call<v1::StartPasswordResetResponse>(admin(), request);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  request.mutable_lifetime()->set_seconds(7 * 24 * 3600 + 1);
  EXPECT_EQ(Call<v1::StartPasswordResetResponse>(admin(), request).reason(), "INVALID_FIELD");
  request.mutable_lifetime()->set_seconds(59);
  EXPECT_EQ(Call<v1::StartPasswordResetResponse>(admin(), request).reason(), "INVALID_FIELD");
  clock().Advance(std::chrono::hours(7 * 24) - std::chrono::seconds(1));
  EXPECT_TRUE(Finish(outcome.response.token()).ok());
}

// One who was allowed to reset a viewer's password was not allowed to reset an administrator's.
TEST_F(PasswordResetTest, ATokenDiesWithWhatItWasMadeFor) {
  const v1::User user = CreateWithPassword("ada");
  std::string token = Token(user.id());
  v1::UpdateUserRequest promotion = Update(user.id(), "role");
  promotion.mutable_user()->set_role("admin");
  ASSERT_TRUE(Call<v1::UpdateUserResponse>(admin(), promotion).ok());
  EXPECT_EQ(Finish(token).reason(), "ONE_TIME_TOKEN_INVALID");

  token = Token(user.id());
  v1::SetPasswordRequest setting;
  setting.set_user_id(user.id());
  setting.set_password("set by somebody");
  setting.set_keep_sessions(true);
  clock().Advance(std::chrono::seconds(1));
  ASSERT_TRUE(Call<v1::SetPasswordResponse>(admin(), setting).ok());
  EXPECT_EQ(Finish(token).reason(), "ONE_TIME_TOKEN_INVALID");

  token = Token(user.id());
  v1::UpdateUserRequest address = Update(user.id(), "email");
  address.mutable_user()->set_email("elsewhere@example.com");
  ASSERT_TRUE(Call<v1::UpdateUserResponse>(admin(), address).ok());
  EXPECT_EQ(Finish(token).reason(), "ONE_TIME_TOKEN_INVALID");

  token = Token(user.id());
  v1::UpdateUserRequest disabling = Update(user.id(), "state");
  disabling.mutable_user()->set_state(v1::USER_STATE_DISABLED);
  ASSERT_TRUE(Call<v1::UpdateUserResponse>(admin(), disabling).ok());
  EXPECT_EQ(Finish(token).reason(), "ONE_TIME_TOKEN_INVALID");
  EXPECT_EQ(Ask("SELECT details->>'by' FROM gatehouse.event WHERE type = 'user.password_changed'"),
            "ADMINISTRATOR");
}

TEST_F(PasswordResetTest, APasswordThatIsRefusedLeavesTheToken) {
  const std::string token = Token(CreateWithPassword("lovelace").id());
  EXPECT_EQ(Finish(token, "short").reason(), "PASSWORD_POLICY");
  EXPECT_EQ(Finish(token, "lovelace in the middle").reason(), "PASSWORD_POLICY");
  EXPECT_TRUE(Finish(token).ok());
}

TEST_F(PasswordResetTest, GivesAFirstPasswordToWhoHasNone) {
  const v1::User user = Create("ada");
  v1::StartPasswordResetRequest request;
  request.set_login("ADA");
  const auto outcome = Call<v1::StartPasswordResetResponse>(admin(), request);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.response.user_id(), user.id());
  ASSERT_TRUE(Finish(outcome.response.token()).ok());
  EXPECT_TRUE(LogIn("ada", kOther).ok());
}

// What a token lets its holder do is one thing, whatever else of the user's there is.
TEST_F(PasswordResetTest, AnInvitationIsForAFirstPasswordAlone) {
  const v1::InviteUserResponse invited = Invite("ada");
  v1::FinishEmailVerificationRequest verification;
  verification.set_token(invited.token());
  EXPECT_EQ(Call<v1::FinishEmailVerificationResponse>(nobody(), verification).reason(),
            "ONE_TIME_TOKEN_INVALID");
  v1::FinishMagicLinkRequest link;
  link.set_token(invited.token());
  EXPECT_EQ(Call<v1::FinishMagicLinkResponse>(nobody(), link).reason(), "ONE_TIME_TOKEN_INVALID");
  // A reset goes beside it; whichever sets the password ends both.
  const std::string reset = Token(invited.user().id());
  ASSERT_TRUE(Finish(invited.token()).ok());
  EXPECT_EQ(Finish(reset).reason(), "ONE_TIME_TOKEN_INVALID");
}

TEST_F(PasswordResetTest, WhatIsNoTokenCostsNoStatement) {
  const uint64_t before = backend().statements();
  EXPECT_EQ(Finish("gh_ot_AAAA").reason(), "ONE_TIME_TOKEN_INVALID");
  EXPECT_EQ(Finish(std::string(4096, 'x')).reason(), "ONE_TIME_TOKEN_INVALID");
  EXPECT_EQ(backend().statements(), before);
}

TEST_F(PasswordResetTest, TokensOfAUserAreLimited) {
  constexpr int kAllowed = static_cast<int>(service::UserLimits::kTokensOfUser.burst);
  const v1::User user = CreateWithPassword("ada");
  for (int i = 0; i < kAllowed; ++i) EXPECT_TRUE(Start(user.id()).ok()) << i;
  const auto outcome = Start(user.id());
  EXPECT_EQ(outcome.reason(), "RATE_LIMITED");
  EXPECT_EQ(CountEvents("gatehouse.call_denied"), "1");
  EXPECT_TRUE(Start(CreateWithPassword("bob").id()).ok());
}

TEST_F(PasswordResetTest, RefusesWhatItMust) {
  v1::StartPasswordResetRequest request;
  EXPECT_EQ(Call<v1::StartPasswordResetResponse>(admin(), request).reason(), "INVALID_FIELD");
  request.set_user_id("x");
  EXPECT_EQ(Call<v1::StartPasswordResetResponse>(admin(), request).reason(), "INVALID_FIELD");
  request.set_user_id("01890000-0000-7000-8000-000000000001");
  EXPECT_EQ(Call<v1::StartPasswordResetResponse>(admin(), request).reason(), "USER_NOT_FOUND");
  request.set_login("nobody");
  EXPECT_EQ(Call<v1::StartPasswordResetResponse>(admin(), request).reason(), "USER_NOT_FOUND");
  // A user cannot make one for itself: it would need no password then.
  const v1::User user = CreateWithPassword("ada");
  request.set_user_id(user.id());
  EXPECT_EQ(Call<v1::StartPasswordResetResponse>(LoggedIn("ada"), request).reason(),
            "PERMISSION_DENIED");
  v1::CreateUserRequest boss = NewUser("boss");
  boss.mutable_user()->set_role("admin");
  request.set_user_id(Create(boss).id());
  EXPECT_EQ(
      Call<v1::StartPasswordResetResponse>(backend().MakeApiKey({"users.set_password"}), request)
          .reason(),
      "PERMISSION_DENIED");
  EXPECT_EQ(CountEvents("user.password_reset_started"), "0");
}

}  // namespace
}  // namespace gatehouse::tests
