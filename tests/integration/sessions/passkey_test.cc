// Passkeys: from their making to the logins and step-ups by them, and the attacks on both.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "auth/passkey/passkey_challenge.h"
#include "base/text/encoding.h"
#include "google/rpc/error_details.pb.h"
#include "storage/passkey/passkey_store.h"
#include "tests/integration/sessions/passkey_fixture.h"
#include "tests/integration/sessions/session_fixture.h"
#include "tests/support/passkey/software_authenticator.h"

namespace gatehouse::tests {
namespace {

using testing::ElementsAre;

using PasskeyTest = PasskeyFixture;

TEST_F(PasskeyTest, LogsInByEachAlgorithm) {
  for (const int32_t algorithm : {-7, -8, -257}) {
    SoftwareAuthenticator authenticator(algorithm);
    authenticator.step = 1;
    Register(ada_, authenticator);
    const auto login = LogInBy(authenticator);
    ASSERT_TRUE(login.ok()) << login.message;
    EXPECT_EQ(login.response.session().user_id(), ada_id_);
    EXPECT_EQ(login.response.session().label(), "a test");
    EXPECT_THAT(login.response.session().amr(), ElementsAre("pop", "mfa"));
    EXPECT_TRUE(Verify(login.response.tokens().access_token()).active());
    EXPECT_TRUE(Refresh(login.response.tokens().refresh_token()).ok());
    EXPECT_TRUE(LogInBy(authenticator).ok());
  }
  const std::vector<v1::Passkey> passkeys = List(ada_);
  ASSERT_EQ(passkeys.size(), 3u);
  EXPECT_EQ(passkeys[0].algorithm(), "ES256");
  EXPECT_EQ(passkeys[1].algorithm(), "EdDSA");
  EXPECT_EQ(passkeys[2].algorithm(), "RS256");
  EXPECT_TRUE(passkeys[0].has_last_used_time());
  EXPECT_EQ(CountEvents("user.passkey_added"), "3");
  // Passwords go on to work.
  EXPECT_TRUE(LogIn("ada").response.has_session());
}

TEST_F(PasskeyTest, TheBrowserIsToldWhoseAccountsTheyAre) {
  const auto options = nlohmann::json::parse(CreationOptions(ada_));
  EXPECT_EQ(options.at("rp"), nlohmann::json({{"id", "example.com"}, {"name", "Example Ltd"}}));
}

TEST_F(PasskeyTest, ALoginCostsFiveStatements) {
  SoftwareAuthenticator authenticator;
  Register(ada_, authenticator);
  const std::string options = Start().response.options_json();
  const uint64_t before = backend().statements();
  ASSERT_TRUE(FinishLogin(authenticator.Sign(options)).ok());
  // Two reads; the session with its event, the challenge and the count in one batch.
  EXPECT_EQ(backend().statements() - before, 5u);
}

TEST_F(PasskeyTest, AskingForAChallengeCostsNoStatement) {
  const uint64_t before = backend().statements();
  ASSERT_TRUE(Start().ok());
  EXPECT_EQ(backend().statements(), before);
}

TEST_F(PasskeyTest, AnAnswerIsGoodOnce) {
  SoftwareAuthenticator authenticator;
  const std::string registration = authenticator.Register(CreationOptions(ada_));
  ASSERT_TRUE(Finish(ada_, registration).ok());
  EXPECT_EQ(Finish(ada_, registration).reason(), "PASSKEY_INVALID");
  const std::string login = authenticator.Sign(Start().response.options_json());
  ASSERT_TRUE(FinishLogin(login).ok());
  EXPECT_EQ(FinishLogin(login).reason(), "LOGIN_FAILED");
}

TEST_F(PasskeyTest, OfManyAnswersAtATimeOneWins) {
  // It does not count, so that the challenge alone decides.
  SoftwareAuthenticator authenticator;
  Register(ada_, authenticator);
  const std::string json = authenticator.Sign(Start().response.options_json());
  std::vector<std::future<bool>> calls;
  for (int i = 0; i < 5; ++i) {
    calls.push_back(std::async(std::launch::async, [&] { return FinishLogin(json).ok(); }));
  }
  int won = 0;
  for (auto& call : calls) won += call.get() ? 1 : 0;
  EXPECT_EQ(won, 1);
}

TEST_F(PasskeyTest, WhatWasUsedIsForgottenOnceItHasExpired) {
  SoftwareAuthenticator authenticator;
  Register(ada_, authenticator);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(LogInBy(authenticator).ok());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.passkey_challenge"), "4");
  clock().Advance(std::chrono::minutes(6));
  ASSERT_TRUE(LogInBy(authenticator).ok());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.passkey_challenge"), "1");
}

TEST_F(PasskeyTest, RefusesWhatABrowserWouldNotSend) {
  SoftwareAuthenticator authenticator;
  Register(ada_, authenticator);
  const std::string options = Start().response.options_json();
  authenticator.origin = "https://evil.example";
  EXPECT_EQ(FinishLogin(authenticator.Sign(options)).reason(), "PASSKEY_INVALID");
  authenticator.origin = "https://example.com";
  authenticator.rp_id = "evil.example";
  EXPECT_EQ(FinishLogin(authenticator.Sign(options)).reason(), "PASSKEY_INVALID");
  authenticator.rp_id = "";
  authenticator.flags = SoftwareAuthenticator::kUserPresent;
  EXPECT_EQ(FinishLogin(authenticator.Sign(options)).reason(), "PASSKEY_INVALID");
  authenticator.flags |= SoftwareAuthenticator::kUserVerified;
  // The challenge of a registration.
  EXPECT_EQ(FinishLogin(authenticator.Sign([&] {
              nlohmann::json mixed = nlohmann::json::parse(options);
              mixed["challenge"] = nlohmann::json::parse(CreationOptions(ada_)).at("challenge");
              return mixed.dump();
            }()))
                .reason(),
            "PASSKEY_INVALID");
  EXPECT_EQ(FinishLogin("{}").reason(), "PASSKEY_INVALID");
  EXPECT_EQ(FinishLogin("").reason(), "INVALID_FIELD");
  clock().Advance(std::chrono::minutes(5));
  EXPECT_EQ(FinishLogin(authenticator.Sign(options)).reason(), "PASSKEY_INVALID");
}

TEST_F(PasskeyTest, UnknownOnesWrongSignaturesAndDisabledUsersLookTheSame) {
  SoftwareAuthenticator known;
  Register(ada_, known);
  SoftwareAuthenticator unknown;
  const auto nobodys = LogInBy(unknown);
  EXPECT_EQ(nobodys.reason(), "LOGIN_FAILED");
  EXPECT_EQ(nobodys.code, absl::StatusCode::kUnauthenticated);
  // Another key under a known id.
  SoftwareAuthenticator impostor;
  impostor.credential_id = known.credential_id;
  const auto forged = LogInBy(impostor);
  EXPECT_EQ(forged.message, nobodys.message);
  EXPECT_EQ(forged.details.SerializeAsString(), nobodys.details.SerializeAsString());
  // The handle of another user.
  known.user_handle = std::string(base::Uuid::Parse(bob_id_)->bytes());
  EXPECT_EQ(LogInBy(known).reason(), "LOGIN_FAILED");
  // None at all, though the challenge is for whoever comes.
  known.user_handle = "";
  EXPECT_EQ(LogInBy(known).reason(), "LOGIN_FAILED");
  known.user_handle = std::string(base::Uuid::Parse(ada_id_)->bytes());
  // One that cannot be backed up was made as one that can.
  known.flags = SoftwareAuthenticator::kUserPresent | SoftwareAuthenticator::kUserVerified;
  EXPECT_EQ(LogInBy(known).reason(), "LOGIN_FAILED");
  known.flags |= SoftwareAuthenticator::kBackupEligible;
  EXPECT_TRUE(LogInBy(known).ok()) << "that it is not at present changes nothing";
  v1::UpdateUserRequest disable;
  disable.set_user_id(ada_id_);
  disable.mutable_user()->set_state(v1::USER_STATE_DISABLED);
  disable.mutable_update_mask()->add_paths("state");
  ASSERT_TRUE(Call<v1::UpdateUserResponse>(admin(), disable).ok());
  const auto disabled = LogInBy(known);
  EXPECT_EQ(disabled.message, nobodys.message);
  EXPECT_EQ(disabled.details.SerializeAsString(), nobodys.details.SerializeAsString());
}

TEST_F(PasskeyTest, IsKnownInItsTenantAlone) {
  SoftwareAuthenticator authenticator;
  Register(ada_, authenticator);
  // As the server signs them, of a tenant that it has not.
  const auth::PasskeyChallengeCodec codec("32 bytes that sign refresh token");
  nlohmann::json options = nlohmann::json::parse(Start().response.options_json());
  auth::PasskeyChallenge challenge{.purpose = auth::PasskeyPurpose::kLogin,
                                   .tenant_id = base::kDefaultTenantId,
                                   .user_id = {},
                                   .nonce = "sixteen bytes it",
                                   .expire_time = clock().Now() + std::chrono::minutes(1)};
  options["challenge"] = base::Base64UrlEncode(codec.Encode(challenge));
  EXPECT_TRUE(FinishLogin(authenticator.Sign(options.dump())).ok());
  challenge.tenant_id = *base::Uuid::Parse("01890000-0000-7000-8000-0000000000ff");
  options["challenge"] = base::Base64UrlEncode(codec.Encode(challenge));
  EXPECT_EQ(FinishLogin(authenticator.Sign(options.dump())).reason(), "LOGIN_FAILED");
}

TEST_F(PasskeyTest, ACountThatGoesBackIsRefusedAndOnRecord) {
  SoftwareAuthenticator authenticator;
  authenticator.sign_count = 7;
  const std::string id = Register(ada_, authenticator);
  // A copy of it does not know how often the other one was used.
  for (const uint32_t count : {7u, 6u, 0u}) {
    authenticator.sign_count = count;
    EXPECT_EQ(LogInBy(authenticator).reason(), "LOGIN_FAILED") << count;
  }
  EXPECT_EQ(CountEvents("user.passkey_count_went_back"), "3");
  EXPECT_EQ(Ask("SELECT (targets->0->>'id') || (targets->1->>'id') || details::text "
                "FROM gatehouse.event WHERE type = 'user.passkey_count_went_back' "
                "ORDER BY event_id LIMIT 1"),
            ada_id_ + id + R"({"count": 7, "last_count": 7})");
  authenticator.sign_count = 8;
  EXPECT_TRUE(LogInBy(authenticator).ok());
}

TEST_F(PasskeyTest, IsMadeForTheCallerAlone) {
  SoftwareAuthenticator authenticator;
  const std::string hers = authenticator.Register(CreationOptions(ada_));
  EXPECT_EQ(Finish(bob_, hers).reason(), "PASSKEY_INVALID");
  ASSERT_TRUE(Finish(ada_, hers).ok());
  // Nor is one that somebody has given to another one.
  EXPECT_EQ(Finish(bob_, authenticator.Register(CreationOptions(bob_))).reason(),
            "PASSKEY_INVALID");
  EXPECT_TRUE(List(bob_).empty());
  const Caller service = backend().MakeApiKey({"users.set_password"});
  EXPECT_EQ(
      Call<v1::StartPasskeyRegistrationResponse>(service, v1::StartPasskeyRegistrationRequest())
          .reason(),
      "PERMISSION_DENIED");
}

TEST_F(PasskeyTest, AUserHasSoManyAndTheBrowserIsToldOfThem) {
  const auto max = static_cast<int>(storage::PasskeyStore::kMaxPerUser);
  SoftwareAuthenticator authenticator(-8);
  // Begun before, finished when there is no room any more.
  const std::string last = CreationOptions(ada_);
  for (int i = 0; i < max; ++i) {
    authenticator.credential_id = "credential " + std::to_string(i);
    Register(ada_, authenticator);
    const nlohmann::json options = nlohmann::json::parse(
        i + 1 < max ? CreationOptions(ada_) : R"({"excludeCredentials": []})");
    if (i + 1 < max) EXPECT_EQ(options.at("excludeCredentials").size(), size_t(i) + 1);
  }
  const auto started =
      Call<v1::StartPasskeyRegistrationResponse>(ada_, v1::StartPasskeyRegistrationRequest());
  EXPECT_EQ(started.reason(), "LIMIT_REACHED");
  authenticator.credential_id = "one more";
  const auto finished = Finish(ada_, authenticator.Register(last));
  EXPECT_EQ(finished.reason(), "LIMIT_REACHED");
  EXPECT_EQ(finished.Detail<google::rpc::QuotaFailure>()->violations(0).subject(),
            "passkeys of a user");
}

TEST_F(PasskeyTest, IsNamedAndRemovedByItsOwner) {
  SoftwareAuthenticator authenticator;
  const std::string id = Register(ada_, authenticator);
  v1::RenamePasskeyRequest rename;
  rename.set_passkey_id(id);
  rename.set_display_name("my phone");
  EXPECT_EQ(Call<v1::RenamePasskeyResponse>(bob_, rename).reason(), "PASSKEY_NOT_FOUND");
  const auto renamed = Call<v1::RenamePasskeyResponse>(ada_, rename);
  EXPECT_EQ(renamed.response.passkey().display_name(), "my phone");
  ASSERT_TRUE(Call<v1::RenamePasskeyResponse>(ada_, rename).ok());
  EXPECT_EQ(CountEvents("user.passkey_renamed"), "1");
  rename.set_display_name(std::string(101, 'x'));
  EXPECT_EQ(Call<v1::RenamePasskeyResponse>(ada_, rename).reason(), "INVALID_FIELD");
  EXPECT_EQ(List(ada_)[0].display_name(), "my phone");

  v1::RemovePasskeyRequest remove;
  remove.set_passkey_id(id);
  EXPECT_EQ(Call<v1::RemovePasskeyResponse>(bob_, remove).reason(), "PASSKEY_NOT_FOUND");
  remove.set_user_id(ada_id_);
  EXPECT_EQ(Call<v1::RemovePasskeyResponse>(bob_, remove).reason(), "PERMISSION_DENIED");
  ASSERT_TRUE(Call<v1::RemovePasskeyResponse>(admin(), remove).ok());
  EXPECT_EQ(Call<v1::RemovePasskeyResponse>(ada_, remove).reason(), "PASSKEY_NOT_FOUND");
  EXPECT_EQ(CountEvents("user.passkey_removed"), "1");
  EXPECT_EQ(LogInBy(authenticator).reason(), "LOGIN_FAILED");
}

TEST_F(PasskeyTest, OthersSeeThemByPermission) {
  SoftwareAuthenticator authenticator;
  Register(ada_, authenticator);
  EXPECT_EQ(List(admin(), ada_id_).size(), 1u);
  v1::ListPasskeysRequest request;
  request.set_user_id(ada_id_);
  const Caller keyless = backend().MakeApiKey({"sessions.verify"});
  EXPECT_EQ(Call<v1::ListPasskeysResponse>(keyless, request).reason(), "PERMISSION_DENIED");
  request.set_user_id("01890000-0000-7000-8000-0000000000ff");
  EXPECT_EQ(Call<v1::ListPasskeysResponse>(admin(), request).reason(), "USER_NOT_FOUND");
}

TEST_F(PasskeyTest, AnswersTheChallengeOfALoginByPassword) {
  SoftwareAuthenticator hers;
  Register(ada_, hers);
  SoftwareAuthenticator his;
  Register(bob_, his);
  GiveAdaAnApp();
  const auto login = LogIn("ada");
  ASSERT_TRUE(login.response.has_challenge()) << login.message;
  EXPECT_THAT(login.response.challenge().factors(),
              ElementsAre(v1::SECOND_FACTOR_TOTP, v1::SECOND_FACTOR_RECOVERY_CODE,
                          v1::SECOND_FACTOR_PASSKEY));
  const auto started = Start(login.response.challenge().token());
  ASSERT_TRUE(started.ok()) << started.message;
  const nlohmann::json options = nlohmann::json::parse(started.response.options_json());
  ASSERT_EQ(options.at("allowCredentials").size(), 1u);
  EXPECT_EQ(options.at("allowCredentials").at(0).at("id"),
            base::Base64UrlEncode(hers.credential_id));

  v1::AnswerChallengeRequest answer;
  answer.set_challenge(login.response.challenge().token());
  answer.set_passkey_json(his.Sign(started.response.options_json()));
  EXPECT_EQ(Call<v1::AnswerChallengeResponse>(nobody(), answer).reason(), "LOGIN_FAILED");
  // A challenge for a login by passkey alone.
  answer.set_passkey_json(hers.Sign(Start().response.options_json()));
  EXPECT_EQ(Call<v1::AnswerChallengeResponse>(nobody(), answer).reason(), "PASSKEY_INVALID");
  // After a password possession is enough.
  hers.flags = SoftwareAuthenticator::kUserPresent | SoftwareAuthenticator::kBackupEligible;
  answer.set_passkey_json(hers.Sign(started.response.options_json()));
  const auto answered = Call<v1::AnswerChallengeResponse>(nobody(), answer);
  ASSERT_TRUE(answered.ok()) << answered.message;
  EXPECT_THAT(answered.response.session().amr(), ElementsAre("pwd", "pop", "mfa"));
  EXPECT_EQ(Call<v1::AnswerChallengeResponse>(nobody(), answer).reason(), "LOGIN_FAILED");
  EXPECT_EQ(Start("gh_lc_forged").reason(), "LOGIN_FAILED");
}

TEST_F(PasskeyTest, StepsASessionUp) {
  SoftwareAuthenticator hers;
  Register(ada_, hers);
  SoftwareAuthenticator his;
  Register(bob_, his);
  const std::string options = StepUpOptions(ada_);
  EXPECT_EQ(StepUp(ada_, his.Sign(options)).reason(), "PASSKEY_INVALID");
  EXPECT_EQ(StepUp(bob_, hers.Sign(options)).reason(), "PASSKEY_INVALID");
  const auto stepped = StepUp(ada_, hers.Sign(options));
  ASSERT_TRUE(stepped.ok()) << stepped.message;
  EXPECT_THAT(stepped.response.session().amr(), ElementsAre("pwd", "pop", "mfa"));
  EXPECT_EQ(StepUp(ada_, hers.Sign(options)).reason(), "PASSKEY_INVALID");
  EXPECT_EQ(CountEvents("session.step_up_refused"), "3");
  SoftwareAuthenticator none;
  const Caller admins = admin();
  EXPECT_EQ(Call<v1::StartPasskeyStepUpResponse>(admins, v1::StartPasskeyStepUpRequest()).reason(),
            "SECOND_FACTOR_STATE");
}

TEST_F(PasskeyTest, MakingAndRemovingOneTakesARecentLogin) {
  SoftwareAuthenticator authenticator;
  const std::string id = Register(ada_, authenticator);
  clock().Advance(std::chrono::minutes(16));
  // The session goes on, the login has become old.
  const auto login = LogIn("ada");
  clock().Advance(std::chrono::minutes(16));
  const auto refreshed = Refresh(login.response.tokens().refresh_token());
  ASSERT_TRUE(refreshed.ok()) << refreshed.message;
  Caller old = CallerOf(login.response);
  old.credential = refreshed.response.tokens().access_token();
  const auto started =
      Call<v1::StartPasskeyRegistrationResponse>(old, v1::StartPasskeyRegistrationRequest());
  EXPECT_EQ(started.reason(), "STEP_UP_REQUIRED");
  EXPECT_EQ(started.code, absl::StatusCode::kFailedPrecondition);
  const auto failure = started.Detail<google::rpc::PreconditionFailure>();
  ASSERT_TRUE(failure.has_value());
  ASSERT_EQ(failure->violations_size(), 1);
  EXPECT_EQ(failure->violations(0).type(), "STEP_UP_REQUIRED");
  EXPECT_EQ(failure->violations(0).subject(), "auth_time");
  v1::RemovePasskeyRequest remove;
  remove.set_passkey_id(id);
  EXPECT_EQ(Call<v1::RemovePasskeyResponse>(old, remove).reason(), "STEP_UP_REQUIRED");

  const auto stepped = StepUp(old, authenticator.Sign(StepUpOptions(old)));
  ASSERT_TRUE(stepped.ok()) << stepped.message;
  old.credential = stepped.response.access_token();
  EXPECT_TRUE(Call<v1::RemovePasskeyResponse>(old, remove).ok());
}

class PasskeysOffTest : public SessionFixture {};

TEST_F(PasskeysOffTest, AreOffWithoutADomain) {
  EXPECT_EQ(Call<v1::StartPasskeyLoginResponse>(nobody(), v1::StartPasskeyLoginRequest()).reason(),
            "CONSTRAINT_VIOLATED");
  EXPECT_EQ(
      Call<v1::StartPasskeyRegistrationResponse>(admin(), v1::StartPasskeyRegistrationRequest())
          .reason(),
      "CONSTRAINT_VIOLATED");
}

}  // namespace
}  // namespace gatehouse::tests
