// Authenticator apps and recovery codes: from their making to the logins that take them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "base/time.h"
#include "google/rpc/error_details.pb.h"
#include "service/session/session_service.h"
#include "service/user/user_limits.h"
#include "storage/postgres/admin/connection.h"
#include "tests/integration/sessions/second_factor_fixture.h"
#include "tests/support/at_once.h"
#include "tests/support/server/test_backend.h"

namespace gatehouse::tests {
namespace {

class SecondFactorTest : public SecondFactorFixture {};

TEST_F(SecondFactorTest, CountsOnceItIsConfirmed) {
  const auto enrolled = Enroll();
  ASSERT_TRUE(enrolled.ok()) << enrolled.message;
  EXPECT_EQ(enrolled.response.uri(),
            "otpauth://totp/gatehouse:ada?secret=" + enrolled.response.secret() +
                "&issuer=gatehouse&algorithm=SHA1&digits=6&period=30");
  EXPECT_THAT(enrolled.response.qr_code_png(), testing::StartsWith("\x89PNG"));
  EXPECT_TRUE(LogIn("ada").response.has_session());
  EXPECT_FALSE(Ada().has_second_factor_time());
  EXPECT_EQ(Confirm("000000").reason(), "INVALID_FIELD");

  const auto confirmed = Confirm(Code());
  ASSERT_TRUE(confirmed.ok()) << confirmed.message;
  EXPECT_EQ(confirmed.response.recovery_codes_size(), 10);
  EXPECT_TRUE(Ada().has_second_factor_time());
  EXPECT_TRUE(LogIn("ada").response.has_challenge());
  EXPECT_EQ(Confirm(Code()).reason(), "SECOND_FACTOR_STATE");
  EXPECT_EQ(Enroll().reason(), "SECOND_FACTOR_STATE");
  EXPECT_EQ(CountEvents("user.second_factor_added"), "1");
}

class SecondFactorOfAUrlTest : public SecondFactorFixture {
  void Configure(TestBackend::Options& options) override {
    SecondFactorFixture::Configure(options);
    options.config.auth.issuer = "https://id.example.com:8443";
  }
};

TEST_F(SecondFactorOfAUrlTest, AppsShowTheHostOfTheIssuer) {
  const auto enrolled = Enroll();
  ASSERT_TRUE(enrolled.ok()) << enrolled.message;
  EXPECT_EQ(enrolled.response.uri(),
            "otpauth://totp/id.example.com:ada?secret=" + enrolled.response.secret() +
                "&issuer=id.example.com&algorithm=SHA1&digits=6&period=30");
}

TEST_F(SecondFactorTest, ALoginTakesACode) {
  GiveAdaAnApp();
  const std::string created = CountEvents("session.created");
  const std::string challenge = Challenge();
  EXPECT_EQ(CountEvents("session.created"), created);
  const auto answered = Answer(challenge, Code());
  ASSERT_TRUE(answered.ok()) << answered.message;
  EXPECT_EQ(answered.response.session().label(), "a test");
  const v1::VerifySessionResponse verdict = Verify(answered.response.tokens().access_token());
  EXPECT_TRUE(verdict.active());
  EXPECT_THAT(verdict.amr(), testing::ElementsAre("pwd", "otp", "mfa"));
  EXPECT_EQ(Ask("SELECT details::text FROM gatehouse.event WHERE type = 'session.created' AND "
                "session_id = '" +
                answered.response.session().id() + "'"),
            "{\"amr\": [\"pwd\", \"otp\", \"mfa\"]}");
  EXPECT_TRUE(Refresh(answered.response.tokens().refresh_token()).ok());
}

// RFC 6238, section 5.2: a code is accepted once.
TEST_F(SecondFactorTest, ACodeIsGoodOnce) {
  GiveAdaAnApp();
  const std::string challenge = Challenge();
  ASSERT_TRUE(Answer(challenge, Code()).ok());
  EXPECT_EQ(Answer(challenge, Code()).reason(), "LOGIN_FAILED");
  EXPECT_EQ(Answer(Challenge(), Code()).reason(), "LOGIN_FAILED");
  // Nor any before it.
  EXPECT_EQ(Answer(Challenge(), Code(-1)).reason(), "LOGIN_FAILED");
  clock().Advance(std::chrono::seconds(30));
  EXPECT_TRUE(Answer(Challenge(), Code()).ok());
}

// Whoever can write to the database logs in as nobody by an app that is somebody else's.
TEST_F(SecondFactorTest, ASecretThatWasSealedForAnotherUserDoesNotOpen) {
  GiveAdaAnApp();
  const std::string bob = AddUser("bob");
  ASSERT_EQ(Ask("INSERT INTO gatehouse.totp_factor SELECT (f).* FROM (SELECT jsonb_populate_record("
                "t, jsonb_build_object('user_id', '" +
                bob + "')) f FROM gatehouse.totp_factor t) copied RETURNING 1"),
            "1");
  Ask("UPDATE gatehouse.user_account SET second_factor_time = (SELECT second_factor_time FROM "
      "gatehouse.user_account WHERE username = 'ada') WHERE username = 'bob' RETURNING 1");
  const auto login = LogIn("bob");
  ASSERT_TRUE(login.response.has_challenge()) << login.message;
  EXPECT_EQ(Answer(login.response.challenge().token(), Code()).code, absl::StatusCode::kInternal);
  EXPECT_TRUE(Answer(Challenge(), Code()).ok()) << "that of Ada still does";
}

// Of these a few are looked at: codes of a user are limited.
TEST_F(SecondFactorTest, OfManyAnswersAtATimeOneWins) {
  GiveAdaAnApp();
  const std::string challenge = Challenge();
  const std::string code = Code();
  OnlyWinnerOf(AtOnce(64, [&](int) { return Answer(challenge, code); }),
               {"LOGIN_FAILED", "RATE_LIMITED"});
}

TEST_F(SecondFactorTest, OfManyAtATimeOneUsesARecoveryCode) {
  GiveAdaAnApp();
  const std::string challenge = Challenge();
  OnlyWinnerOf(AtOnce(64, [&](int) { return Answer(challenge, "", recovery_codes_[3]); }),
               {"LOGIN_FAILED", "RATE_LIMITED"});
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.recovery_code"), "9");
}

TEST_F(SecondFactorTest, ARecoveryCodeIsGoodOnce) {
  GiveAdaAnApp();
  const auto answered = Answer(Challenge(), "", recovery_codes_[3]);
  ASSERT_TRUE(answered.ok()) << answered.message;
  EXPECT_EQ(Answer(Challenge(), "", recovery_codes_[3]).reason(), "LOGIN_FAILED");
  EXPECT_TRUE(Answer(Challenge(), "", recovery_codes_[4]).ok());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.recovery_code"), "8");
}

TEST_F(SecondFactorTest, OtherRecoveryCodesTakeThePlaceOfAll) {
  GiveAdaAnApp();
  ProveAda();
  v1::ReplaceRecoveryCodesRequest request;
  request.set_current_password(kPassword);
  const auto replaced = Call<v1::ReplaceRecoveryCodesResponse>(ada_, request);
  ASSERT_TRUE(replaced.ok()) << replaced.message;
  EXPECT_EQ(Answer(Challenge(), "", recovery_codes_[0]).reason(), "LOGIN_FAILED");
  EXPECT_TRUE(Answer(Challenge(), "", replaced.response.recovery_codes(0)).ok());
}

TEST_F(SecondFactorTest, AChallengeEndsWithItsTimeAndWithThePassword) {
  GiveAdaAnApp();
  std::string challenge = Challenge();
  clock().Advance(std::chrono::minutes(5));
  EXPECT_EQ(Answer(challenge, Code()).reason(), "LOGIN_FAILED");
  challenge = Challenge();
  v1::SetPasswordRequest setting;
  setting.set_user_id(user_id_);
  setting.set_password("another one of hers");
  const Caller service = backend().MakeApiKey({"users.set_password"});
  ASSERT_TRUE(Call<v1::SetPasswordResponse>(service, setting).ok());
  EXPECT_EQ(Answer(challenge, Code()).reason(), "LOGIN_FAILED");
}

TEST_F(SecondFactorTest, GuessesAreBoundedForAUserAndRecorded) {
  GiveAdaAnApp();
  constexpr int kAllowed = static_cast<int>(service::SessionService::kCodesOfUser.burst);
  const std::string challenge = Challenge();
  int looked_at = 0;
  for (int i = 0; i < 2 * kAllowed; ++i) {
    const auto outcome = Answer(challenge, "000000");
    if (outcome.reason() == "LOGIN_FAILED") ++looked_at;
    if (outcome.reason() != "LOGIN_FAILED") EXPECT_EQ(outcome.reason(), "RATE_LIMITED");
  }
  EXPECT_LE(looked_at, kAllowed);
  EXPECT_EQ(Answer(challenge, Code()).reason(), "RATE_LIMITED");
  EXPECT_EQ(Ask("SELECT count(*) > 0 FROM gatehouse.event WHERE type = 'session.login_failed' AND "
                "targets->0->>'id' = '" +
                user_id_ + "'"),
            "t");
}

TEST_F(SecondFactorTest, IsRemovedByItsOwnerOrAnAdministrator) {
  GiveAdaAnApp();
  ProveAda();
  v1::RemoveTotpRequest own;
  EXPECT_EQ(Call<v1::RemoveTotpResponse>(ada_, own).reason(), "INVALID_FIELD");
  own.set_current_password("not her password");
  EXPECT_EQ(Call<v1::RemoveTotpResponse>(ada_, own).reason(), "PASSWORD_INCORRECT");
  own.set_current_password(kPassword);
  ASSERT_TRUE(Call<v1::RemoveTotpResponse>(ada_, own).ok());
  EXPECT_TRUE(LogIn("ada").response.has_session());
  EXPECT_FALSE(Ada().has_second_factor_time());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.recovery_code"), "0");
  EXPECT_EQ(Call<v1::RemoveTotpResponse>(ada_, own).reason(), "SECOND_FACTOR_STATE");

  GiveAdaAnApp();
  v1::RemoveTotpRequest others;
  others.set_user_id(user_id_);
  EXPECT_EQ(Call<v1::RemoveTotpResponse>(backend().LogIn("viewer"), others).reason(),
            "PERMISSION_DENIED");
  ASSERT_TRUE(Call<v1::RemoveTotpResponse>(admin(), others).ok());
  EXPECT_TRUE(LogIn("ada").response.has_session());
  EXPECT_EQ(CountEvents("user.second_factor_removed"), "2");
}

TEST_F(SecondFactorTest, NothingOfItCanBeReadFromTheDatabase) {
  v1::EnrollTotpRequest request;
  request.set_current_password(kPassword);
  request.set_request_id("0190d1f0-0000-4000-8000-00000000000a");
  const auto enrolled = Call<v1::EnrollTotpResponse>(ada_, request);
  ASSERT_TRUE(enrolled.ok()) << enrolled.message;
  EXPECT_EQ(Call<v1::EnrollTotpResponse>(ada_, request).response.secret(), "");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.request WHERE length(response) > 0"), "0");
  EXPECT_EQ(Ask("SELECT length(secret) > 20 FROM gatehouse.totp_factor"), "t");
  const auto confirmed = Confirm(Code());
  ASSERT_TRUE(confirmed.ok()) << confirmed.message;
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.recovery_code WHERE code_hash = sha256('" +
                confirmed.response.recovery_codes(0) + "')"),
            "0");
}

TEST_F(SecondFactorTest, RefusesWhatItMust) {
  EXPECT_EQ(Confirm("123456").reason(), "SECOND_FACTOR_STATE");
  EXPECT_EQ(Enroll("not her password").reason(), "PASSWORD_INCORRECT");
  v1::EnrollTotpRequest request;
  request.set_current_password(kPassword);
  EXPECT_EQ(
      Call<v1::EnrollTotpResponse>(backend().MakeApiKey({"users.set_password"}), request).reason(),
      "PERMISSION_DENIED");
  EXPECT_EQ(Answer("gh_lc_forged", "123456").reason(), "LOGIN_FAILED");
  EXPECT_EQ(Answer("gh_lc_forged", "").reason(), "INVALID_FIELD");
  v1::ReplaceRecoveryCodesRequest codes;
  codes.set_current_password(kPassword);
  EXPECT_EQ(Call<v1::ReplaceRecoveryCodesResponse>(ada_, codes).reason(), "SECOND_FACTOR_STATE");
}

TEST_F(SecondFactorTest, StepsASessionUp) {
  GiveAdaAnApp();
  clock().Advance(std::chrono::seconds(30));
  const base::Time now = clock().Now();
  const auto stepped = StepUp(StepUpBy(Code()));
  ASSERT_TRUE(stepped.ok()) << stepped.message;
  EXPECT_THAT(stepped.response.session().amr(), testing::ElementsAre("pwd", "otp", "mfa"));
  const v1::VerifySessionResponse verdict = Verify(stepped.response.access_token());
  EXPECT_TRUE(verdict.active());
  EXPECT_THAT(verdict.amr(), testing::ElementsAre("pwd", "otp", "mfa"));
  EXPECT_EQ(verdict.auth_time().seconds(), base::ToMicros(now) / 1'000'000);
  // The token of the call says what it said.
  EXPECT_THAT(Verify(ada_.credential).amr(), testing::ElementsAre("pwd"));
  EXPECT_EQ(Ask("SELECT details::text FROM gatehouse.event WHERE type = 'session.stepped_up'"),
            R"({"by": "TOTP", "amr": ["pwd", "otp", "mfa"]})");
  // A code is good once.
  const auto again = StepUp(StepUpBy(Code()));
  EXPECT_EQ(again.reason(), "INVALID_FIELD");
  EXPECT_EQ(CountEvents("session.step_up_refused"), "1");
  EXPECT_EQ(CountEvents("session.stepped_up"), "1");
}

TEST_F(SecondFactorTest, WhatASessionProvedLaterIsInItsLaterTokens) {
  const auto login = LogIn("ada");
  ada_ = CallerOf(login.response);
  clock().Advance(std::chrono::minutes(2));
  v1::StepUpSessionRequest request;
  request.set_password(kPassword);
  ASSERT_TRUE(StepUp(request).ok());
  const auto refreshed = Refresh(login.response.tokens().refresh_token());
  ASSERT_TRUE(refreshed.ok()) << refreshed.message;
  const v1::VerifySessionResponse verdict = Verify(refreshed.response.tokens().access_token());
  EXPECT_THAT(verdict.amr(), testing::ElementsAre("pwd"));
  EXPECT_EQ(verdict.auth_time().seconds(), base::ToMicros(clock().Now()) / 1'000'000);
}

TEST_F(SecondFactorTest, AStepUpByPasswordIsForThoseWithoutAnApp) {
  v1::StepUpSessionRequest request;
  request.set_password("not her password");
  EXPECT_EQ(StepUp(request).reason(), "PASSWORD_INCORRECT");
  EXPECT_EQ(CountEvents("session.step_up_refused"), "1");
  request.set_password(kPassword);
  EXPECT_TRUE(StepUp(request).ok());
  EXPECT_EQ(StepUp(StepUpBy("123456")).reason(), "SECOND_FACTOR_STATE");
  GiveAdaAnApp();
  EXPECT_EQ(StepUp(request).reason(), "SECOND_FACTOR_STATE");
  EXPECT_EQ(StepUp(v1::StepUpSessionRequest()).reason(), "INVALID_FIELD");
  EXPECT_EQ(
      Call<v1::StepUpSessionResponse>(backend().MakeApiKey({"sessions.write"}), request).reason(),
      "PERMISSION_DENIED");
}

TEST_F(SecondFactorTest, StepUpsAreBoundedForAUser) {
  constexpr int kAllowed = static_cast<int>(service::SessionService::kStepUpsOfUser.burst);
  GiveAdaAnApp();
  int looked_at = 0;
  for (int i = 0; i < 2 * kAllowed; ++i) {
    const auto outcome = StepUp(StepUpBy("000000"));
    if (outcome.reason() == "INVALID_FIELD") {
      ++looked_at;
    } else {
      EXPECT_EQ(outcome.reason(), "RATE_LIMITED");
    }
  }
  EXPECT_LE(looked_at, kAllowed + 1);
  EXPECT_EQ(CountEvents("session.step_up_refused"), std::to_string(looked_at));
}

// A session from before the app cannot take it away, though it has the password.
TEST_F(SecondFactorTest, ChangesTakeTheSecondFactorThatTheUserHas) {
  GiveAdaAnApp();
  v1::ChangePasswordRequest change;
  change.set_current_password(kPassword);
  change.set_new_password("another one of hers");
  const auto refused = Call<v1::ChangePasswordResponse>(ada_, change);
  EXPECT_EQ(refused.reason(), "STEP_UP_REQUIRED");
  const auto failure = refused.Detail<google::rpc::PreconditionFailure>();
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->violations(0).subject(), "amr");
  v1::RemoveTotpRequest remove;
  remove.set_current_password(kPassword);
  EXPECT_EQ(Call<v1::RemoveTotpResponse>(ada_, remove).reason(), "STEP_UP_REQUIRED");
  v1::ReplaceRecoveryCodesRequest replace;
  replace.set_current_password(kPassword);
  EXPECT_EQ(Call<v1::ReplaceRecoveryCodesResponse>(ada_, replace).reason(), "STEP_UP_REQUIRED");
  ProveAda();
  EXPECT_TRUE(Call<v1::ChangePasswordResponse>(ada_, change).ok());
}

TEST_F(SecondFactorTest, ChangesTakeARecentLogin) {
  const auto login = LogIn("ada");
  clock().Advance(std::chrono::seconds(901));
  const auto refreshed = Refresh(login.response.tokens().refresh_token());
  ada_.credential = refreshed.response.tokens().access_token();
  v1::ChangePasswordRequest change;
  change.set_current_password(kPassword);
  change.set_new_password("another one of hers");
  const auto refused = Call<v1::ChangePasswordResponse>(ada_, change);
  EXPECT_EQ(refused.reason(), "STEP_UP_REQUIRED");
  EXPECT_EQ(refused.Detail<google::rpc::PreconditionFailure>()->violations(0).subject(),
            "auth_time");
  EXPECT_EQ(Enroll().reason(), "STEP_UP_REQUIRED");
  // What takes no such proof goes on.
  v1::GetUserRequest get;
  get.set_user_id(user_id_);
  EXPECT_TRUE(Call<v1::GetUserResponse>(ada_, get).ok());
  v1::StepUpSessionRequest request;
  request.set_password(kPassword);
  const auto stepped = StepUp(request);
  ASSERT_TRUE(stepped.ok()) << stepped.message;
  ada_.credential = stepped.response.access_token();
  EXPECT_TRUE(Call<v1::ChangePasswordResponse>(ada_, change).ok());
}

// To the address go resets of the password and links that log in.
TEST_F(SecondFactorTest, AnAddressOfOnesOwnTakesTheSameProof) {
  v1::UpdateUserRequest update;
  update.set_user_id(user_id_);
  update.mutable_user()->set_email("thief@example.com");
  update.mutable_update_mask()->add_paths("email");
  v1::UpdateUserRequest check = update;
  check.set_validate_only(true);
  const auto login = LogIn("ada");
  clock().Advance(std::chrono::seconds(901));
  ada_.credential =
      Refresh(login.response.tokens().refresh_token()).response.tokens().access_token();
  EXPECT_EQ(Call<v1::UpdateUserResponse>(ada_, update).reason(), "STEP_UP_REQUIRED");
  EXPECT_EQ(Call<v1::UpdateUserResponse>(ada_, check).reason(), "STEP_UP_REQUIRED");
  v1::StepUpSessionRequest proof;
  proof.set_password(kPassword);
  const auto stepped = StepUp(proof);
  ASSERT_TRUE(stepped.ok()) << stepped.message;
  ada_.credential = stepped.response.access_token();
  GiveAdaAnApp();
  const auto refused = Call<v1::UpdateUserResponse>(ada_, update);
  EXPECT_EQ(refused.reason(), "STEP_UP_REQUIRED") << "the session has not proven the app";
  // The rest of the profile takes none.
  v1::UpdateUserRequest bio;
  bio.set_user_id(user_id_);
  bio.mutable_user()->set_bio("mathematics");
  bio.mutable_update_mask()->add_paths("bio");
  EXPECT_TRUE(Call<v1::UpdateUserResponse>(ada_, bio).ok());
  ProveAda();
  const auto changed = Call<v1::UpdateUserResponse>(ada_, update);
  ASSERT_TRUE(changed.ok()) << changed.message;
  EXPECT_EQ(changed.response.user().email(), "thief@example.com");
}

TEST_F(SecondFactorTest, CodesToConfirmAreBounded) {
  constexpr int kAllowed = static_cast<int>(service::UserLimits::kOwnCodes.burst);
  ASSERT_TRUE(Enroll().ok());
  for (int i = 0; i < kAllowed; ++i) EXPECT_EQ(Confirm("000000").reason(), "INVALID_FIELD") << i;
  EXPECT_EQ(Confirm(Code()).reason(), "RATE_LIMITED");
}

// Both write the user and its app, in one order: else Postgres would end one of them.
TEST_F(SecondFactorTest, ALoginAndTheEndOfTheAppBothSucceed) {
  GiveAdaAnApp();
  const std::string challenge = Challenge();
  const std::string code = Code();
  const auto holder = *storage::postgres::admin::Connection::Open(backend().dsn);
  ASSERT_TRUE(holder
                  ->Execute("BEGIN; SELECT FROM gatehouse.user_account WHERE user_id = '" +
                            user_id_ + "' FOR UPDATE")
                  .status()
                  .ok());
  const auto await_waiting = [this](const std::string& number) {
    while (Ask("SELECT count(*) FROM pg_stat_activity "
               "WHERE datname = current_database() AND wait_event_type = 'Lock'") != number) {
      std::this_thread::yield();
    }
  };
  auto login = std::async(std::launch::async, [&] { return Answer(challenge, code); });
  await_waiting("1");
  auto removal = std::async(std::launch::async, [&] {
    v1::RemoveTotpRequest remove;
    remove.set_user_id(user_id_);
    return Call<v1::RemoveTotpResponse>(admin(), remove);
  });
  await_waiting("2");
  ASSERT_TRUE(holder->Execute("COMMIT").status().ok());
  EXPECT_EQ(login.get().reason(), "");
  EXPECT_EQ(removal.get().reason(), "");
}

TEST_F(SecondFactorTest, NoDeviceIsRememberedUnlessTheOperatorSaysSo) {
  GiveAdaAnApp();
  v1::AnswerChallengeRequest request;
  request.set_challenge(Challenge());
  request.set_totp_code(Code());
  request.set_remember_device(true);
  const auto answered = Call<v1::AnswerChallengeResponse>(nobody(), request);
  ASSERT_TRUE(answered.ok()) << answered.message;
  EXPECT_EQ(answered.response.device_token(), "");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.remembered_device"), "0");
}

}  // namespace
}  // namespace gatehouse::tests
