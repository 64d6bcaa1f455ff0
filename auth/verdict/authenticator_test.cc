#include "auth/verdict/authenticator.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "auth/api_key/api_key.h"
#include "auth/permission/permissions.h"
#include "base/manual_clock.h"
#include "base/status.h"
#include "tests/support/coroutine/loop_runner.h"

namespace gatehouse::auth {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const std::string kMaster(32, 'm');
const base::Time kStart = base::TimeFromMicros(1'700'000'000'000'000);
const base::Uuid kTenant = base::kDefaultTenantId;
const base::Uuid kUser = *base::Uuid::Parse("01890000-0000-7000-8000-000000000001");
const base::Uuid kSession = *base::Uuid::Parse("01890000-0000-7000-8000-0000000000a2");
const base::Uuid kKeyId = *base::Uuid::Parse("01890000-0000-7000-8000-0000000000b3");

// The database: what is live, how often it was asked, and what happens while it
// is asked.
class FakeStore : public CredentialStore {
 public:
  base::Task<absl::StatusOr<std::optional<LiveSession>>> FindLiveSession(
      base::CallContext context, base::Uuid tenant_id, base::Uuid session_id) override {
    ++statements;
    if (!failure.ok()) co_return failure;
    const auto found = sessions.find({tenant_id, session_id});
    std::optional<LiveSession> answer;
    if (found != sessions.end()) answer = found->second;
    if (while_asked) std::exchange(while_asked, nullptr)();
    co_return answer;
  }

  base::Task<absl::StatusOr<std::optional<LiveApiKey>>> FindLiveApiKey(
      base::CallContext context, base::Uuid tenant_id, std::string key_hash) override {
    ++statements;
    const auto found = keys.find({tenant_id, key_hash});
    if (found == keys.end()) co_return std::nullopt;
    co_return found->second;
  }

  base::Task<absl::StatusOr<std::optional<LiveApiKey>>> FindLiveApiKeyById(
      base::CallContext context, base::Uuid tenant_id, base::Uuid id) override {
    ++statements;
    for (const auto& [key, live] : keys) {
      if (key.first == tenant_id && live.api_key_id == id) co_return live;
    }
    co_return std::nullopt;
  }

  std::map<std::pair<base::Uuid, base::Uuid>, LiveSession> sessions;
  std::map<std::pair<base::Uuid, std::string>, LiveApiKey> keys;
  absl::Status failure;
  std::function<void()> while_asked;
  int statements = 0;
};

class AuthenticatorTest : public ::testing::Test {
 protected:
  AuthenticatorTest() {
    EXPECT_TRUE(keyring_
                    .Load(std::vector{SigningKey::Generate(SigningAlgorithm::kEs256, kTenant,
                                                           kStart, kStart, kMaster)})
                    .ok());
    store_.sessions[{kTenant, kSession}] = {.user_id = kUser,
                                            .username = "anna",
                                            .role = "analyst",
                                            .user_epoch = 3,
                                            .expires_at = kStart + minutes(60)};
  }

  std::string Token(int64_t epoch = 3) {
    return codec_
        .Sign({.tenant_id = kTenant,
               .user_id = kUser,
               .session_id = kSession,
               .user_epoch = epoch,
               .roles = {"admin"},  // What a token says of roles is never believed.
               .amr = {"pwd"},
               .auth_time = kStart})
        ->token;
  }

  absl::StatusOr<std::shared_ptr<const Verdict>> Ask(const std::string& credential,
                                                     Freshness freshness = Freshness::kCached) {
    return runner_.Run<absl::StatusOr<std::shared_ptr<const Verdict>>>(
        [&] { return authenticator_.Authenticate(runner_.Context(), credential, freshness); });
  }
  bool IsRefused(const std::string& credential) {
    const auto verdict = Ask(credential);
    if (verdict.ok()) return false;
    // Always the same, so that nobody learns what is wrong.
    EXPECT_EQ(verdict.status(), Unauthenticated());
    return true;
  }

  base::ManualClock clock_{kStart};
  Keyring keyring_{kMaster, {}};
  AccessTokenCodec codec_{keyring_, clock_, {.issuer = "i", .audience = "a"}};
  FakeStore store_;
  Authenticator authenticator_{codec_, store_, clock_, {}};
  tests::LoopRunner runner_;
};

TEST_F(AuthenticatorTest, SaysWhoseATokenIsByWhatTheDatabaseSays) {
  const auto verdict = Ask(Token());
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  const base::Principal& principal = (*verdict)->principal;
  EXPECT_EQ(principal.kind, base::Principal::Kind::kUser);
  EXPECT_EQ(principal.tenant_id, kTenant);
  EXPECT_EQ(principal.id, kUser);
  EXPECT_EQ(principal.session_id, kSession);
  EXPECT_EQ(principal.name, "anna");
  EXPECT_EQ(principal.roles, std::vector<std::string>{"analyst"});
  EXPECT_EQ(principal.permissions, PermissionsOfRole("analyst"));
  EXPECT_EQ(principal.amr, std::vector<std::string>{"pwd"});
  EXPECT_EQ(principal.auth_time, kStart);
  EXPECT_EQ((*verdict)->expires_at, kStart + minutes(5));
}

TEST_F(AuthenticatorTest, ARoleWithARowPermitsWhatTheRowSaysOfWhatThereIs) {
  LiveSession& session = store_.sessions[{kTenant, kSession}];
  session.role = "support";
  const std::string token = Token();
  EXPECT_EQ((*Ask(token))->principal.permissions, 0u);
  session.role_permissions = {"users.read", "events.read", "of.another_release"};
  EXPECT_EQ((*Ask(token, Freshness::kDatabase))->principal.permissions,
            PermissionBit(Permission::kUsersRead) | PermissionBit(Permission::kEventsRead));
}

TEST_F(AuthenticatorTest, AChangeOfARoleIsSeenByAll) {
  const std::string token = Token();
  EXPECT_TRUE(Ask(token).ok());
  EXPECT_NE(authenticator_.FindCached(token), nullptr);
  authenticator_.InvalidateAll();
  EXPECT_EQ(authenticator_.FindCached(token), nullptr);
  EXPECT_TRUE(Ask(token).ok());
  EXPECT_EQ(store_.statements, 2);
}

TEST_F(AuthenticatorTest, AsksTheDatabaseWhileOthersRevocationsAreNotKnown) {
  const std::string token = Token();
  ASSERT_TRUE(Ask(token).ok());
  const auto now = std::chrono::steady_clock::now();
  authenticator_.RevocationsKnownUntil(now - seconds(2));
  EXPECT_FALSE(authenticator_.RevocationsAreKnown());
  EXPECT_EQ(authenticator_.FindCached(token), nullptr);
  EXPECT_TRUE(Ask(token).ok());
  EXPECT_TRUE(Ask(token).ok());
  EXPECT_EQ(store_.statements, 3);
  // A minute ahead, so that no pause of this test makes it old.
  authenticator_.RevocationsKnownUntil(now + minutes(1));
  EXPECT_NE(authenticator_.FindCached(token), nullptr);
  EXPECT_TRUE(Ask(token).ok());
  EXPECT_EQ(store_.statements, 3);
}

TEST_F(AuthenticatorTest, AsksTheDatabaseOncePerToken) {
  const std::string token = Token();
  EXPECT_EQ(authenticator_.FindCached(token), nullptr);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(Ask(token).ok());
  EXPECT_NE(authenticator_.FindCached(token), nullptr);
  EXPECT_EQ(store_.statements, 1);
  EXPECT_TRUE(Ask(token, Freshness::kDatabase).ok());
  EXPECT_EQ(store_.statements, 2);
}

TEST_F(AuthenticatorTest, GarbageAndForgeriesCostNoStatement) {
  std::string forged = Token();
  forged[forged.size() - 10] ^= 1;
  for (const std::string& credential :
       {std::string(), std::string("x"), std::string("gh_key_nonsense"), forged,
        std::string(100'000, 'x'), std::string("a.b.c")}) {
    EXPECT_TRUE(IsRefused(credential));
  }
  EXPECT_EQ(store_.statements, 0);
}

TEST_F(AuthenticatorTest, AnExpiredTokenIsRefusedAlsoFromTheCache) {
  const std::string token = Token();
  EXPECT_TRUE(Ask(token).ok());
  clock_.Advance(minutes(5));
  EXPECT_EQ(authenticator_.FindCached(token), nullptr);
  EXPECT_TRUE(IsRefused(token));
  EXPECT_EQ(store_.statements, 1);
}

TEST_F(AuthenticatorTest, ASessionThatEndsEarlierEndsTheVerdict) {
  store_.sessions[{kTenant, kSession}].expires_at = kStart + minutes(1);
  const std::string token = Token();
  EXPECT_EQ((*Ask(token))->expires_at, kStart + minutes(1));
  clock_.Advance(minutes(1));
  store_.sessions.clear();
  EXPECT_TRUE(IsRefused(token));
}

TEST_F(AuthenticatorTest, ALogoutCountsAtOnceAndCostsNoStatement) {
  const std::string token = Token();
  EXPECT_TRUE(Ask(token).ok());
  store_.sessions.clear();
  authenticator_.SessionRevoked(kSession);
  EXPECT_EQ(authenticator_.FindCached(token), nullptr);
  EXPECT_TRUE(IsRefused(token));
  EXPECT_EQ(store_.statements, 1);
}

TEST_F(AuthenticatorTest, ARaisedEpochKillsOlderTokensAndNoNewerOnes) {
  const std::string old_token = Token(3);
  EXPECT_TRUE(Ask(old_token).ok());
  store_.sessions[{kTenant, kSession}].user_epoch = 4;
  authenticator_.UserRevoked(kTenant, kUser, 4);
  EXPECT_TRUE(IsRefused(old_token));
  EXPECT_EQ(store_.statements, 1);
  EXPECT_TRUE(Ask(Token(4)).ok());
}

// Whose ids are chosen may choose another tenant's.
TEST_F(AuthenticatorTest, ARaisedEpochOfAnotherTenantsUserKillsNothing) {
  const std::string token = Token(3);
  EXPECT_TRUE(Ask(token).ok());
  authenticator_.UserRevoked(kKeyId, kUser, 4);
  EXPECT_TRUE(Ask(token).ok());
}

TEST_F(AuthenticatorTest, AnEpochRaisedElsewhereIsSeenInTheDatabase) {
  store_.sessions[{kTenant, kSession}].user_epoch = 4;
  EXPECT_TRUE(IsRefused(Token(3)));
}

TEST_F(AuthenticatorTest, ASessionOfAnotherUserIsRefused) {
  store_.sessions[{kTenant, kSession}].user_id = kKeyId;
  EXPECT_TRUE(IsRefused(Token()));
}

TEST_F(AuthenticatorTest, ARevocationDuringTheQuestionWins) {
  const std::string token = Token();
  store_.while_asked = [this] {
    store_.sessions.clear();
    authenticator_.SessionRevoked(kSession);
  };
  EXPECT_TRUE(IsRefused(token));
  EXPECT_EQ(authenticator_.FindCached(token), nullptr);
}

// The answer is as good as that of a call that came a moment earlier, and is not kept.
TEST_F(AuthenticatorTest, AsksThreeTimesAtMostAboutWhatChangesEachTime) {
  const std::function<void()> change = [&] {
    authenticator_.Forget(kUser);
    store_.while_asked = change;
  };
  store_.while_asked = change;
  const std::string token = Token();
  EXPECT_TRUE(Ask(token).ok());
  EXPECT_EQ(store_.statements, 3);
  EXPECT_EQ(authenticator_.FindCached(token), nullptr);
}

TEST_F(AuthenticatorTest, ASessionThatEndsNowIsOver) {
  store_.sessions[{kTenant, kSession}].expires_at = kStart;
  EXPECT_TRUE(IsRefused(Token()));
}

// Of a database that was restored, or that lags behind.
TEST_F(AuthenticatorTest, ATokenOfALaterEpochIsGood) { EXPECT_TRUE(Ask(Token(4)).ok()); }

TEST_F(AuthenticatorTest, AChangeOfTheUserIsSeenAtOnce) {
  const std::string token = Token();
  EXPECT_TRUE(Ask(token).ok());
  store_.sessions[{kTenant, kSession}].username = "anne";
  EXPECT_EQ((*Ask(token))->principal.name, "anna");
  authenticator_.Forget(kUser);
  EXPECT_EQ((*Ask(token))->principal.name, "anne");
}

TEST_F(AuthenticatorTest, ADatabaseThatFailsIsNotARefusal) {
  store_.failure = absl::UnavailableError("down");
  const std::string token = Token();
  EXPECT_EQ(Ask(token).status().code(), absl::StatusCode::kUnavailable);
  store_.failure = absl::OkStatus();
  EXPECT_TRUE(Ask(token).ok()) << "a failure must not be remembered";
}

TEST_F(AuthenticatorTest, TakesApiKeysForAMinuteAtATime) {
  const NewApiKey key = MakeApiKey(kTenant);
  EXPECT_TRUE(IsRefused(key.key));
  EXPECT_EQ(store_.statements, 1);
  store_.keys[{kTenant, key.hash}] = {.api_key_id = kKeyId,
                                      .display_name = "backend",
                                      .permissions = {"sessions.verify", "gone.since"}};
  const auto verdict = Ask(key.key);
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_EQ((*verdict)->principal.kind, base::Principal::Kind::kApiKey);
  EXPECT_EQ((*verdict)->principal.id, kKeyId);
  EXPECT_EQ((*verdict)->principal.name, "backend");
  EXPECT_EQ((*verdict)->principal.permissions, PermissionBit(Permission::kSessionsVerify));
  EXPECT_EQ((*verdict)->expires_at, base::Time::max());
  clock_.Advance(seconds(59));
  EXPECT_TRUE(Ask(key.key).ok());
  EXPECT_EQ(store_.statements, 2);
  clock_.Advance(seconds(1));
  EXPECT_TRUE(Ask(key.key).ok());
  EXPECT_EQ(store_.statements, 3);
}

TEST_F(AuthenticatorTest, AnOwnedKeyMayDoNoMoreThanItsOwnerMayNow) {
  const NewApiKey key = MakeApiKey(kTenant);
  LiveApiKey& live = store_.keys[{kTenant, key.hash}];
  live = {.api_key_id = kKeyId,
          .permissions = {"sessions.verify", "users.read"},
          .owner_id = kUser,
          .owner_role = "support",
          .owner_permissions = std::vector<std::string>{"sessions.verify", "users.write"}};
  const auto permissions = [&] { return (*Ask(key.key))->principal.permissions; };
  EXPECT_EQ(permissions(), PermissionBit(Permission::kSessionsVerify));
  live.owner_permissions = {"users.read"};
  authenticator_.UserRevoked(kTenant, kUser, 2);
  EXPECT_EQ(permissions(), PermissionBit(Permission::kUsersRead)) << "known at once";
  live.owner_role = "admin";
  live.owner_permissions.reset();
  authenticator_.InvalidateAll();
  EXPECT_EQ(permissions(),
            PermissionBit(Permission::kSessionsVerify) | PermissionBit(Permission::kUsersRead));
}

TEST_F(AuthenticatorTest, AKeyThatIsGoneIsForgottenByTheFirstWhoLearnsOfIt) {
  const NewApiKey key = MakeApiKey(kTenant);
  store_.keys[{kTenant, key.hash}] = {.api_key_id = kKeyId};
  EXPECT_TRUE(Ask(key.key).ok());
  store_.keys.clear();
  EXPECT_TRUE(Ask(key.key).ok()) << "another instance revoked it; the feed will tell";
  clock_.Advance(seconds(60));
  EXPECT_TRUE(IsRefused(key.key));
  EXPECT_EQ(authenticator_.FindCached(key.key), nullptr);
}

TEST_F(AuthenticatorTest, AskingTheDatabaseAlsoCorrectsTheCache) {
  const std::string token = Token();
  EXPECT_TRUE(Ask(token).ok());
  store_.sessions.clear();
  EXPECT_FALSE(Ask(token, Freshness::kDatabase).ok());
  EXPECT_TRUE(IsRefused(token));
}

TEST_F(AuthenticatorTest, RevokedAndExpiredApiKeysAreRefused) {
  const NewApiKey key = MakeApiKey(kTenant);
  store_.keys[{kTenant, key.hash}] = {.api_key_id = kKeyId, .expires_at = kStart + seconds(10)};
  EXPECT_TRUE(Ask(key.key).ok());
  clock_.Advance(seconds(10));
  EXPECT_TRUE(IsRefused(key.key));
  store_.keys[{kTenant, key.hash}].expires_at.reset();
  EXPECT_TRUE(Ask(key.key).ok());
  authenticator_.ApiKeyRevoked(kKeyId);
  // Even if a replica still had it.
  EXPECT_TRUE(IsRefused(key.key));
}

// Which was made by a server whose clock is ahead, as far as they may differ.
TEST_F(AuthenticatorTest, ARevocationIsKeptUntilTheLastTokenIsOver) {
  clock_.Advance(seconds(30));
  const std::string token = Token();
  clock_.Set(kStart);
  authenticator_.SessionRevoked(kSession);
  clock_.Advance(minutes(5) + seconds(29));
  // Makes room by what is over.
  authenticator_.SessionRevoked(kKeyId);
  EXPECT_TRUE(IsRefused(token)) << "though the database still had it";
  EXPECT_EQ(store_.statements, 0);
}

// What a client certificate stands for: nobody but this process can say it.
TEST_F(AuthenticatorTest, AProvenKeyIsLookedUpByWhatItIsAndNothingElse) {
  store_.keys[{kTenant, "hash"}] = {.api_key_id = kKeyId, .display_name = "certificate"};
  const std::string credential = authenticator_.CredentialOfApiKey(kTenant, kKeyId);
  const auto verdict = Ask(credential);
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_EQ((*verdict)->principal.id, kKeyId);
  EXPECT_EQ((*verdict)->principal.tenant_id, kTenant);
  EXPECT_EQ(store_.statements, 1);
  // Too short by one or by an id, too long, and without any.
  for (const size_t less : {1, 16, 17, 32}) {
    EXPECT_TRUE(IsRefused(credential.substr(0, credential.size() - less))) << less;
  }
  EXPECT_TRUE(IsRefused(credential + "x"));
  EXPECT_EQ(store_.statements, 1);
  EXPECT_TRUE(IsRefused(authenticator_.CredentialOfApiKey(kKeyId, kTenant)));
  EXPECT_TRUE(IsRefused(authenticator_.CredentialOfApiKey(kTenant, kUser)));
  // Another process has another prefix.
  Authenticator other(codec_, store_, clock_, {});
  EXPECT_TRUE(IsRefused(other.CredentialOfApiKey(kTenant, kKeyId)));
}

TEST_F(AuthenticatorTest, AKeyThatEndsSoonerThanItsVerdictEndsThen) {
  const NewApiKey key = MakeApiKey(kTenant);
  store_.keys[{kTenant, key.hash}] = {.api_key_id = kKeyId, .expires_at = kStart + seconds(10)};
  EXPECT_EQ((*Ask(key.key))->stale_at, kStart + seconds(10));
  clock_.Advance(seconds(9));
  EXPECT_NE(authenticator_.FindCached(key.key), nullptr);
  clock_.Advance(seconds(1));
  EXPECT_EQ(authenticator_.FindCached(key.key), nullptr);
}

}  // namespace
}  // namespace gatehouse::auth
