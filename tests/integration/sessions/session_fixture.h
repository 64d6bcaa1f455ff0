#ifndef GATEHOUSE_TESTS_INTEGRATION_SESSIONS_SESSION_FIXTURE_H_
#define GATEHOUSE_TESTS_INTEGRATION_SESSIONS_SESSION_FIXTURE_H_

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "auth/token/refresh_token.h"
#include "gatehouse/v1/session.pb.h"
#include "gatehouse/v1/user.pb.h"
#include "service/session/register_session_service.h"
#include "service/session/session_service.h"
#include "service/session/token_issuer.h"
#include "service/user/register_user_service.h"
#include "service/user/user_service.h"
#include "tests/support/server/server_fixture.h"

namespace gatehouse::tests {

// SessionService and UserService, served in process.
class SessionFixture : public ServerFixture {
 protected:
  static constexpr char kPassword[] = "correct horse battery";
  static constexpr auto kGrace = std::chrono::seconds(20);
  static constexpr auto kIdle = std::chrono::hours(24);

  void AddServices(rpc::MethodRegistry& registry) override {
    refresh_tokens_ = std::make_unique<auth::RefreshTokenCodec>("32 bytes that sign refresh token");
    issuer_ = std::make_unique<service::TokenIssuer>(backend().access_tokens, *refresh_tokens_);
    users_ = std::make_unique<service::UserService>(
        service::UserService::Deps{.users = backend().users,
                                   .roles = backend().roles,
                                   .api_keys = backend().api_keys,
                                   .once = backend().once,
                                   .page_tokens = backend().page_tokens,
                                   .hasher = backend().hasher,
                                   .authenticator = backend().authenticator,
                                   .clock = clock()});
    sessions_ = std::make_unique<service::SessionService>(
        service::SessionService::Dependencies{.sessions = backend().sessions,
                                              .users = backend().users,
                                              .events = backend().events,
                                              .hasher = backend().hasher,
                                              .authenticator = backend().authenticator,
                                              .keyring = backend().keyring,
                                              .issuer = *issuer_,
                                              .refresh_tokens = *refresh_tokens_,
                                              .once = backend().once,
                                              .page_tokens = backend().page_tokens,
                                              .clock = clock()},
        service::SessionService::Options{
            .idle_ttl = kIdle, .ttl = std::chrono::hours(240), .refresh_grace = kGrace});
    RegisterUserService(registry, *users_);
    RegisterSessionService(registry, *sessions_);
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

  std::unique_ptr<auth::RefreshTokenCodec> refresh_tokens_;
  std::unique_ptr<service::TokenIssuer> issuer_;
  std::unique_ptr<service::UserService> users_;
  std::unique_ptr<service::SessionService> sessions_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_SESSIONS_SESSION_FIXTURE_H_
