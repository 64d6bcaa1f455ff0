// Passkeys as the second step of logins by password.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "tests/integration/sessions/passkey_fixture.h"
#include "tests/support/passkey/software_authenticator.h"

namespace gatehouse::tests {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class PasskeyFactorTest : public PasskeyFixture {
 protected:
  void SetUp() override {
    PasskeyFixture::SetUp();
    passkey_id_ = Register(ada_, authenticator_);
  }

  UnaryOutcome<v1::SetPasskeyFactorResponse> Set(bool enabled,
                                                 const std::string& password = kPassword) {
    v1::SetPasskeyFactorRequest request;
    request.set_enabled(enabled);
    request.set_current_password(password);
    return Call<v1::SetPasskeyFactorResponse>(ada_, request);
  }
  UnaryOutcome<v1::SetPasskeyFactorResponse> EndFor(const Caller& caller) {
    v1::SetPasskeyFactorRequest request;
    request.set_user_id(ada_id_);
    return Call<v1::SetPasskeyFactorResponse>(caller, request);
  }
  // Ada's logins ask for it; her recovery codes.
  std::vector<std::string> AskAda() {
    const auto set = Set(true);
    EXPECT_TRUE(set.ok()) << set.message;
    return {set.response.recovery_codes().begin(), set.response.recovery_codes().end()};
  }
  // Ada's session proves the passkey as well.
  void ProveAda() {
    const auto stepped = StepUp(ada_, authenticator_.Sign(StepUpOptions(ada_)));
    ASSERT_TRUE(stepped.ok()) << stepped.message;
    ada_.credential = stepped.response.access_token();
  }

  v1::LoginChallenge Challenge() {
    const auto login = LogIn("ada");
    EXPECT_TRUE(login.response.has_challenge()) << login.message;
    EXPECT_FALSE(login.response.has_tokens());
    return login.response.challenge();
  }
  UnaryOutcome<v1::AnswerChallengeResponse> AnswerBy(SoftwareAuthenticator& authenticator) {
    v1::AnswerChallengeRequest answer;
    answer.set_challenge(Challenge().token());
    answer.set_passkey_json(authenticator.Sign(Start(answer.challenge()).response.options_json()));
    return Call<v1::AnswerChallengeResponse>(nobody(), answer);
  }
  UnaryOutcome<v1::AnswerChallengeResponse> AnswerByCode(const std::string& recovery_code) {
    v1::AnswerChallengeRequest answer;
    answer.set_challenge(Challenge().token());
    answer.set_recovery_code(recovery_code);
    return Call<v1::AnswerChallengeResponse>(nobody(), answer);
  }
  UnaryOutcome<v1::RemovePasskeyResponse> RemoveIt(const Caller& caller, const std::string& id) {
    v1::RemovePasskeyRequest request;
    request.set_user_id(ada_id_);
    request.set_passkey_id(id);
    return Call<v1::RemovePasskeyResponse>(caller, request);
  }
  bool IsAsked() {
    v1::ListPasskeysRequest request;
    request.set_user_id(ada_id_);
    return Call<v1::ListPasskeysResponse>(admin(), request).response.second_factor();
  }

  SoftwareAuthenticator authenticator_;
  std::string passkey_id_;
};

TEST_F(PasskeyFactorTest, APasskeyAloneAsksForNothing) {
  EXPECT_TRUE(LogIn("ada").response.has_session());
  EXPECT_FALSE(IsAsked());
}

TEST_F(PasskeyFactorTest, ALoginByPasswordAsksForIt) {
  const std::vector<std::string> codes = AskAda();
  EXPECT_THAT(codes, SizeIs(10));
  EXPECT_TRUE(IsAsked());
  EXPECT_THAT(Challenge().factors(),
              ElementsAre(v1::SECOND_FACTOR_RECOVERY_CODE, v1::SECOND_FACTOR_PASSKEY));
  const auto answered = AnswerBy(authenticator_);
  ASSERT_TRUE(answered.ok()) << answered.message;
  EXPECT_THAT(answered.response.session().amr(), ElementsAre("pwd", "pop", "mfa"));
  EXPECT_EQ(Ask("SELECT details::text FROM gatehouse.event WHERE type = "
                "'user.second_factor_added' AND targets->0->>'id' = '" +
                ada_id_ + "'"),
            R"({"factor": "PASSKEY"})");
  // What it logs in by alone is as before.
  EXPECT_TRUE(LogInBy(authenticator_).ok());
  SoftwareAuthenticator his;
  Register(bob_, his);
  EXPECT_EQ(AnswerBy(his).reason(), "LOGIN_FAILED");
}

TEST_F(PasskeyFactorTest, ThereIsNoAppToAnswerForIt) {
  AskAda();
  v1::AnswerChallengeRequest answer;
  answer.set_challenge(Challenge().token());
  answer.set_totp_code("123456");
  EXPECT_EQ(Call<v1::AnswerChallengeResponse>(nobody(), answer).reason(), "LOGIN_FAILED");
}

TEST_F(PasskeyFactorTest, ARecoveryCodeStandsInForALostOne) {
  const std::vector<std::string> codes = AskAda();
  const auto answered = AnswerByCode(codes[0]);
  ASSERT_TRUE(answered.ok()) << answered.message;
  EXPECT_EQ(AnswerByCode(codes[0]).reason(), "LOGIN_FAILED");
  // With it she makes herself free of the lost one.
  ada_.credential = answered.response.tokens().access_token();
  ASSERT_TRUE(Set(false).ok());
  EXPECT_TRUE(RemoveIt(ada_, passkey_id_).ok());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.recovery_code"), "0");
  EXPECT_TRUE(LogIn("ada").response.has_session());
}

TEST_F(PasskeyFactorTest, OtherRecoveryCodesTakeThePlaceOfAll) {
  const std::vector<std::string> codes = AskAda();
  v1::ReplaceRecoveryCodesRequest replace;
  replace.set_current_password(kPassword);
  EXPECT_EQ(Call<v1::ReplaceRecoveryCodesResponse>(ada_, replace).reason(), "STEP_UP_REQUIRED");
  ProveAda();
  const auto replaced = Call<v1::ReplaceRecoveryCodesResponse>(ada_, replace);
  ASSERT_TRUE(replaced.ok()) << replaced.message;
  EXPECT_EQ(AnswerByCode(codes[1]).reason(), "LOGIN_FAILED");
  EXPECT_TRUE(AnswerByCode(replaced.response.recovery_codes(1)).ok());
}

TEST_F(PasskeyFactorTest, TheLastOneStaysWhileLoginsAskForIt) {
  SoftwareAuthenticator another;
  const std::string another_id = Register(ada_, another);
  AskAda();
  ProveAda();
  ASSERT_TRUE(RemoveIt(ada_, passkey_id_).ok());
  EXPECT_EQ(RemoveIt(ada_, another_id).reason(), "SECOND_FACTOR_STATE");
  EXPECT_EQ(RemoveIt(admin(), another_id).reason(), "SECOND_FACTOR_STATE");
  EXPECT_EQ(CountEvents("user.passkey_removed"), "1");
  ASSERT_TRUE(EndFor(admin()).ok());
  EXPECT_TRUE(RemoveIt(admin(), another_id).ok());
}

TEST_F(PasskeyFactorTest, OthersMayOnlyEndIt) {
  AskAda();
  EXPECT_EQ(EndFor(bob_).reason(), "PERMISSION_DENIED");
  v1::SetPasskeyFactorRequest start;
  start.set_user_id(bob_id_);
  start.set_enabled(true);
  EXPECT_EQ(Call<v1::SetPasskeyFactorResponse>(admin(), start).reason(), "INVALID_FIELD");
  ASSERT_TRUE(EndFor(admin()).ok());
  EXPECT_TRUE(LogIn("ada").response.has_session());
  EXPECT_EQ(CountEvents("user.second_factor_removed"), "1");
}

TEST_F(PasskeyFactorTest, TakesThePasswordAndAPasskey) {
  EXPECT_EQ(Set(true, "").reason(), "INVALID_FIELD");
  EXPECT_EQ(Set(true, "not her password").reason(), "PASSWORD_INCORRECT");
  ASSERT_TRUE(RemoveIt(ada_, passkey_id_).ok());
  EXPECT_EQ(Set(true).reason(), "SECOND_FACTOR_STATE");
  EXPECT_EQ(CountEvents("user.second_factor_added"), "0");
}

// A session from before cannot take it away, though it has the password.
TEST_F(PasskeyFactorTest, ItsEndTakesTheFactorItself) {
  AskAda();
  const auto refused = Set(false);
  EXPECT_EQ(refused.reason(), "STEP_UP_REQUIRED");
  EXPECT_EQ(refused.Detail<google::rpc::PreconditionFailure>()->violations(0).subject(), "amr");
  v1::EnrollTotpRequest enroll;
  enroll.set_current_password(kPassword);
  EXPECT_EQ(Call<v1::EnrollTotpResponse>(ada_, enroll).reason(), "STEP_UP_REQUIRED");
  ProveAda();
  EXPECT_TRUE(Set(false).ok());
}

TEST_F(PasskeyFactorTest, SayingAgainWhatIsSoChangesNothing) {
  ASSERT_TRUE(Set(false).ok());
  AskAda();
  ProveAda();
  EXPECT_THAT(AskAda(), IsEmpty());
  EXPECT_EQ(CountEvents("user.second_factor_added"), "1");
  EXPECT_EQ(CountEvents("user.second_factor_removed"), "0");
}

TEST_F(PasskeyFactorTest, AReplayShowsNoRecoveryCodes) {
  v1::SetPasskeyFactorRequest request;
  request.set_enabled(true);
  request.set_current_password(kPassword);
  request.set_request_id("0190d1f0-0000-4000-8000-00000000000b");
  const auto first = Call<v1::SetPasskeyFactorResponse>(ada_, request);
  EXPECT_EQ(first.response.recovery_codes_size(), 10);
  const auto second = Call<v1::SetPasskeyFactorResponse>(ada_, request);
  ASSERT_TRUE(second.ok()) << second.message;
  EXPECT_EQ(second.response.recovery_codes_size(), 0);
  EXPECT_EQ(CountEvents("user.second_factor_added"), "1");
}

// Each stays when the other one goes, and the codes with it.
TEST_F(PasskeyFactorTest, StandsBesideAnApp) {
  GiveAdaAnApp();
  ProveAda();
  EXPECT_THAT(AskAda(), IsEmpty());
  EXPECT_THAT(Challenge().factors(),
              ElementsAre(v1::SECOND_FACTOR_TOTP, v1::SECOND_FACTOR_RECOVERY_CODE,
                          v1::SECOND_FACTOR_PASSKEY));
  v1::RemoveTotpRequest remove;
  remove.set_user_id(ada_id_);
  ASSERT_TRUE(Call<v1::RemoveTotpResponse>(admin(), remove).ok());
  EXPECT_THAT(Challenge().factors(),
              ElementsAre(v1::SECOND_FACTOR_RECOVERY_CODE, v1::SECOND_FACTOR_PASSKEY));
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.recovery_code"), "10");

  GiveAdaAnApp();
  ASSERT_TRUE(EndFor(admin()).ok());
  EXPECT_TRUE(LogIn("ada").response.has_challenge());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.recovery_code"), "10");
  ASSERT_TRUE(Call<v1::RemoveTotpResponse>(admin(), remove).ok());
  EXPECT_TRUE(LogIn("ada").response.has_session());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.recovery_code"), "0");
}

}  // namespace
}  // namespace gatehouse::tests
