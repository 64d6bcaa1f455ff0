#ifndef GATEHOUSE_TESTS_INTEGRATION_SESSIONS_SESSION_FIXTURE_H_
#define GATEHOUSE_TESTS_INTEGRATION_SESSIONS_SESSION_FIXTURE_H_

#include <chrono>
#include <string>

#include "base/uuid.h"
#include "gatehouse/v1/session.pb.h"
#include "gatehouse/v1/user.pb.h"
#include "tests/support/server/server_fixture.h"
#include "tests/support/server/test_backend.h"

namespace gatehouse::tests {

// Users who log in, and what becomes of their sessions.
class SessionFixture : public ServerFixture {
 protected:
  static constexpr char kPassword[] = "correct horse battery";
  static constexpr auto kGrace = std::chrono::seconds(20);
  static constexpr auto kIdle = std::chrono::hours(24);

  void Configure(TestBackend::Options& options) override {
    options.config.auth.session_idle_ttl = kIdle;
    options.config.auth.session_ttl = std::chrono::hours(240);
    options.config.auth.refresh_grace = kGrace;
  }

  // A user with kPassword; its id.
  std::string AddUser(const std::string& username, const std::string& role = "viewer") {
    v1::CreateUserRequest request;
    request.mutable_user()->set_username(username);
    request.mutable_user()->set_email(username + "@example.com");
    request.mutable_user()->set_role(role);
    request.set_password(kPassword);
    const auto created = Call<v1::CreateUserResponse>(admin(), request);
    EXPECT_TRUE(created.ok()) << created.message;
    return created.response.user().id();
  }

  // "bob", who is disabled, "carol", who has no password, and "dave", who was deleted.
  void AddWhoMayNotLogIn() {
    v1::UpdateUserRequest disable;
    disable.set_user_id(AddUser("bob"));
    disable.mutable_user()->set_state(v1::USER_STATE_DISABLED);
    disable.mutable_update_mask()->add_paths("state");
    ASSERT_TRUE(Call<v1::UpdateUserResponse>(admin(), disable).ok());
    v1::CreateUserRequest invited;
    invited.mutable_user()->set_username("carol");
    ASSERT_TRUE(Call<v1::CreateUserResponse>(admin(), invited).ok());
    v1::DeleteUserRequest deletion;
    deletion.set_user_id(AddUser("dave"));
    ASSERT_TRUE(Call<v1::DeleteUserResponse>(admin(), deletion).ok());
  }

  UnaryOutcome<v1::CreateSessionResponse> LogIn(const std::string& login,
                                                const std::string& password = kPassword) {
    v1::CreateSessionRequest request;
    request.set_login(login);
    request.set_password(password);
    request.set_label("a test");
    return Call<v1::CreateSessionResponse>(nobody(), request);
  }

  UnaryOutcome<v1::RefreshSessionResponse> Refresh(const std::string& token) {
    v1::RefreshSessionRequest request;
    request.set_refresh_token(token);
    return Call<v1::RefreshSessionResponse>(nobody(), request);
  }

  UnaryOutcome<v1::RevokeSessionResponse> LogOut(const Caller& caller) {
    return Call<v1::RevokeSessionResponse>(caller, v1::RevokeSessionRequest());
  }

  v1::VerifySessionResponse Verify(const std::string& token, bool full = false) {
    v1::VerifySessionRequest request;
    request.set_token(token);
    if (full) request.set_consistency(v1::CONSISTENCY_FULL);
    const auto outcome = Call<v1::VerifySessionResponse>(admin(), request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response;
  }

  static Caller CallerOf(const v1::CreateSessionResponse& login) {
    return {.id = *base::Uuid::Parse(login.session().user_id()),
            .session_id = *base::Uuid::Parse(login.session().id()),
            .credential = login.tokens().access_token()};
  }

  std::string CountEvents(const std::string& type) {
    return Ask("SELECT count(*) FROM gatehouse.event WHERE type = '" + type + "'");
  }
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_SESSIONS_SESSION_FIXTURE_H_
