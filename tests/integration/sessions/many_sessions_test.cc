// Users with more sessions than anybody needs.

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/integration/sessions/session_fixture.h"

namespace gatehouse::tests {
namespace {

class ManySessionsTest : public SessionFixture {
 protected:
  static constexpr int kMax = 3;

  void Configure(TestBackend::Options& options) override {
    SessionFixture::Configure(options);
    options.config.auth.max_sessions_per_user = kMax;
  }

  void SetUp() override {
    SessionFixture::SetUp();
    ada_ = AddUser("ada");
  }

  v1::CreateSessionResponse MustLogIn() {
    clock().Advance(std::chrono::seconds(1));
    const auto login = LogIn("ada");
    EXPECT_TRUE(login.ok()) << login.message;
    return login.response;
  }

  std::string CountLive() {
    return Ask("SELECT count(*) FROM gatehouse.session WHERE revoke_time IS NULL AND user_id = '" +
               ada_ + "'");
  }

  // More live sessions of ada, newer than all others.
  void AddSessions(int count) {
    Ask("INSERT INTO gatehouse.session SELECT tenant_id, ('ffffffff-0000-7000-8000-' || "
        "lpad(to_hex(i), 12, '0'))::uuid, user_id, generation, rotate_time, label, thread_id, "
        "context, ip_address, user_agent, amr, auth_time, create_time, update_time, "
        "last_used_time, idle_expire_time, expire_time, revoke_time, revoke_reason, version, "
        "user_epoch FROM gatehouse.session, generate_series(1, " +
        std::to_string(count) + ") AS i WHERE user_id = '" + ada_ + "' AND revoke_time IS NULL");
  }

  v1::RevokeUserSessionsResponse RevokeAll() {
    v1::RevokeUserSessionsRequest request;
    request.set_user_id(ada_);
    const auto revoked = Call<v1::RevokeUserSessionsResponse>(admin(), request);
    EXPECT_TRUE(revoked.ok()) << revoked.message;
    return revoked.response;
  }

  bool MarkSome() {
    const auto more = backend().runner.Run<absl::StatusOr<bool>>([this] {
      return backend().storage->sessions.MarkEnded(backend().SystemContext(),
                                                   base::kDefaultTenantId);
    });
    EXPECT_TRUE(more.ok()) << more.status();
    return more.value_or(false);
  }

  std::string ada_;
};

TEST_F(ManySessionsTest, ALoginEndsTheOldestInItsOwnTransaction) {
  std::vector<v1::CreateSessionResponse> logins;
  for (int i = 0; i < kMax; ++i) logins.push_back(MustLogIn());
  EXPECT_EQ(CountLive(), std::to_string(kMax));
  EXPECT_EQ(CountEvents("session.revoked"), "0");
  ASSERT_TRUE(Verify(logins[0].tokens().access_token()).active());

  logins.push_back(MustLogIn());
  EXPECT_EQ(CountLive(), std::to_string(kMax));
  EXPECT_FALSE(Verify(logins[0].tokens().access_token()).active());
  EXPECT_EQ(Refresh(logins[0].tokens().refresh_token()).reason(), "REFRESH_TOKEN_INVALID");
  for (int i = 1; i <= kMax; ++i) {
    EXPECT_TRUE(Verify(logins[i].tokens().access_token()).active()) << i;
  }
  const std::string oldest = logins[0].session().id();
  EXPECT_EQ(Ask("SELECT revoke_reason FROM gatehouse.session WHERE session_id = '" + oldest + "'"),
            "TOO_MANY_SESSIONS");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event ended JOIN gatehouse.event made USING (xid) "
                "WHERE ended.type = 'session.revoked' AND made.type = 'session.created' AND "
                "ended.targets->0->>'id' = '" +
                oldest +
                "' AND ended.details->>'reason' = 'TOO_MANY_SESSIONS' AND "
                "ended.actor_id = '" +
                ada_ + "'"),
            "1");
  EXPECT_EQ(CountEvents("session.revoked"), "1");
}

TEST_F(ManySessionsTest, OnlyLiveOnesOfThatUserCount) {
  AddUser("bob");
  const auto first = MustLogIn();
  for (int i = 0; i < kMax; ++i) {
    LogOut(CallerOf(MustLogIn()));
    EXPECT_TRUE(LogIn("bob").ok());
  }
  EXPECT_TRUE(Verify(first.tokens().access_token()).active());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.session WHERE revoke_reason = 'TOO_MANY_SESSIONS'"),
            "0");
}

TEST_F(ManySessionsTest, LoginsAtOnceAllSucceedAndTheNextMendsTheirNumber) {
  for (int i = 0; i < kMax; ++i) MustLogIn();
  std::vector<std::future<bool>> logins;
  for (int i = 0; i < 8; ++i) {
    logins.push_back(std::async(std::launch::async, [this] { return LogIn("ada").ok(); }));
  }
  for (auto& login : logins) EXPECT_TRUE(login.get());
  MustLogIn();
  EXPECT_EQ(CountLive(), std::to_string(kMax));
}

TEST_F(ManySessionsTest, EndingThemAllDoesNotWaitForTheirNumber) {
  const auto login = MustLogIn();
  AddSessions(2'500);
  const uint64_t before = backend().statements();
  EXPECT_EQ(RevokeAll().revoked_count(), 1'000);
  EXPECT_EQ(backend().statements() - before, 3u);
  // This one is the oldest and not marked yet.
  ASSERT_EQ(CountLive(), "1501");
  EXPECT_FALSE(Verify(login.tokens().access_token(), /*full=*/true).active());
  EXPECT_EQ(Refresh(login.tokens().refresh_token()).reason(), "REFRESH_TOKEN_INVALID");

  const auto later = MustLogIn();
  while (MarkSome()) {
  }
  EXPECT_EQ(CountLive(), "1");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.session WHERE revoke_reason = 'REVOKED'"), "2501");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.session_end"), "0");
  EXPECT_TRUE(Verify(later.tokens().access_token(), /*full=*/true).active());
  EXPECT_TRUE(Refresh(later.tokens().refresh_token()).ok());
}

// They were made by a server that did not know epochs of sessions.
TEST_F(ManySessionsTest, SessionsWithoutAnEpochEndTheSame) {
  const auto login = MustLogIn();
  Ask("UPDATE gatehouse.session SET user_epoch = NULL WHERE user_id = '" + ada_ + "'");
  EXPECT_TRUE(Refresh(login.tokens().refresh_token()).ok());
  AddSessions(1'000);
  const std::string refresh = login.tokens().refresh_token();
  RevokeAll();
  ASSERT_EQ(CountLive(), "1");
  EXPECT_FALSE(Verify(login.tokens().access_token(), /*full=*/true).active());
  EXPECT_EQ(Refresh(refresh).reason(), "REFRESH_TOKEN_INVALID");
}

}  // namespace
}  // namespace gatehouse::tests
