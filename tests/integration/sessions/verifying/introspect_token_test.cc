// What IntrospectToken says of each kind of token, and of those that are none.

#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "auth/token/refresh_token.h"
#include "base/uuid.h"
#include "gatehouse/v1/session_introspection.pb.h"
#include "tests/integration/sessions/session_fixture.h"

namespace gatehouse::tests {
namespace {

class IntrospectTokenTest : public SessionFixture {
 protected:
  v1::IntrospectTokenResponse Introspect(const std::string& token) {
    v1::IntrospectTokenRequest request;
    request.set_token(token);
    const auto outcome = Call<v1::IntrospectTokenResponse>(admin(), request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response;
  }
  // Inactive, and nothing but that.
  void ExpectNothingSaidOf(const std::string& token) {
    EXPECT_EQ(Introspect(token).ByteSizeLong(), 0u) << token.substr(0, 20);
  }
};

TEST_F(IntrospectTokenTest, SaysWhatAnAccessTokenSays) {
  const std::string user = AddUser("ada", "analyst");
  const auto login = LogIn("ada").response;
  const uint64_t before = backend().statements();
  const v1::IntrospectTokenResponse said = Introspect(login.tokens().access_token());
  // That the session is live; the caller's own token is known.
  EXPECT_EQ(backend().statements() - before, 1u);
  EXPECT_TRUE(said.active());
  EXPECT_EQ(said.token_type(), v1::TOKEN_TYPE_ACCESS_TOKEN);
  EXPECT_EQ(said.subject(), user);
  EXPECT_EQ(said.username(), "ada");
  EXPECT_EQ(said.tenant_id(), base::kDefaultTenantId.ToString());
  EXPECT_EQ(said.session_id(), login.session().id());
  EXPECT_EQ(said.issuer(), "gatehouse");
  EXPECT_EQ(said.audience(), "gatehouse");
  EXPECT_FALSE(said.token_id().empty());
  EXPECT_EQ(said.roles(0), "analyst");
  EXPECT_EQ(said.amr(0), "pwd");
  EXPECT_EQ(said.expire_time().seconds(), login.tokens().access_token_expire_time().seconds());
  EXPECT_EQ(said.expire_time().seconds() - said.issue_time().seconds(), 300);
  EXPECT_TRUE(said.has_auth_time());
  std::string scope;
  for (const std::string& permission : said.permissions()) {
    scope += (scope.empty() ? "" : " ") + permission;
  }
  EXPECT_EQ(said.scope(), scope);
  EXPECT_NE(scope, "");
  // Known by now.
  const uint64_t again = backend().statements();
  EXPECT_EQ(Introspect(login.tokens().access_token()).SerializeAsString(),
            said.SerializeAsString());
  EXPECT_EQ(backend().statements(), again);
}

TEST_F(IntrospectTokenTest, SaysWhatAnApiKeyMay) {
  const Caller key = backend().MakeApiKey({"users.read", "sessions.verify"});
  const v1::IntrospectTokenResponse said = Introspect(key.credential);
  EXPECT_TRUE(said.active());
  EXPECT_EQ(said.token_type(), v1::TOKEN_TYPE_API_KEY);
  EXPECT_EQ(said.subject(), key.id.ToString());
  EXPECT_EQ(said.scope(), "users.read sessions.verify");
  EXPECT_EQ(said.session_id(), "");
  EXPECT_FALSE(said.has_issue_time());
  EXPECT_FALSE(said.has_expire_time());
}

TEST_F(IntrospectTokenTest, ARefreshTokenIsGoodWhereRefreshSessionTakesIt) {
  const std::string user = AddUser("ada");
  const auto login = LogIn("ada").response;
  const std::string first = login.tokens().refresh_token();
  const v1::IntrospectTokenResponse said = Introspect(first);
  EXPECT_TRUE(said.active());
  EXPECT_EQ(said.token_type(), v1::TOKEN_TYPE_REFRESH_TOKEN);
  EXPECT_EQ(said.subject(), user);
  EXPECT_EQ(said.session_id(), login.session().id());
  EXPECT_EQ(said.scope(), "");
  EXPECT_EQ(said.amr(0), "pwd");
  EXPECT_EQ(said.expire_time().seconds(), login.session().idle_expire_time().seconds());

  const std::string second = Refresh(first).response.tokens().refresh_token();
  ASSERT_FALSE(second.empty());
  EXPECT_TRUE(Introspect(second).active());
  // A retry of it would still be answered.
  EXPECT_TRUE(Introspect(first).active());
  clock().Advance(kGrace);
  ExpectNothingSaidOf(first);
  EXPECT_TRUE(Introspect(second).active());
  // To look is not to use: the session lives.
  EXPECT_TRUE(Refresh(second).ok());
}

TEST_F(IntrospectTokenTest, OfWhatIsNotLiveNothingIsSaid) {
  AddUser("ada");
  const auto login = LogIn("ada").response;
  const std::string access = login.tokens().access_token();
  ASSERT_TRUE(LogOut(CallerOf(login)).ok());
  ExpectNothingSaidOf(access);
  ExpectNothingSaidOf(login.tokens().refresh_token());

  const auto other = LogIn("ada").response;
  clock().Advance(kIdle);
  // Whose token has not expired meanwhile.
  const Caller asking = backend().LogIn("admin");
  v1::IntrospectTokenRequest request;
  for (const std::string& token :
       {other.tokens().access_token(), other.tokens().refresh_token(), std::string("nonsense"),
        std::string("a.b.c"), std::string("gh_rt_nonsense"), std::string("gh_ak_nonsense"),
        std::string(10'000, 'x'), access.substr(0, access.size() - 1)}) {
    request.set_token(token);
    const auto outcome = Call<v1::IntrospectTokenResponse>(asking, request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    EXPECT_EQ(outcome.response.ByteSizeLong(), 0u) << token.substr(0, 20);
  }
}

TEST_F(IntrospectTokenTest, OfAnotherTenantsTokenNothingIsSaid) {
  const base::Uuid elsewhere = *base::Uuid::Parse("0190d1f0-0000-7000-8000-0000000000ff");
  ExpectNothingSaidOf(backend().MakeApiKey({"users.read"}, elsewhere).credential);
  const auth::RefreshTokenCodec& codec = backend().auth.refresh_tokens;
  AddUser("ada");
  const auto login = LogIn("ada").response;
  auto claims = codec.Decode(login.tokens().refresh_token());
  ASSERT_TRUE(claims.has_value());
  claims->tenant_id = elsewhere;
  ExpectNothingSaidOf(codec.Encode(*claims));
}

TEST_F(IntrospectTokenTest, NeedsAPermissionAndAToken) {
  v1::IntrospectTokenRequest request;
  request.set_token("nonsense");
  EXPECT_EQ(Call<v1::IntrospectTokenResponse>(nobody(), request).code,
            absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Call<v1::IntrospectTokenResponse>(backend().MakeApiKey({"users.read"}), request).code,
            absl::StatusCode::kPermissionDenied);
  request.clear_token();
  EXPECT_EQ(Call<v1::IntrospectTokenResponse>(admin(), request).code,
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace gatehouse::tests
