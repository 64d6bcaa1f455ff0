// Storms, sizes and clocks that an attacker chooses, or bad luck.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/reason.h"
#include "base/status.h"
#include "base/time.h"
#include "service/session/session_service.h"
#include "tests/integration/sessions/session_fixture.h"
#include "tests/support/server/test_backend.h"

namespace gatehouse::tests {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class AttackTest : public SessionFixture {
 protected:
  using Refreshed = absl::StatusOr<v1::RefreshSessionResponse>;

  // As a call, but for the network: a thousand connections would be what is measured.
  static std::future<Refreshed> StartRefresh(TestBackend& server, const std::string& token) {
    v1::RefreshSessionRequest request;
    request.set_refresh_token(token);
    return server.runner.Start<Refreshed>([&server, request] {
      return server.services.sessions.RefreshSession(server.runner.Context(), request);
    });
  }
  // A second server over the database of the first one, whose clock differs by `skew`.
  std::unique_ptr<TestBackend> StartAnother(base::Duration skew) {
    TestBackend::Options options;
    Configure(options);
    options.dsn = backend().dsn;
    auto server = std::make_unique<TestBackend>(std::move(options));
    server->clock.Set(clock().Now() + skew);
    return server;
  }
  std::string GenerationOf(const v1::CreateSessionResponse& login) {
    return Ask("SELECT generation FROM gatehouse.session WHERE session_id = '" +
               login.session().id() + "'");
  }
  // Asked with an API key, which is good whatever the clock says.
  bool Works(const std::string& token) {
    v1::VerifySessionRequest request;
    request.set_token(token);
    const auto outcome =
        Call<v1::VerifySessionResponse>(backend().MakeApiKey({"sessions.verify"}), request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response.active();
  }
  uint64_t hashes() { return backend().auth.hasher.hash_count(); }
};

// A client with a thousand tabs, each of which finds its access token expired.
TEST_F(AttackTest, AStormOfRefreshesIsOneGenerationAndOneToken) {
  constexpr int kStorm = 1'000;
  AddUser("ada");
  const v1::CreateSessionResponse login = LogIn("ada").response;
  const int64_t before = std::stoll(GenerationOf(login));
  std::vector<std::future<Refreshed>> storm;
  // All on the loop before the first is answered.
  backend().runner.RunPlain([&] {
    for (int i = 0; i < kStorm; ++i)
      storm.push_back(StartRefresh(backend(), login.tokens().refresh_token()));
  });
  std::set<std::string> tokens;
  for (auto& one : storm) {
    const Refreshed refreshed = one.get();
    ASSERT_TRUE(refreshed.ok()) << refreshed.status();
    EXPECT_EQ(refreshed->session_id(), login.session().id());
    tokens.insert(refreshed->tokens().refresh_token());
  }
  ASSERT_EQ(tokens.size(), 1u);
  EXPECT_EQ(std::stoll(GenerationOf(login)), before + 1);
  EXPECT_EQ(CountEvents("session.refreshed"), "1");
  EXPECT_EQ(CountEvents("session.refresh_token_reused"), "0");
  EXPECT_TRUE(Refresh(*tokens.begin()).ok()) << "it is the one that goes on";
}

// Two servers over one database, whose clocks differ by more than the grace.
TEST_F(AttackTest, ARetryAtAServerWhoseClockIsBehindGetsTheSameToken) {
  AddUser("ada");
  const std::unique_ptr<TestBackend> behind = StartAnother(-kGrace - seconds(10));
  const std::string first = LogIn("ada").response.tokens().refresh_token();
  const std::string second = Refresh(first).response.tokens().refresh_token();
  const Refreshed retried = StartRefresh(*behind, first).get();
  ASSERT_TRUE(retried.ok()) << retried.status();
  EXPECT_EQ(retried->tokens().refresh_token(), second);
  // Either server goes on from it, whatever time the other one wrote.
  const Refreshed third = StartRefresh(*behind, second).get();
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_TRUE(Refresh(third->tokens().refresh_token()).ok());
  // Nor does the clock revive what is two generations old.
  EXPECT_TRUE(base::HasReason(StartRefresh(*behind, first).get().status(),
                              base::Reason::kRefreshTokenInvalid));
  EXPECT_EQ(CountEvents("session.refresh_token_reused"), "1");
}

// It cannot be told from a thief who comes late. The session ends, and nobody gains anything.
TEST_F(AttackTest, ARetryAtAServerWhoseClockIsAheadEndsTheSession) {
  AddUser("ada");
  const std::unique_ptr<TestBackend> ahead = StartAnother(kGrace + seconds(10));
  const std::string first = LogIn("ada").response.tokens().refresh_token();
  const std::string second = Refresh(first).response.tokens().refresh_token();
  EXPECT_TRUE(base::HasReason(StartRefresh(*ahead, first).get().status(),
                              base::Reason::kRefreshTokenInvalid));
  EXPECT_EQ(Refresh(second).reason(), "REFRESH_TOKEN_INVALID") << "at either server";
  EXPECT_TRUE(base::HasReason(StartRefresh(*ahead, second).get().status(),
                              base::Reason::kRefreshTokenInvalid));
  EXPECT_EQ(CountEvents("session.refresh_token_reused"), "1");
  EXPECT_EQ(CountEvents("session.revoked"), "1");
}

// What the server before wrote lies in the future of this one: neither does the session end, nor
// does it live longer than it may.
TEST_F(AttackTest, ASessionOutlivesAClockThatWentBack) {
  AddUser("ada");
  const auto login = LogIn("ada").response;
  const base::Time here = clock().Now();
  clock().Set(here - minutes(2));
  EXPECT_FALSE(Works(login.tokens().access_token())) << "it is not valid yet there";
  const auto refreshed = Refresh(login.tokens().refresh_token());
  ASSERT_TRUE(refreshed.ok()) << refreshed.message;
  EXPECT_TRUE(Works(refreshed.response.tokens().access_token()));
  clock().Set(here);
  EXPECT_TRUE(Works(refreshed.response.tokens().access_token()));
  EXPECT_EQ(Ask("SELECT expire_time <= create_time + interval '240 hours' AND idle_expire_time <= "
                "expire_time FROM gatehouse.session WHERE session_id = '" +
                login.session().id() + "'"),
            "t");
}

// No method that takes a password takes as large a message, whoever sends it.
TEST_F(AttackTest, APasswordOfAMebibyteIsRefusedUnread) {
  const std::string large(1 << 20, 'a');
  AddUser("ada");
  const auto login = LogIn("ada").response;
  const uint64_t before = hashes();
  EXPECT_EQ(LogIn("ada", large).reason(), "MESSAGE_TOO_LARGE");
  v1::SetPasswordRequest set;
  set.set_user_id(login.session().user_id());
  set.set_password(large);
  EXPECT_EQ(Call<v1::SetPasswordResponse>(admin(), set).reason(), "MESSAGE_TOO_LARGE");
  v1::CreateUserRequest user;
  user.mutable_user()->set_username("bob");
  user.set_password(large);
  EXPECT_EQ(Call<v1::CreateUserResponse>(admin(), user).reason(), "MESSAGE_TOO_LARGE");
  v1::ChangePasswordRequest change;
  change.set_current_password(large);
  change.set_new_password(large);
  EXPECT_EQ(Call<v1::ChangePasswordResponse>(CallerOf(login), change).reason(),
            "MESSAGE_TOO_LARGE");
  EXPECT_EQ(hashes(), before);
}

// What needs no credentials is refused unread; elsewhere a password of that size is none, before
// anything of it is hashed.
TEST_F(AttackTest, APasswordOfManyKibibytesCostsNoHashOfIt) {
  const std::string large(50'000, 'a');
  AddUser("ada");
  const auto login = LogIn("ada").response;
  const Caller ada = CallerOf(login);
  uint64_t before = hashes();
  EXPECT_EQ(LogIn("ada", large).reason(), "MESSAGE_TOO_LARGE");
  v1::FinishPasswordResetRequest reset;
  reset.set_token("gh_ot_");
  reset.set_password(large);
  EXPECT_EQ(Call<v1::FinishPasswordResetResponse>(nobody(), reset).reason(), "MESSAGE_TOO_LARGE");
  v1::SetPasswordRequest set;
  set.set_user_id(login.session().user_id());
  set.set_password(large);
  EXPECT_EQ(Call<v1::SetPasswordResponse>(admin(), set).reason(), "PASSWORD_POLICY");
  v1::CreateUserRequest user;
  user.mutable_user()->set_username("bob");
  user.set_password(large);
  EXPECT_EQ(Call<v1::CreateUserResponse>(admin(), user).reason(), "PASSWORD_POLICY");
  v1::ChangePasswordRequest change;
  change.set_current_password(kPassword);
  change.set_new_password(large);
  EXPECT_EQ(Call<v1::ChangePasswordResponse>(ada, change).reason(), "PASSWORD_POLICY");
  EXPECT_EQ(hashes(), before);
  // What could be the password is compared, at the price of any other.
  change.set_current_password(large);
  change.set_new_password("staple after staple");
  EXPECT_EQ(Call<v1::ChangePasswordResponse>(ada, change).reason(), "PASSWORD_INCORRECT");
  EXPECT_EQ(hashes() - before, 1u);
}

// One byte more than a password may have, within the limit on the message.
TEST_F(AttackTest, ALoginWithAPasswordThatIsTooLongIsLikeAnyOtherWrongOne) {
  AddUser("ada");
  const uint64_t before = hashes();
  const auto outcome = LogIn("ada", std::string(1025, 'a'));
  EXPECT_EQ(outcome.reason(), "LOGIN_FAILED");
  EXPECT_EQ(hashes() - before, 1u);
  EXPECT_EQ(outcome.message, LogIn("ada", "wrong horse battery").message);
}

}  // namespace
}  // namespace gatehouse::tests
