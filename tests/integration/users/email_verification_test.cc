#include <gtest/gtest.h>

#include <string>

#include "tests/integration/users/password_fixture.h"
#include "tests/support/at_once.h"

namespace gatehouse::tests {
namespace {

class EmailVerificationTest : public PasswordFixture {
 protected:
  UnaryOutcome<v1::StartEmailVerificationResponse> Start(const std::string& user_id,
                                                         const std::string& email = "") {
    v1::StartEmailVerificationRequest request;
    request.set_user_id(user_id);
    request.set_email(email);
    return Call<v1::StartEmailVerificationResponse>(admin(), request);
  }
  UnaryOutcome<v1::FinishEmailVerificationResponse> Finish(const std::string& token) {
    v1::FinishEmailVerificationRequest request;
    request.set_token(token);
    return Call<v1::FinishEmailVerificationResponse>(nobody(), request);
  }
};

TEST_F(EmailVerificationTest, ProvesTheAddressThatIsThere) {
  const v1::User user = CreateWithPassword("ada");
  const auto started = Start(user.id());
  ASSERT_TRUE(started.ok()) << started.message;
  EXPECT_EQ(started.response.email(), "ada@example.com");
  EXPECT_FALSE(Get(admin(), user.id()).response.user().has_email_verified_time());
  const auto finished = Finish(started.response.token());
  ASSERT_TRUE(finished.ok()) << finished.message;
  EXPECT_EQ(finished.response.user_id(), user.id());
  const v1::User after = Get(admin(), user.id()).response.user();
  EXPECT_TRUE(after.has_email_verified_time());
  EXPECT_EQ(after.email(), "ada@example.com");
  EXPECT_NE(after.etag(), user.etag());
  EXPECT_EQ(Ask("SELECT actor_id || ' ' || details FROM gatehouse.event WHERE type = "
                "'user.email_verified'"),
            user.id() + " {\"new_address\": false}");
  EXPECT_EQ(CountEvents("user.updated"), "0");
  EXPECT_EQ(Finish(started.response.token()).reason(), "ONE_TIME_TOKEN_INVALID");
}

TEST_F(EmailVerificationTest, AnotherAddressIsTheUsersOnceItIsProven) {
  const v1::User user = CreateWithPassword("ada");
  const auto started = Start(user.id(), "Ada@Elsewhere.example");
  ASSERT_TRUE(started.ok()) << started.message;
  EXPECT_EQ(Get(admin(), user.id()).response.user().email(), "ada@example.com");
  ASSERT_TRUE(Finish(started.response.token()).ok());
  const v1::User after = Get(admin(), user.id()).response.user();
  EXPECT_EQ(after.email(), started.response.email());
  EXPECT_TRUE(after.has_email_verified_time());
  EXPECT_TRUE(LogIn("ada@elsewhere.example", kPassword).ok());
  EXPECT_EQ(Ask("SELECT details::text FROM gatehouse.event WHERE type = 'user.updated'"),
            "{\"fields\": [\"email\"]}");
}

TEST_F(EmailVerificationTest, OfManyAtATimeExactlyOneWins) {
  const v1::User user = CreateWithPassword("ada");
  int events = 0;
  // The address that is there, then another one.
  for (const std::string email : {"", "ada@elsewhere.example"}) {
    const auto started = Start(user.id(), email);
    ASSERT_TRUE(started.ok()) << started.message;
    OnlyWinnerOf(AtOnce(64, [&](int) { return Finish(started.response.token()); }),
                 {"ONE_TIME_TOKEN_INVALID"});
    EXPECT_EQ(CountEvents("user.email_verified"), std::to_string(++events));
  }
  EXPECT_EQ(CountEvents("user.updated"), "1");
  EXPECT_EQ(Get(admin(), user.id()).response.user().email(), "ada@elsewhere.example");
}

TEST_F(EmailVerificationTest, SomebodyElsesAddressIsNotTaken) {
  const v1::User ada = CreateWithPassword("ada");
  CreateWithPassword("bob");
  EXPECT_EQ(Start(ada.id(), "BOB@example.com").reason(), "EMAIL_TAKEN");
  const auto started = Start(ada.id(), "carol@example.com");
  ASSERT_TRUE(started.ok()) << started.message;
  CreateWithPassword("carol");
  EXPECT_EQ(Finish(started.response.token()).reason(), "EMAIL_TAKEN");
  EXPECT_EQ(Get(admin(), ada.id()).response.user().email(), "ada@example.com");
}

TEST_F(EmailVerificationTest, AnAddressThatWasChangedSinceIsNotTheOneProven) {
  const v1::User user = CreateWithPassword("ada");
  const auto started = Start(user.id());
  v1::UpdateUserRequest address = Update(user.id(), "email");
  address.mutable_user()->set_email("elsewhere@example.com");
  ASSERT_TRUE(Call<v1::UpdateUserResponse>(admin(), address).ok());
  EXPECT_EQ(Finish(started.response.token()).reason(), "ONE_TIME_TOKEN_INVALID");
  EXPECT_FALSE(Get(admin(), user.id()).response.user().has_email_verified_time());
}

TEST_F(EmailVerificationTest, ATokenIsForOnePurpose) {
  const v1::User user = CreateWithPassword("ada");
  const auto started = Start(user.id());
  v1::FinishPasswordResetRequest reset;
  reset.set_token(started.response.token());
  reset.set_password(kOther);
  EXPECT_EQ(Call<v1::FinishPasswordResetResponse>(nobody(), reset).reason(),
            "ONE_TIME_TOKEN_INVALID");
  EXPECT_TRUE(Finish(started.response.token()).ok());
}

TEST_F(EmailVerificationTest, APasswordThatChangesDoesNotMatter) {
  const v1::User user = CreateWithPassword("ada");
  const auto started = Start(user.id());
  clock().Advance(std::chrono::hours(24) - std::chrono::seconds(1));
  v1::SetPasswordRequest setting;
  setting.set_user_id(user.id());
  setting.set_password(kOther);
  const Caller service = backend().MakeApiKey({"users.set_password"});
  ASSERT_TRUE(Call<v1::SetPasswordResponse>(service, setting).ok());
  EXPECT_TRUE(Finish(started.response.token()).ok());
}

TEST_F(EmailVerificationTest, RefusesWhatItMust) {
  const v1::User user = Create("ada");
  EXPECT_EQ(Start(user.id()).reason(), "INVALID_FIELD");
  EXPECT_EQ(Start(user.id(), "no address").reason(), "INVALID_FIELD");
  EXPECT_EQ(Start("x").reason(), "INVALID_FIELD");
  EXPECT_EQ(Start("01890000-0000-7000-8000-000000000001").reason(), "USER_NOT_FOUND");
  // A user that got the token itself would prove nothing.
  v1::StartEmailVerificationRequest request;
  request.set_user_id(CreateWithPassword("bob").id());
  EXPECT_EQ(Call<v1::StartEmailVerificationResponse>(LoggedIn("bob"), request).reason(),
            "PERMISSION_DENIED");
  EXPECT_EQ(CountEvents("user.email_verification_started"), "0");
}

}  // namespace
}  // namespace gatehouse::tests
