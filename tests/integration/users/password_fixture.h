#ifndef GATEHOUSE_TESTS_INTEGRATION_USERS_PASSWORD_FIXTURE_H_
#define GATEHOUSE_TESTS_INTEGRATION_USERS_PASSWORD_FIXTURE_H_

#include <string>

#include "base/uuid.h"
#include "gatehouse/v1/session.pb.h"
#include "tests/integration/users/user_fixture.h"

namespace gatehouse::tests {

// Users with passwords, who log in.
class PasswordFixture : public UserFixture {
 protected:
  static constexpr char kPassword[] = "correct horse battery";
  static constexpr char kOther[] = "staple after staple";

  v1::User CreateWithPassword(const std::string& username) {
    v1::CreateUserRequest request = NewUser(username);
    request.mutable_user()->set_email(username + "@example.com");
    request.set_password(kPassword);
    return Create(request);
  }

  UnaryOutcome<v1::CreateSessionResponse> LogIn(const std::string& login,
                                                const std::string& password) {
    v1::CreateSessionRequest request;
    request.set_login(login);
    request.set_password(password);
    return Call<v1::CreateSessionResponse>(nobody(), request);
  }

  // Somebody logged in with that password; the test fails if that does not work.
  Caller LoggedIn(const std::string& login, const std::string& password = kPassword) {
    const auto outcome = LogIn(login, password);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return {.id = base::Uuid::Parse(outcome.response.session().user_id()).value_or(base::Uuid()),
            .session_id = base::Uuid::Parse(outcome.response.session().id()).value_or(base::Uuid()),
            .credential = outcome.response.tokens().access_token()};
  }

  bool IsLive(const Caller& caller) {
    v1::VerifySessionRequest request;
    request.set_token(caller.credential);
    return Call<v1::VerifySessionResponse>(admin(), request).response.active();
  }
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_USERS_PASSWORD_FIXTURE_H_
