#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

#include "service/user/user_limits.h"
#include "tests/integration/users/password_fixture.h"

namespace gatehouse::tests {
namespace {

class ChangePasswordTest : public PasswordFixture {
 protected:
  static v1::ChangePasswordRequest Request(const std::string& from = kPassword,
                                           const std::string& to = kOther) {
    v1::ChangePasswordRequest request;
    request.set_current_password(from);
    request.set_new_password(to);
    return request;
  }
  UnaryOutcome<v1::ChangePasswordResponse> Change(const Caller& caller,
                                                  const v1::ChangePasswordRequest& request) {
    return Call<v1::ChangePasswordResponse>(caller, request);
  }
};

TEST_F(ChangePasswordTest, EndsTheOtherSessionsAndNotItsOwn) {
  const v1::User user = CreateWithPassword("ada");
  const Caller phone = LoggedIn("ada");
  const Caller desk = LoggedIn("ada");
  const auto outcome = Change(desk, Request());
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_FALSE(IsLive(phone));
  EXPECT_TRUE(IsLive(desk));
  EXPECT_EQ(LogIn("ada", kPassword).reason(), "LOGIN_FAILED");
  EXPECT_TRUE(LogIn("ada", kOther).ok());
  EXPECT_EQ(Ask("SELECT string_agg(e.type || ' ' || e.details::text, '; ' ORDER BY e.type) FROM "
                "gatehouse.event e JOIN gatehouse.user_account u ON u.user_id = '" +
                user.id() +
                "' AND e.xid::text = (SELECT s.xmin::text FROM gatehouse.session s "
                "WHERE s.revoke_reason = 'PASSWORD_CHANGED')"),
            "user.password_changed {\"by\": \"USER\", \"keep_sessions\": false}; "
            "user.sessions_revoked {\"reason\": \"PASSWORD_CHANGED\", \"except_session_id\": \"" +
                desk.session_id.ToString() + "\"}");
}

TEST_F(ChangePasswordTest, KeepsSessionsIfAskedTo) {
  CreateWithPassword("ada");
  const Caller phone = LoggedIn("ada");
  v1::ChangePasswordRequest request = Request();
  request.set_keep_sessions(true);
  ASSERT_TRUE(Change(LoggedIn("ada"), request).ok());
  EXPECT_TRUE(IsLive(phone));
  EXPECT_EQ(CountEvents("user.sessions_revoked"), "0");
}

TEST_F(ChangePasswordTest, AWrongCurrentPasswordIsRecordedAndChangesNothing) {
  CreateWithPassword("ada");
  const Caller ada = LoggedIn("ada");
  const auto outcome = Change(ada, Request("wrong horse battery"));
  EXPECT_EQ(outcome.code, absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(outcome.reason(), "PASSWORD_INCORRECT");
  EXPECT_EQ(Ask("SELECT actor_id || ' ' || outcome FROM gatehouse.event WHERE type = "
                "'user.password_refused'"),
            ada.id.ToString() + " 3");
  EXPECT_TRUE(LogIn("ada", kPassword).ok());
}

TEST_F(ChangePasswordTest, GuessesAreLimitedAndRightOnesAreNone) {
  constexpr int kAllowed = static_cast<int>(service::UserLimits::kOwnPasswords.burst);
  CreateWithPassword("ada");
  const Caller ada = LoggedIn("ada");
  std::string password = kPassword;
  for (int i = 0; i < 2 * kAllowed; ++i) {
    const std::string next = "another password " + std::to_string(i);
    EXPECT_TRUE(Change(ada, Request(password, next)).ok()) << i;
    password = next;
  }
  for (int i = 0; i < kAllowed; ++i) {
    EXPECT_EQ(Change(ada, Request("guess number " + std::to_string(i))).reason(),
              "PASSWORD_INCORRECT");
  }
  const uint64_t hashes = backend().auth.hasher.hash_count();
  EXPECT_EQ(Change(ada, Request(password)).reason(), "RATE_LIMITED");
  EXPECT_EQ(backend().auth.hasher.hash_count(), hashes);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'gatehouse.call_denied' AND "
                "details->>'limit' IS NOT NULL"),
            "1");
}

TEST_F(ChangePasswordTest, OfTwoAtATimeOneWins) {
  CreateWithPassword("ada");
  const Caller ada = LoggedIn("ada");
  std::vector<std::future<UnaryOutcome<v1::ChangePasswordResponse>>> calls;
  for (int i = 0; i < 4; ++i) {
    calls.push_back(std::async(std::launch::async, [this, &ada, i] {
      return Change(ada, Request(kPassword, "another password " + std::to_string(i)));
    }));
  }
  int won = 0;
  for (auto& call : calls) {
    const auto outcome = call.get();
    won += outcome.ok() ? 1 : 0;
    if (!outcome.ok()) {
      EXPECT_TRUE(outcome.reason() == "CONFLICT" || outcome.reason() == "PASSWORD_INCORRECT")
          << outcome.message;
    }
  }
  EXPECT_EQ(won, 1);
}

TEST_F(ChangePasswordTest, ARepetitionGetsTheFirstAnswer) {
  CreateWithPassword("ada");
  const Caller ada = LoggedIn("ada");
  v1::ChangePasswordRequest request = Request();
  request.set_request_id(kRequestId);
  ASSERT_TRUE(Change(ada, request).ok());
  EXPECT_TRUE(Change(ada, request).ok());
  EXPECT_EQ(CountEvents("user.password_changed"), "1");
}

TEST_F(ChangePasswordTest, RefusesWhatItMust) {
  CreateWithPassword("lovelace");
  const Caller ada = LoggedIn("lovelace");
  EXPECT_EQ(Change(ada, Request(kPassword, "short")).reason(), "PASSWORD_POLICY");
  EXPECT_EQ(Change(ada, Request(kPassword, "lovelace in the middle")).reason(), "PASSWORD_POLICY");
  EXPECT_EQ(Change(ada, Request(kPassword, kPassword)).reason(), "PASSWORD_POLICY");
  EXPECT_EQ(Change(ada, Request("", kOther)).reason(), "INVALID_FIELD");
  EXPECT_EQ(Change(nobody(), Request()).reason(), "UNAUTHENTICATED");
  EXPECT_EQ(Change(backend().MakeApiKey({"users.set_password"}), Request()).reason(),
            "PERMISSION_DENIED");
  // One who never had a password has none to give.
  EXPECT_EQ(Change(backend().LogIn("viewer"), Request()).reason(), "PASSWORD_INCORRECT");
  EXPECT_EQ(CountEvents("user.password_changed"), "0");
}

}  // namespace
}  // namespace gatehouse::tests
