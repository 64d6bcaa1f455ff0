// RefreshSession: one winner, the same answer for retries, an end for thieves.

#include <gtest/gtest.h>

#include <future>
#include <set>
#include <string>
#include <vector>

#include "tests/integration/sessions/session_fixture.h"

namespace gatehouse::tests {
namespace {

class RefreshTest : public SessionFixture {
 protected:
  void SetUp() override {
    SessionFixture::SetUp();
    user_id_ = AddUser("ada");
    login_ = LogIn("ada").response;
    first_ = login_.tokens().refresh_token();
  }

  std::string user_id_;
  v1::CreateSessionResponse login_;
  std::string first_;
};

TEST_F(RefreshTest, GivesANewPairAndCommitsItsEvent) {
  const auto refreshed = Refresh(first_);
  ASSERT_TRUE(refreshed.ok()) << refreshed.message;
  EXPECT_NE(refreshed.response.tokens().refresh_token(), first_);
  EXPECT_EQ(refreshed.response.session_id(), login_.session().id());
  EXPECT_TRUE(Verify(refreshed.response.tokens().access_token()).active());
  EXPECT_EQ(CountEvents("session.refreshed"), "1");
  EXPECT_TRUE(Refresh(refreshed.response.tokens().refresh_token()).ok());
}

TEST_F(RefreshTest, IsOneStatement) {
  const uint64_t before = backend().statements();
  ASSERT_TRUE(Refresh(first_).ok());
  EXPECT_EQ(backend().statements() - before, 1u);
  EXPECT_EQ(CountEvents("session.refreshed"), "1");
}

TEST_F(RefreshTest, ARetryWithinTheGraceGetsTheIdenticalToken) {
  const std::string second = Refresh(first_).response.tokens().refresh_token();
  clock().Advance(kGrace - std::chrono::seconds(1));
  const auto retried = Refresh(first_);
  ASSERT_TRUE(retried.ok()) << retried.message;
  EXPECT_EQ(retried.response.tokens().refresh_token(), second);
  EXPECT_EQ(CountEvents("session.refreshed"), "1");
}

TEST_F(RefreshTest, ATokenNewerThanARestoredDatabaseIsInvalid) {
  const std::string second = Refresh(first_).response.tokens().refresh_token();
  const std::string third = Refresh(second).response.tokens().refresh_token();
  Ask("UPDATE gatehouse.session SET generation = generation - 1 RETURNING 1");
  EXPECT_EQ(Refresh(third).reason(), "REFRESH_TOKEN_INVALID");
  // The one that is current there goes on.
  EXPECT_TRUE(Refresh(second).ok());
}

TEST_F(RefreshTest, ReuseAfterTheGraceEndsTheSession) {
  const auto second = Refresh(first_);
  const std::string access = second.response.tokens().access_token();
  ASSERT_TRUE(Verify(access).active());
  clock().Advance(kGrace);
  const auto reused = Refresh(first_);
  EXPECT_EQ(reused.code, absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(reused.reason(), "REFRESH_TOKEN_INVALID");
  EXPECT_FALSE(Verify(access).active());
  EXPECT_EQ(Refresh(second.response.tokens().refresh_token()).reason(), "REFRESH_TOKEN_INVALID");
  EXPECT_EQ(CountEvents("session.refresh_token_reused"), "1");
  EXPECT_EQ(Ask("SELECT outcome FROM gatehouse.event WHERE type = 'session.refresh_token_reused'"),
            "3")
      << "DENIED";
  EXPECT_EQ(CountEvents("session.revoked"), "1");
  EXPECT_EQ(Ask("SELECT revoke_reason FROM gatehouse.session WHERE session_id = '" +
                login_.session().id() + "'"),
            "TOKEN_REUSED");
}

// Thief and victim cannot leapfrog one generation behind each other for ever.
TEST_F(RefreshTest, ATokenTwoGenerationsOldIsReuseEvenWithinTheGrace) {
  const std::string second = Refresh(first_).response.tokens().refresh_token();
  ASSERT_TRUE(Refresh(second).ok());
  EXPECT_EQ(Refresh(first_).reason(), "REFRESH_TOKEN_INVALID");
  EXPECT_EQ(CountEvents("session.refresh_token_reused"), "1");
}

TEST_F(RefreshTest, ConcurrentRefreshesOfOneTokenAgree) {
  std::vector<std::future<UnaryOutcome<v1::RefreshSessionResponse>>> racing;
  for (int i = 0; i < 16; ++i) {
    racing.push_back(std::async(std::launch::async, [this] { return Refresh(first_); }));
  }
  std::set<std::string> tokens;
  for (auto& one : racing) {
    const auto outcome = one.get();
    ASSERT_TRUE(outcome.ok()) << outcome.message;
    tokens.insert(outcome.response.tokens().refresh_token());
  }
  EXPECT_EQ(tokens.size(), 1u);
  EXPECT_EQ(CountEvents("session.refreshed"), "1");
  EXPECT_EQ(CountEvents("session.revoked"), "0");
}

TEST_F(RefreshTest, AForgedTokenCostsNoStatement) {
  std::string forged = first_;
  forged[20] = forged[20] == 'A' ? 'B' : 'A';
  const uint64_t before = backend().statements();
  EXPECT_EQ(Refresh(forged).reason(), "REFRESH_TOKEN_INVALID");
  EXPECT_EQ(Refresh("gh_rt_").reason(), "REFRESH_TOKEN_INVALID");
  EXPECT_EQ(Refresh(std::string(10'000, 'x')).reason(), "REFRESH_TOKEN_INVALID");
  EXPECT_EQ(backend().statements(), before);
}

TEST_F(RefreshTest, EndsWithTheIdleTime) {
  clock().Advance(kIdle + std::chrono::seconds(1));
  EXPECT_EQ(Refresh(first_).reason(), "REFRESH_TOKEN_INVALID");
  EXPECT_EQ(CountEvents("session.refresh_token_reused"), "0");
}

// Each of the guards holds by itself, whatever the others and the epoch say.
TEST_F(RefreshTest, NeedsAUserWhoIsThereAndEnabled) {
  for (const char* change : {"state = 2", "delete_time = now()"}) {
    Ask("UPDATE gatehouse.user_account SET " + std::string(change) + " WHERE user_id = '" +
        user_id_ + "' RETURNING 1");
    EXPECT_EQ(Refresh(first_).reason(), "REFRESH_TOKEN_INVALID") << change;
    Ask("UPDATE gatehouse.user_account SET state = 1, delete_time = NULL WHERE user_id = '" +
        user_id_ + "' RETURNING 1");
  }
  EXPECT_EQ(CountEvents("session.refreshed"), "0");
  EXPECT_TRUE(Refresh(first_).ok());
}

TEST_F(RefreshTest, TheIdleTimeNeverEndsAfterTheSession) {
  std::string token = first_;
  for (int day = 0; day < 10; ++day) {
    clock().Advance(kIdle - std::chrono::minutes(1));
    const auto refreshed = Refresh(token);
    ASSERT_TRUE(refreshed.ok()) << day << refreshed.message;
    token = refreshed.response.tokens().refresh_token();
  }
  EXPECT_EQ(
      Ask("SELECT idle_expire_time = expire_time FROM gatehouse.session WHERE session_id = '" +
          login_.session().id() + "'"),
      "t");
}

TEST_F(RefreshTest, GraceNeverRevivesAnEndedSession) {
  const auto second = Refresh(first_);
  LogOut(CallerOf(login_));
  EXPECT_EQ(Refresh(first_).reason(), "REFRESH_TOKEN_INVALID");
  EXPECT_EQ(Refresh(second.response.tokens().refresh_token()).reason(), "REFRESH_TOKEN_INVALID");
}

}  // namespace
}  // namespace gatehouse::tests
