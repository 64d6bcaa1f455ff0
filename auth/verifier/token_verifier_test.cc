#include "auth/verifier/token_verifier.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "auth/signing_key/keyring.h"
#include "auth/token/access_token.h"
#include "base/manual_clock.h"
#include "base/reason.h"
#include "base/status.h"

namespace gatehouse::auth {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const std::string kMaster(32, 'm');
const base::Time kStart = base::TimeFromMicros(1'700'000'000'000'000);

// The watch of the process under test.
std::atomic<base::SteadyTime> watch;
base::SteadyTime Watch() { return watch; }

base::Uuid NewId() { return base::Uuid::MakeV7(kStart); }

// A server that signs, as far as a verifier sees it.
class TokenVerifierTest : public ::testing::Test {
 protected:
  TokenVerifierTest() {
    watch = base::SteadyTime(hours(1));
    Rotate();
    verifier_.RevocationsKnownUntil(watch);
  }

  static TokenVerifier::Options OptionsOf(TokenVerifier::WhenStale when_stale,
                                          size_t max_revocations = 1000) {
    return {.issuer = "https://gatehouse.test",
            .audience = "product",
            .max_staleness = seconds(5),
            .when_stale = when_stale,
            .max_cached_tokens = 100,
            .max_revocations = max_revocations,
            .steady_now = &Watch};
  }

  // Another key in the place of the one before.
  void Rotate() {
    ASSERT_TRUE(keyring_
                    .Load(std::vector{SigningKey::Generate(
                        SigningAlgorithm::kEs256, base::kDefaultTenantId, kStart, kStart, kMaster)})
                    .ok());
    Publish(verifier_);
  }
  void Publish(TokenVerifier& verifier) {
    verifier.SetKeys(*KeySet::Parse(keyring_.JwksJson(base::kDefaultTenantId, kStart)));
  }

  std::string Sign(const base::Uuid& user_id, const base::Uuid& session_id, int64_t epoch = 1) {
    return codec_
        .Sign({.tenant_id = base::kDefaultTenantId,
               .user_id = user_id,
               .session_id = session_id,
               .user_epoch = epoch,
               .roles = {"analyst"},
               .amr = {"pwd"},
               .auth_time = kStart})
        ->token;
  }
  std::string Sign() { return Sign(NewId(), NewId()); }

  absl::StatusCode Code(const std::string& token) {
    return verifier_.Verify(token).status().code();
  }
  base::Time Later() { return clock_.Now() + minutes(6); }

  static constexpr auto kGood = absl::StatusCode::kOk;
  static constexpr auto kRefused = absl::StatusCode::kUnauthenticated;
  static constexpr auto kUnknown = absl::StatusCode::kUnavailable;

  base::ManualClock clock_{kStart};
  Keyring keyring_{kMaster, {}};
  AccessTokenCodec codec_{
      keyring_, clock_, {.issuer = "https://gatehouse.test", .audience = "product"}};
  TokenVerifier verifier_{clock_, OptionsOf(TokenVerifier::WhenStale::kRefuse)};
};

TEST_F(TokenVerifierTest, SaysWhatAGoodTokenSays) {
  const base::Uuid user = NewId();
  const base::Uuid session = NewId();
  const std::string token = Sign(user, session, 3);
  // Checked, then remembered.
  for (int i = 0; i < 2; ++i) {
    const auto claims = verifier_.Verify(token);
    ASSERT_TRUE(claims.ok()) << claims.status();
    EXPECT_EQ((*claims)->user_id, user);
    EXPECT_EQ((*claims)->session_id, session);
    EXPECT_EQ((*claims)->tenant_id, base::kDefaultTenantId);
    EXPECT_EQ((*claims)->user_epoch, 3);
    EXPECT_EQ((*claims)->roles, std::vector<std::string>{"analyst"});
    EXPECT_EQ((*claims)->amr, std::vector<std::string>{"pwd"});
  }
  EXPECT_EQ(verifier_.cache_stats().hits, 1u);
}

TEST_F(TokenVerifierTest, RefusesWhatIsNotGood) {
  const std::string token = Sign();
  std::string forged = token;
  forged[forged.size() - 20] = forged[forged.size() - 20] == 'A' ? 'B' : 'A';
  EXPECT_EQ(Code(forged), kRefused);
  EXPECT_EQ(Code(""), kRefused);
  EXPECT_EQ(Code("a.b.c"), kRefused);
  EXPECT_EQ(Code(std::string(10'000, 'a')), kRefused);
  EXPECT_EQ(Code(token.substr(0, token.rfind('.') + 1)), kRefused);
  for (const auto& [issuer, audience] :
       {std::pair("https://other.test", "product"), std::pair("https://gatehouse.test", "other")}) {
    const AccessTokenCodec other(keyring_, clock_, {.issuer = issuer, .audience = audience});
    EXPECT_EQ(Code(other
                       .Sign({.tenant_id = base::kDefaultTenantId,
                              .user_id = NewId(),
                              .session_id = NewId()})
                       ->token),
              kRefused);
  }
}

TEST_F(TokenVerifierTest, ATokenEndsAlsoWhileItIsRemembered) {
  const std::string token = Sign();
  EXPECT_EQ(Code(token), kGood);
  clock_.Advance(minutes(5));
  EXPECT_EQ(Code(token), kRefused);
}

TEST_F(TokenVerifierTest, ARemovedKeyIsGoneAlsoWhileAKeySetHasItStill) {
  const std::string token = Sign();
  const std::string fresh = Sign();
  EXPECT_EQ(Code(token), kGood);
  const std::string key_id = keyring_.Current(base::kDefaultTenantId, kStart)->key_id();
  verifier_.KeyRemoved("another", Later());
  EXPECT_EQ(Code(token), kGood);
  verifier_.KeyRemoved(key_id, Later());
  EXPECT_EQ(Code(token), kRefused) << "remembered";
  Publish(verifier_);
  EXPECT_EQ(Code(token), kRefused);
  EXPECT_EQ(Code(fresh), kRefused);
  EXPECT_TRUE(verifier_.TakeKeysWanted()) << "that set is old";
  Rotate();
  EXPECT_EQ(Code(Sign()), kGood);
}

TEST_F(TokenVerifierTest, ATenantThatTakesNoCallsHasNoGoodTokens) {
  const std::string token = Sign();
  EXPECT_EQ(Code(token), kGood);
  verifier_.TenantClosed(base::Reason::kTenantFrozen, "");
  for (const std::string& each : {token, Sign()}) {
    const absl::Status refused = verifier_.Verify(each).status();
    EXPECT_EQ(refused.code(), kRefused);
    EXPECT_TRUE(base::HasReason(refused, base::Reason::kTenantFrozen)) << refused;
  }
  // So it stays, however old the news.
  watch = watch.load() + minutes(10);
  EXPECT_EQ(Code(token), kRefused);
  verifier_.RevocationsKnownUntil(watch);
  verifier_.TenantClosed(base::Reason::kTenantMoved, "eu2.example.com");
  const auto moved = base::GetErrorDetails(verifier_.Verify(token).status());
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->reason, base::Reason::kTenantMoved);
  EXPECT_EQ(moved->metadata.at(0).second, "eu2.example.com");
  verifier_.TenantOpened();
  EXPECT_EQ(Code(token), kGood);
}

TEST_F(TokenVerifierTest, ARevokedSessionIsRefusedRememberedOrNot) {
  const base::Uuid session = NewId();
  const std::string seen = Sign(NewId(), session);
  const std::string unseen = Sign(NewId(), session);
  const std::string other = Sign();
  EXPECT_EQ(Code(seen), kGood);
  EXPECT_EQ(Code(other), kGood);
  verifier_.SessionRevoked(session, Later());
  EXPECT_EQ(Code(seen), kRefused);
  EXPECT_EQ(Code(unseen), kRefused);
  EXPECT_EQ(Code(other), kGood);
}

TEST_F(TokenVerifierTest, TokensOfALowerEpochAreRefused) {
  const base::Uuid user = NewId();
  const std::string before = Sign(user, NewId(), 1);
  EXPECT_EQ(Code(before), kGood);
  verifier_.UserRevoked(user, 2, Later());
  EXPECT_EQ(Code(before), kRefused);
  const std::string after = Sign(user, NewId(), 2);
  EXPECT_EQ(Code(after), kGood);
  // Said again, and something older said late.
  verifier_.UserRevoked(user, 2, Later());
  verifier_.UserRevoked(user, 1, Later());
  EXPECT_EQ(Code(after), kGood);
  EXPECT_EQ(Code(before), kRefused);
  EXPECT_EQ(verifier_.revocation_count(), 1u);
}

TEST_F(TokenVerifierTest, WhatIsOverTakesNoRoom) {
  verifier_.SessionRevoked(NewId(), clock_.Now());
  EXPECT_EQ(verifier_.revocation_count(), 0u);
}

TEST_F(TokenVerifierTest, StaleKnowledgeIsNoKnowledge) {
  const std::string token = Sign();
  const base::Uuid session = NewId();
  const std::string revoked = Sign(NewId(), session);
  verifier_.SessionRevoked(session, Later());
  TokenVerifier open(clock_, OptionsOf(TokenVerifier::WhenStale::kAccept));
  Publish(open);
  EXPECT_EQ(Code(token), kGood);
  watch = watch.load() + seconds(5);
  EXPECT_EQ(Code(token), kGood);
  EXPECT_EQ(verifier_.staleness(), seconds(5));
  watch = watch.load() + milliseconds(1);
  EXPECT_EQ(Code(token), kUnknown);
  // What is known to be wrong is wrong.
  EXPECT_EQ(Code(revoked), kRefused);
  EXPECT_EQ(Code("a.b.c"), kRefused);
  // Who says so is as good as any other issuer's library. It has never heard of revocations.
  EXPECT_TRUE(open.Verify(token).ok());
  EXPECT_EQ(open.staleness(), milliseconds::max());
  verifier_.RevocationsKnownUntil(watch);
  EXPECT_EQ(Code(token), kGood);
}

TEST_F(TokenVerifierTest, BeforeItHasHeardAnythingNothingIsKnown) {
  TokenVerifier fresh(clock_, OptionsOf(TokenVerifier::WhenStale::kRefuse));
  const std::string token = Sign();
  EXPECT_EQ(fresh.Verify(token).status().code(), kUnknown);
  Publish(fresh);
  EXPECT_EQ(fresh.Verify(token).status().code(), kUnknown);
  fresh.RevocationsKnownUntil(watch);
  EXPECT_TRUE(fresh.Verify(token).ok());
}

TEST_F(TokenVerifierTest, ARevocationThatFoundNoRoomMakesAllUncertain) {
  TokenVerifier small(clock_, OptionsOf(TokenVerifier::WhenStale::kRefuse, /*max_revocations=*/2));
  Publish(small);
  small.RevocationsKnownUntil(watch);
  const std::string token = Sign();
  for (int i = 0; i < 2; ++i) small.SessionRevoked(NewId(), clock_.Now() + minutes(2));
  EXPECT_TRUE(small.Verify(token).ok());
  small.SessionRevoked(NewId(), clock_.Now() + minutes(2));
  EXPECT_EQ(small.Verify(token).status().code(), kUnknown);
  clock_.Advance(minutes(2));
  EXPECT_TRUE(small.Verify(token).ok());
}

TEST_F(TokenVerifierTest, AKeyThatIsGoneIsTrustedNoMore) {
  const std::string token = Sign();
  EXPECT_EQ(Code(token), kGood);
  EXPECT_FALSE(verifier_.TakeKeysWanted());
  Rotate();
  EXPECT_EQ(Code(token), kRefused);
  EXPECT_EQ(Code(Sign()), kGood);
}

TEST_F(TokenVerifierTest, AnUnknownKeyIsWanted) {
  const std::string token = Sign();
  EXPECT_FALSE(verifier_.TakeKeysWanted());
  TokenVerifier behind(clock_, OptionsOf(TokenVerifier::WhenStale::kRefuse));
  Publish(behind);
  behind.RevocationsKnownUntil(watch);
  Rotate();
  EXPECT_EQ(behind.Verify(Sign()).status().code(), kRefused);
  EXPECT_TRUE(behind.TakeKeysWanted());
  EXPECT_FALSE(behind.TakeKeysWanted());
  Publish(behind);
  EXPECT_TRUE(behind.Verify(Sign()).ok());
}

TEST_F(TokenVerifierTest, WhatWasRevokedBeforeACheckReturnedStaysRevoked) {
  // Many threads check the tokens of sessions that end meanwhile; once an end was told, no check
  // that begins later lets it in.
  constexpr int kSessions = 200;
  std::vector<base::Uuid> sessions;
  std::vector<std::string> tokens;
  for (int i = 0; i < kSessions; ++i) {
    sessions.push_back(NewId());
    tokens.push_back(Sign(NewId(), sessions.back()));
  }
  std::atomic<int> ended = 0;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> checkers;
  for (int t = 0; t < 3; ++t) {
    checkers.emplace_back([&] {
      while (true) {
        const int before = ended;
        for (int i = 0; i < before; ++i) wrong += verifier_.Verify(tokens[i]).ok();
        for (int i = before; i < kSessions; ++i) (void)verifier_.Verify(tokens[i]);
        if (before == kSessions) return;
      }
    });
  }
  for (const base::Uuid& session : sessions) {
    verifier_.SessionRevoked(session, Later());
    ++ended;
  }
  for (std::thread& checker : checkers) checker.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace gatehouse::auth
