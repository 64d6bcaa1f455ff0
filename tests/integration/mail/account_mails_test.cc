// Mails about accounts: resets, verifications, invitations, links to log in by.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "auth/second_factor/totp.h"
#include "base/uuid.h"
#include "gatehouse/v1/session.pb.h"
#include "gatehouse/v1/user.pb.h"
#include "service/mail/request/mail_request_queue.h"
#include "storage/second_factor/second_factor.h"
#include "tests/integration/mail/mail_fixture.h"
#include "tests/support/at_once.h"
#include "tests/support/passkey/software_authenticator.h"

namespace gatehouse::tests {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class AccountMailsTest : public MailFixture {
 protected:
  UnaryOutcome<v1::FinishPasswordResetResponse> Finish(const std::string& token) {
    v1::FinishPasswordResetRequest request;
    request.set_token(token);
    request.set_password(kOther);
    return Call<v1::FinishPasswordResetResponse>(nobody(), request);
  }
  UnaryOutcome<v1::RequestPasswordResetResponse> AskForReset(const std::string& login) {
    v1::RequestPasswordResetRequest request;
    request.set_login(login);
    return Call<v1::RequestPasswordResetResponse>(nobody(), request);
  }
  UnaryOutcome<v1::FinishMagicLinkResponse> FollowLink(const std::string& token,
                                                       const std::string& code = "") {
    v1::FinishMagicLinkRequest request;
    request.set_token(token);
    if (!code.empty()) request.set_totp_code(code);
    return Call<v1::FinishMagicLinkResponse>(nobody(), request);
  }
  // The token of the reset that somebody asked for.
  std::string ResetOf(const std::string& login) {
    EXPECT_TRUE(AskForReset(login).ok());
    Turn();
    return TokenOf(smtp_.NextMail());
  }
  // A user with an address who has no password yet; the token is in the answer.
  std::string Invite(const std::string& username) {
    v1::InviteUserRequest request;
    request.mutable_user()->set_username(username);
    request.mutable_user()->set_email(username + "@example.com");
    const auto outcome = Call<v1::InviteUserResponse>(admin(), request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response.token();
  }
  // The token of the link that somebody asked for.
  std::string LinkOf(const std::string& login) {
    v1::RequestMagicLinkRequest request;
    request.set_login(login);
    EXPECT_TRUE(Call<v1::RequestMagicLinkResponse>(nobody(), request).ok());
    Turn();
    return TokenOf(smtp_.NextMail());
  }
};

TEST_F(AccountMailsTest, AResetByMailKeepsTheTokenFromTheCaller) {
  v1::StartPasswordResetRequest request;
  request.set_user_id(CreateWithPassword("ada").id());
  request.set_delivery(v1::TOKEN_DELIVERY_MAIL);
  const auto outcome = Call<v1::StartPasswordResetResponse>(admin(), request);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.response.token(), "");
  Turn();
  const nlohmann::json mail = smtp_.NextMail();
  EXPECT_EQ(mail["headers"]["Subject"], "Set a new password for ada");
  EXPECT_NE(std::string(mail["text"]).find("2026-01-01 01:00 UTC"), std::string::npos);
  const std::string token = TokenOf(mail);
  EXPECT_NE(std::string(mail["html"]).find("https://acme.example/reset?token=" + token),
            std::string::npos);
  ASSERT_TRUE(Finish(token).ok());
  EXPECT_TRUE(LogIn("ada", kOther).ok());
  EXPECT_EQ(Ask("SELECT details->>'delivery' FROM gatehouse.event WHERE type = "
                "'user.password_reset_started'"),
            "MAIL");
}

TEST_F(AccountMailsTest, AMailIsInTheLanguageAndTimeOfItsReader) {
  v1::CreateUserRequest user = NewUser("jörg");
  user.mutable_user()->set_email("joerg@example.com");
  user.mutable_user()->set_locale("de-AT");
  user.mutable_user()->set_timezone("Europe/Vienna");
  v1::StartPasswordResetRequest request;
  request.set_user_id(Create(user).id());
  request.set_delivery(v1::TOKEN_DELIVERY_MAIL);
  ASSERT_TRUE(Call<v1::StartPasswordResetResponse>(admin(), request).ok());
  Turn();
  const nlohmann::json mail = smtp_.NextMail();
  EXPECT_EQ(mail["headers"]["Subject"], "Neues Passwort für jörg");
  EXPECT_EQ(mail["headers"]["Content-Language"], "de");
  EXPECT_NE(std::string(mail["text"]).find("2026-01-01 02:00 CET"), std::string::npos)
      << mail["text"];
}

TEST_F(AccountMailsTest, AMailNeedsAnAddressThatCanBeWrittenTo) {
  v1::StartPasswordResetRequest request;
  request.set_delivery(v1::TOKEN_DELIVERY_MAIL);
  request.set_user_id(Create("nobody-home").id());
  EXPECT_EQ(Call<v1::StartPasswordResetResponse>(admin(), request).reason(), "INVALID_FIELD");
  EXPECT_EQ(CountEvents("user.password_reset_started"), "0");
}

TEST_F(AccountMailsTest, AVerificationGoesToTheAddressThatItProves) {
  const v1::User user = CreateWithPassword("ada");
  v1::StartEmailVerificationRequest request;
  request.set_user_id(user.id());
  request.set_email("new@example.com");
  request.set_delivery(v1::TOKEN_DELIVERY_MAIL);
  const auto outcome = Call<v1::StartEmailVerificationResponse>(admin(), request);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.response.token(), "");
  Turn();
  const nlohmann::json mail = smtp_.NextMail();
  EXPECT_EQ(mail["to"], std::vector<std::string>{"new@example.com"});
  v1::FinishEmailVerificationRequest finish;
  finish.set_token(TokenOf(mail));
  ASSERT_TRUE(Call<v1::FinishEmailVerificationResponse>(nobody(), finish).ok());
  // Whoever had the account is told where they still read.
  Turn();
  const nlohmann::json notice = smtp_.NextMail();
  EXPECT_EQ(notice["to"], std::vector<std::string>{"ada@example.com"});
  EXPECT_EQ(notice["headers"]["Subject"], "Your address was changed");
  EXPECT_EQ(std::string(notice["text"]).find("new@example.com"), std::string::npos);
}

TEST_F(AccountMailsTest, AnAddressThatAnAdministratorChangesIsToldToo) {
  const v1::User user = CreateWithPassword("ada");
  v1::UpdateUserRequest update = Update(user.id(), "email");
  update.mutable_user()->set_email("other@example.com");
  ASSERT_TRUE(Call<v1::UpdateUserResponse>(admin(), update).ok());
  Turn();
  EXPECT_EQ(smtp_.NextMail()["to"], std::vector<std::string>{"ada@example.com"});
  // Of a change of another field nobody is told.
  v1::UpdateUserRequest name = Update(user.id(), "first_name");
  name.mutable_user()->set_first_name("Ada");
  ASSERT_TRUE(Call<v1::UpdateUserResponse>(admin(), name).ok());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.mail"), "1");
}

TEST_F(AccountMailsTest, WhoForgotAPasswordAsksForAMail) {
  CreateWithPassword("ada");
  for (const std::string login : {"ADA", "ada@example.com"}) {
    ASSERT_TRUE(Finish(ResetOf(login)).ok());
    clock().Advance(seconds(60));
  }
  EXPECT_EQ(Ask("SELECT DISTINCT concat_ws(' ', actor_type, details->>'delivery') FROM "
                "gatehouse.event WHERE type = 'user.password_reset_started'"),
            "anonymous MAIL");
  EXPECT_EQ(worker_->stats().requests_answered, 2);
}

// Anybody may ask, and as often as the limits let them.
TEST_F(AccountMailsTest, AskingEndsNoInvitation) {
  const std::string invitation = Invite("ada");
  clock().Advance(seconds(61));
  const std::string asked_for = ResetOf("ada");
  ASSERT_NE(asked_for, "");
  ASSERT_TRUE(Finish(invitation).ok());
  EXPECT_TRUE(LogIn("ada", kOther).ok());
  EXPECT_EQ(Finish(asked_for).reason(), "ONE_TIME_TOKEN_INVALID") << "what it was for is settled";
}

TEST_F(AccountMailsTest, AskingEndsNoResetOfATrustedCaller) {
  v1::StartPasswordResetRequest request;
  request.set_user_id(CreateWithPassword("ada").id());
  const auto started = Call<v1::StartPasswordResetResponse>(admin(), request);
  ASSERT_TRUE(started.ok()) << started.message;
  clock().Advance(seconds(61));
  const std::string first = ResetOf("ada");
  clock().Advance(seconds(61));
  const std::string last = ResetOf("ada");
  EXPECT_EQ(Finish(first).reason(), "ONE_TIME_TOKEN_INVALID") << "another one was asked for";
  ASSERT_TRUE(Finish(started.response.token()).ok());
  EXPECT_EQ(Finish(last).reason(), "ONE_TIME_TOKEN_INVALID");
}

// Whoever lost the invitation gets in all the same.
TEST_F(AccountMailsTest, WhatIsAskedForIsGoodBesideAnInvitation) {
  const std::string invitation = Invite("ada");
  ASSERT_TRUE(Finish(ResetOf("ada@example.com")).ok());
  EXPECT_EQ(Finish(invitation).reason(), "ONE_TIME_TOKEN_INVALID");
}

// The call does the same whoever is named; only the worker looks.
TEST_F(AccountMailsTest, AskingTellsNobodyWhoHasAnAccount) {
  CreateWithPassword("ada");
  v1::UpdateUserRequest disabling = Update(CreateWithPassword("bob").id(), "state");
  disabling.mutable_user()->set_state(v1::USER_STATE_DISABLED);
  ASSERT_TRUE(Call<v1::UpdateUserResponse>(admin(), disabling).ok());
  Create("no-address");
  const std::string events = Ask("SELECT count(*) FROM gatehouse.event");
  std::vector<uint64_t> statements;
  for (const std::string login : {"ada", "bob", "no-address", "nob", "x\xc2\xad"}) {
    const uint64_t before = backend().statements();
    const auto outcome = AskForReset(login);
    EXPECT_TRUE(outcome.ok()) << login << outcome.message;
    statements.push_back(backend().statements() - before);
  }
  EXPECT_EQ(statements, std::vector<uint64_t>(5, 1));
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.mail WHERE state = 1"), "5");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event"), events);
  Turn();
  EXPECT_EQ(smtp_.NextMail()["to"], std::vector<std::string>{"ada@example.com"});
  EXPECT_EQ(smtp_.untold(), 0u);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.mail"), "1");
  EXPECT_EQ(worker_->stats().requests_dropped, 4);
}

TEST_F(AccountMailsTest, MailsThatAreAskedForAreLimitedWhoeverIsNamed) {
  CreateWithPassword("ada");
  constexpr int kAllowed = static_cast<int>(service::mail::MailRequestQueue::kOfLogin.burst);
  for (const std::string login : {"ada", "nobody"}) {
    for (int i = 0; i < kAllowed; ++i) EXPECT_TRUE(AskForReset(login).ok()) << login;
    EXPECT_EQ(AskForReset(login).reason(), "RATE_LIMITED") << login;
  }
  // As another instance would: one mail a minute.
  Turn();
  EXPECT_EQ(smtp_.untold(), 1u);
  EXPECT_EQ(worker_->stats().requests_answered, 1);
}

TEST_F(AccountMailsTest, AnInvitationMakesAUserWhoChoosesAPassword) {
  v1::InviteUserRequest request;
  request.mutable_user()->set_username("ada");
  request.mutable_user()->set_email("ada@example.com");
  request.set_delivery(v1::TOKEN_DELIVERY_MAIL);
  request.set_validate_only(true);
  ASSERT_TRUE(Call<v1::InviteUserResponse>(admin(), request).ok());
  EXPECT_EQ(CountEvents("user.invited"), "0");
  request.set_validate_only(false);
  request.set_request_id(kRequestId);
  const auto outcome = Call<v1::InviteUserResponse>(admin(), request);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.response.token(), "");
  EXPECT_EQ(Call<v1::InviteUserResponse>(admin(), request).response.user().id(),
            outcome.response.user().id());
  EXPECT_EQ(CountEvents("user.invited") + CountEvents("user.created"), "11");
  Turn();
  const nlohmann::json mail = smtp_.NextMail();
  EXPECT_EQ(mail["headers"]["Subject"], "You are invited to Acme");
  EXPECT_EQ(smtp_.untold(), 0u);
  ASSERT_TRUE(Finish(TokenOf(mail)).ok());
  EXPECT_TRUE(LogIn("ada", kOther).ok());
}

TEST_F(AccountMailsTest, AnInvitationWithoutMailIsInTheAnswer) {
  v1::InviteUserRequest request;
  request.mutable_user()->set_username("ada");
  const auto outcome = Call<v1::InviteUserResponse>(admin(), request);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_TRUE(Finish(outcome.response.token()).ok());
  EXPECT_EQ(Mails(), "");
  request.mutable_user()->set_username("bob");
  request.set_delivery(v1::TOKEN_DELIVERY_MAIL);
  EXPECT_EQ(Call<v1::InviteUserResponse>(admin(), request).reason(), "INVALID_FIELD");
}

TEST_F(AccountMailsTest, ALinkLogsInOnce) {
  const v1::User user = CreateWithPassword("ada");
  const std::string token = LinkOf("ada");
  const auto outcome = FollowLink(token);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.response.session().user_id(), user.id());
  EXPECT_EQ(outcome.response.session().amr_size(), 1);
  EXPECT_EQ(outcome.response.session().amr(0), "mca");
  EXPECT_TRUE(
      IsLive({.id = {}, .session_id = {}, .credential = outcome.response.tokens().access_token()}));
  EXPECT_EQ(FollowLink(token).reason(), "ONE_TIME_TOKEN_INVALID");
  EXPECT_EQ(FollowLink("gh_ot_AAAA").reason(), "ONE_TIME_TOKEN_INVALID");
  // For its purpose alone.
  clock().Advance(seconds(60));
  EXPECT_EQ(Finish(LinkOf("ada")).reason(), "ONE_TIME_TOKEN_INVALID");
}

// Whoever still has it learns nothing by it of what became of its user.
TEST_F(AccountMailsTest, ASpentTokenCostsOneStatementWhateverBecameOfItsUser) {
  const v1::User user = CreateWithPassword("ada");
  v1::StartEmailVerificationRequest start;
  start.set_user_id(user.id());
  v1::FinishEmailVerificationRequest verify;
  verify.set_token(Call<v1::StartEmailVerificationResponse>(admin(), start).response.token());
  ASSERT_TRUE(Call<v1::FinishEmailVerificationResponse>(nobody(), verify).ok());
  const std::string link = LinkOf("ada");
  ASSERT_TRUE(FollowLink(link).ok());
  const std::string reset = ResetOf("ada");
  ASSERT_TRUE(Finish(reset).ok());
  const auto expect_one_each = [&] {
    const uint64_t before = backend().statements();
    EXPECT_EQ(FollowLink(link).reason(), "ONE_TIME_TOKEN_INVALID");
    EXPECT_EQ(Finish(reset).reason(), "ONE_TIME_TOKEN_INVALID");
    EXPECT_EQ(Call<v1::FinishEmailVerificationResponse>(nobody(), verify).reason(),
              "ONE_TIME_TOKEN_INVALID");
    EXPECT_EQ(backend().statements() - before, 3u);
  };
  expect_one_each();
  v1::DeleteUserRequest deletion;
  deletion.set_user_id(user.id());
  ASSERT_TRUE(Call<v1::DeleteUserResponse>(admin(), deletion).ok());
  expect_one_each();
  v1::PurgeUserRequest purge;
  purge.set_user_id(user.id());
  ASSERT_TRUE(Call<v1::PurgeUserResponse>(admin(), purge).ok());
  expect_one_each();
}

TEST_F(AccountMailsTest, OfManyAtATimeOneFollowsALink) {
  const v1::User user = CreateWithPassword("ada");
  const std::string token = LinkOf("ada");
  OnlyWinnerOf(AtOnce(64, [&](int) { return FollowLink(token); }), {"ONE_TIME_TOKEN_INVALID"});
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.session WHERE user_id = '" + user.id() + "'"), "1");
}

TEST_F(AccountMailsTest, ALinkIsGoodForAQuarterOfAnHour) {
  CreateWithPassword("ada");
  const std::string token = LinkOf("ada");
  clock().Advance(minutes(15));
  EXPECT_EQ(FollowLink(token).reason(), "ONE_TIME_TOKEN_INVALID");
}

TEST_F(AccountMailsTest, ALinkAloneIsNotEnoughForWhoHasASecondFactor) {
  CreateWithPassword("ada");
  const Caller ada = LoggedIn("ada");
  v1::EnrollTotpRequest enroll;
  enroll.set_current_password(kPassword);
  const auto enrolled = Call<v1::EnrollTotpResponse>(ada, enroll);
  ASSERT_TRUE(enrolled.ok()) << enrolled.message;
  const auto factor = backend().runner.Run<absl::StatusOr<std::optional<storage::TotpFactor>>>([&] {
    return backend().storage->second_factors.Get(backend().SystemContext(), base::kDefaultTenantId,
                                                 ada.id);
  });
  ASSERT_TRUE(factor.ok() && *factor) << factor.status();
  const std::string& secret = (*factor)->secret;
  const auto code = [&] { return auth::TotpCode(secret, auth::TotpStep(clock().Now())); };
  v1::ConfirmTotpRequest confirm;
  confirm.set_code(code());
  ASSERT_TRUE(Call<v1::ConfirmTotpResponse>(ada, confirm).ok());
  clock().Advance(minutes(1));

  const std::string token = LinkOf("ada");
  EXPECT_EQ(FollowLink(token).reason(), "SECOND_FACTOR_STATE");
  EXPECT_EQ(FollowLink(token, "000000").reason(), "LOGIN_FAILED");
  const auto outcome = FollowLink(token, code());
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.response.session().amr_size(), 3);
}

// Her passkey answers for her, where her logins ask for one.
class PasskeyMailsTest : public AccountMailsTest {
 protected:
  void Configure(TestBackend::Options& options) override {
    AccountMailsTest::Configure(options);
    options.config.auth.passkey_rp_id = "example.com";
  }
  UnaryOutcome<v1::StartPasskeyLoginResponse> StartFor(const std::string& token) {
    v1::StartPasskeyLoginRequest request;
    request.set_magic_link_token(token);
    return Call<v1::StartPasskeyLoginResponse>(nobody(), request);
  }
};

TEST_F(PasskeyMailsTest, ALinkTakesAPasskeyOfWhoIsAskedForOne) {
  CreateWithPassword("ada");
  const Caller ada = LoggedIn("ada");
  SoftwareAuthenticator authenticator;
  v1::FinishPasskeyRegistrationRequest made;
  made.set_passkey_json(authenticator.Register(
      Call<v1::StartPasskeyRegistrationResponse>(ada, v1::StartPasskeyRegistrationRequest())
          .response.options_json()));
  ASSERT_TRUE(Call<v1::FinishPasskeyRegistrationResponse>(ada, made).ok());
  v1::SetPasskeyFactorRequest ask;
  ask.set_enabled(true);
  ask.set_current_password(kPassword);
  ASSERT_TRUE(Call<v1::SetPasskeyFactorResponse>(ada, ask).ok());

  const std::string token = LinkOf("ada");
  EXPECT_EQ(FollowLink(token).reason(), "SECOND_FACTOR_STATE");
  EXPECT_EQ(StartFor("gh_ot_AAAA").reason(), "ONE_TIME_TOKEN_INVALID");
  const auto started = StartFor(token);
  ASSERT_TRUE(started.ok()) << started.message;
  v1::FinishMagicLinkRequest finish;
  finish.set_token(token);
  finish.set_passkey_json(SoftwareAuthenticator().Sign(started.response.options_json()));
  EXPECT_EQ(Call<v1::FinishMagicLinkResponse>(nobody(), finish).reason(), "LOGIN_FAILED");
  finish.set_passkey_json(authenticator.Sign(started.response.options_json()));
  const auto outcome = Call<v1::FinishMagicLinkResponse>(nobody(), finish);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_THAT(outcome.response.session().amr(), testing::ElementsAre("mca", "pop", "mfa"));
  EXPECT_EQ(StartFor(token).reason(), "ONE_TIME_TOKEN_INVALID");

  v1::StartPasskeyLoginRequest both;
  both.set_magic_link_token(token);
  both.set_challenge("gh_lc_AAAA");
  EXPECT_EQ(Call<v1::StartPasskeyLoginResponse>(nobody(), both).reason(), "INVALID_FIELD");
}

// Without a mail server, or without a page, what is asked for by mail is refused.
class NoMailTest : public MailFixture {
 protected:
  void Configure(TestBackend::Options& options) override {
    MailFixture::Configure(options);
    options.config.mail.password_reset_url = "";
    options.config.mail.invitation_url = "";
  }
};

TEST_F(NoMailTest, SaysThatMailIsNotConfigured) {
  v1::RequestPasswordResetRequest asking;
  asking.set_login("ada");
  EXPECT_EQ(Call<v1::RequestPasswordResetResponse>(nobody(), asking).reason(),
            "MAIL_NOT_CONFIGURED");
  v1::StartPasswordResetRequest starting;
  starting.set_user_id(CreateWithPassword("ada").id());
  starting.set_delivery(v1::TOKEN_DELIVERY_MAIL);
  EXPECT_EQ(Call<v1::StartPasswordResetResponse>(admin(), starting).reason(),
            "MAIL_NOT_CONFIGURED");
  v1::InviteUserRequest inviting;
  inviting.mutable_user()->set_username("bob");
  inviting.mutable_user()->set_email("bob@example.com");
  inviting.set_delivery(v1::TOKEN_DELIVERY_MAIL);
  EXPECT_EQ(Call<v1::InviteUserResponse>(admin(), inviting).reason(), "MAIL_NOT_CONFIGURED");
  // What has a page is sent.
  v1::RequestMagicLinkRequest link;
  link.set_login("ada");
  EXPECT_TRUE(Call<v1::RequestMagicLinkResponse>(nobody(), link).ok());
}

}  // namespace
}  // namespace gatehouse::tests
