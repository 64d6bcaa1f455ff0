// CreateSession and VerifySession.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "auth/verdict/authenticator.h"
#include "base/uuid.h"
#include "google/rpc/error_details.pb.h"
#include "tests/integration/sessions/session_fixture.h"

namespace gatehouse::tests {
namespace {

class LoginTest : public SessionFixture {};

TEST_F(LoginTest, GivesTokensThatWorkAndCommitsItsEvent) {
  const std::string user_id = AddUser("ada");
  const auto login = LogIn("ada");
  ASSERT_TRUE(login.ok()) << login.message;
  EXPECT_EQ(login.response.session().user_id(), user_id);
  EXPECT_EQ(login.response.session().state(), v1::SESSION_STATE_ACTIVE);
  EXPECT_EQ(login.response.session().label(), "a test");

  const v1::VerifySessionResponse verdict = Verify(login.response.tokens().access_token());
  EXPECT_TRUE(verdict.active());
  EXPECT_EQ(verdict.user_id(), user_id);
  EXPECT_EQ(verdict.username(), "ada");
  EXPECT_EQ(verdict.session_id(), login.response.session().id());
  EXPECT_EQ(verdict.roles(0), "viewer");
  EXPECT_EQ(verdict.amr(0), "pwd");

  EXPECT_EQ(Ask("SELECT actor_id FROM gatehouse.event WHERE type = 'session.created' AND "
                "session_id = '" +
                login.response.session().id() + "'"),
            user_id);
  EXPECT_EQ(Ask("SELECT last_login_time IS NOT NULL FROM gatehouse.user_account WHERE user_id = '" +
                user_id + "'"),
            "t");
}

TEST_F(LoginTest, TakesUsernameAndEmailInAnyCase) {
  AddUser("ada");
  EXPECT_TRUE(LogIn("ADA").ok());
  EXPECT_TRUE(LogIn("Ada@Example.COM").ok());
}

// One status, one reason, one message, one hash, the same number of statements:
// whoever tries learns nothing about the account.
TEST_F(LoginTest, EveryFailureLooksTheSame) {
  AddUser("ada");
  AddWhoMayNotLogIn();
  const std::vector<std::pair<std::string, std::string>> attempts = {
      {"ada", "wrong password"},        // A wrong password.
      {"nobody-at-all", kPassword},     // No such user.
      {"bob", kPassword},               // Disabled, the right password.
      {"bob", "wrong password"},        // Disabled, a wrong one.
      {"carol", kPassword},             // Without a password.
      {"dave", kPassword},              // Deleted, the right password.
      {"dave", "wrong password"},       // Deleted, a wrong one.
      {"x\xc2\xad", kPassword},         // What can be nobody's name.
      {"ada", std::string(2000, 'x')},  // Longer than any password.
  };
  std::string message;
  for (const auto& [login, password] : attempts) {
    const uint64_t hashes = backend().auth.hasher.hash_count();
    const uint64_t statements = backend().statements();
    const auto outcome = LogIn(login, password);
    EXPECT_EQ(outcome.code, absl::StatusCode::kUnauthenticated) << login;
    EXPECT_EQ(outcome.reason(), "LOGIN_FAILED") << login;
    if (message.empty()) message = outcome.message;
    EXPECT_EQ(outcome.message, message) << login;
    EXPECT_EQ(backend().auth.hasher.hash_count() - hashes, 1u) << login;
    EXPECT_EQ(backend().statements() - statements, 2u) << login;
  }
  EXPECT_EQ(CountEvents("session.login_failed"), std::to_string(attempts.size()));
  EXPECT_EQ(CountEvents("session.created"), "0");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE event::text LIKE '%nobody-at-all%'"),
            "0");
}

TEST_F(LoginTest, ReportsFaultsOfFormOfEveryField) {
  v1::CreateSessionRequest request;
  request.set_login(std::string(1025, 'a'));
  request.set_password("x");
  request.set_label(std::string(201, 'b'));
  const auto outcome = Call<v1::CreateSessionResponse>(nobody(), request);
  EXPECT_EQ(outcome.code, absl::StatusCode::kInvalidArgument);
  const auto details = outcome.Detail<google::rpc::BadRequest>();
  ASSERT_TRUE(details);
  ASSERT_EQ(details->field_violations_size(), 2);
  EXPECT_EQ(details->field_violations(0).field(), "login");
  EXPECT_EQ(details->field_violations(1).field(), "label");
}

TEST_F(LoginTest, StaysWithinItsStatementBudget) {
  AddUser("ada");
  const uint64_t before = backend().statements();
  const uint64_t trips = backend().round_trips();
  ASSERT_TRUE(LogIn("ada").ok());
  // One reads the user, one writes the session and its event.
  EXPECT_EQ(backend().statements() - before, 2u);
  EXPECT_EQ(backend().round_trips() - trips, 2u);
}

TEST_F(LoginTest, AKnownTokenIsVerifiedWithoutAStatement) {
  AddUser("ada");
  // The caller's own credential is known as well.
  ASSERT_FALSE(Verify("garbage").active());
  const std::string token = LogIn("ada").response.tokens().access_token();
  const uint64_t start = backend().statements();
  EXPECT_TRUE(Verify(token).active());
  const uint64_t miss = backend().statements();
  EXPECT_EQ(miss - start, 1u);
  EXPECT_TRUE(Verify(token).active());
  EXPECT_EQ(backend().statements(), miss);
  EXPECT_TRUE(Verify(token, /*full=*/true).active());
  EXPECT_EQ(backend().statements(), miss + 1);
}

TEST_F(LoginTest, ATokenThatIsNotGoodIsAnAnswerNotAnError) {
  AddUser("ada");
  const std::string token = LogIn("ada").response.tokens().access_token();
  EXPECT_FALSE(Verify("garbage").active());
  EXPECT_FALSE(Verify(token.substr(0, token.size() - 2)).active());
  clock().Advance(std::chrono::minutes(10));
  const v1::VerifySessionResponse expired = [&] {
    v1::VerifySessionRequest request;
    request.set_token(token);
    const Caller service = backend().MakeApiKey({"sessions.verify"});
    return Call<v1::VerifySessionResponse>(service, request).response;
  }();
  EXPECT_FALSE(expired.active());
  EXPECT_TRUE(expired.user_id().empty());
}

TEST_F(LoginTest, AConsistencyItDoesNotKnowIsNotTakenForAWeakerOne) {
  v1::VerifySessionRequest request;
  request.set_token("garbage");
  request.set_consistency(static_cast<v1::Consistency>(2));
  EXPECT_EQ(Call<v1::VerifySessionResponse>(admin(), request).reason(), "INVALID_FIELD");
}

TEST_F(LoginTest, AGoodCredentialOfAnotherTenantIsInactive) {
  const base::Uuid elsewhere = base::Uuid::MakeV7(clock().Now());
  const std::string key = backend().MakeApiKey({"users.read"}, elsewhere).credential;
  EXPECT_TRUE(Verify(backend().MakeApiKey({"users.read"}).credential).active());
  using VerdictOr = absl::StatusOr<std::shared_ptr<const auth::Verdict>>;
  for (const bool full : {false, true}) {
    EXPECT_EQ(Verify(key, full).SerializeAsString(),
              v1::VerifySessionResponse().SerializeAsString());
    const VerdictOr verdict = backend().runner.Run<VerdictOr>([&] {
      return backend().auth.authenticator.Authenticate(
          backend().SystemContext(), key,
          full ? auth::Freshness::kDatabase : auth::Freshness::kCached);
    });
    ASSERT_TRUE(verdict.ok()) << verdict.status();
    EXPECT_EQ((*verdict)->principal.tenant_id, elsewhere);
  }
}

TEST_F(LoginTest, OnlyWhoMayVerifyLearnsAboutTokens) {
  AddUser("ada");
  const auto login = LogIn("ada");
  v1::VerifySessionRequest request;
  request.set_token(login.response.tokens().access_token());
  EXPECT_EQ(Call<v1::VerifySessionResponse>(CallerOf(login.response), request).reason(),
            "PERMISSION_DENIED");
  EXPECT_EQ(Call<v1::VerifySessionResponse>(nobody(), request).reason(), "UNAUTHENTICATED");
}

TEST_F(LoginTest, PublishesTheKeysThatVerifyItsTokens) {
  const auto jwks = Call<v1::GetJwksResponse>(nobody(), v1::GetJwksRequest());
  ASSERT_TRUE(jwks.ok()) << jwks.message;
  EXPECT_NE(jwks.response.jwks_json().find("\"kid\""), std::string::npos);
  EXPECT_EQ(jwks.response.jwks_json().find("\"d\""), std::string::npos);
}

}  // namespace
}  // namespace gatehouse::tests
