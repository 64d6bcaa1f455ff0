#include "auth/verdict/verdict_cache.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace gatehouse::auth {
namespace {

using std::chrono::minutes;

const base::Time kNow = base::TimeFromMicros(1'700'000'000'000'000);

// Fixed ids: random ones would now and then be neighbours in a bucket.
base::Uuid NextId() {
  static uint16_t last = 0;
  ++last;
  std::array<uint8_t, 16> bytes = {};
  bytes[14] = static_cast<uint8_t>(last >> 8);
  bytes[15] = static_cast<uint8_t>(last);
  return base::Uuid(bytes);
}

struct Entry {
  CredentialDigest digest;
  std::shared_ptr<const Verdict> verdict;
};

Entry MakeEntry(const std::string& credential, base::Time stale_at = kNow + minutes(5)) {
  auto verdict = std::make_shared<Verdict>();
  verdict->principal = {
      .kind = base::Principal::Kind::kUser, .id = NextId(), .session_id = NextId()};
  verdict->expires_at = stale_at;
  verdict->stale_at = stale_at;
  return {DigestOf(credential), verdict};
}

class VerdictCacheTest : public ::testing::Test {
 protected:
  Entry Add(const std::string& credential) {
    Entry entry = MakeEntry(credential);
    EXPECT_TRUE(cache_.Insert(entry.digest, entry.verdict, cache_.Ticket()));
    return entry;
  }
  bool Has(const Entry& entry) { return cache_.Find(entry.digest, kNow) == entry.verdict; }

  VerdictCache cache_{4};
};

TEST_F(VerdictCacheTest, FindsWhatWasInserted) {
  const Entry anna = Add("anna");
  const Entry bert = Add("bert");
  EXPECT_TRUE(Has(anna));
  EXPECT_TRUE(Has(bert));
  EXPECT_EQ(cache_.Find(DigestOf("carl"), kNow), nullptr);
  EXPECT_EQ(cache_.stats().hits, 2u);
  EXPECT_EQ(cache_.stats().misses, 1u);
}

TEST_F(VerdictCacheTest, OneCallerRenewsAStaleVerdictWhileOthersUseIt) {
  const Entry anna = MakeEntry("anna");
  auto verdict = std::make_shared<Verdict>(*anna.verdict);
  verdict->stale_at = kNow + minutes(1);
  cache_.Insert(anna.digest, verdict, cache_.Ticket());
  const base::Time stale = kNow + minutes(1);
  EXPECT_EQ(cache_.Find(anna.digest, stale), nullptr);
  EXPECT_EQ(cache_.Find(anna.digest, stale), verdict);
  // It did not come back.
  EXPECT_EQ(cache_.Find(anna.digest, stale + VerdictCache::kRenewal), nullptr);
  EXPECT_EQ(cache_.Find(anna.digest, stale + VerdictCache::kRenewal), verdict);
  // It did.
  auto renewed = std::make_shared<Verdict>(*verdict);
  renewed->stale_at = kNow + minutes(2);
  cache_.Insert(anna.digest, renewed, cache_.Ticket());
  EXPECT_EQ(cache_.Find(anna.digest, kNow + minutes(2) - base::Duration(1)), renewed);
  // The end is the end.
  EXPECT_EQ(cache_.Find(anna.digest, kNow + minutes(2)), nullptr);
  EXPECT_EQ(cache_.Find(anna.digest, kNow + minutes(5)), nullptr);
  EXPECT_EQ(cache_.stats().entries, 0u);
}

TEST_F(VerdictCacheTest, ContainsAlsoWhatIsStaleUntilItEnds) {
  const Entry anna = MakeEntry("anna");
  auto verdict = std::make_shared<Verdict>(*anna.verdict);
  verdict->stale_at = kNow;
  EXPECT_FALSE(cache_.Contains(anna.digest, kNow));
  cache_.Insert(anna.digest, verdict, cache_.Ticket());
  EXPECT_TRUE(cache_.Contains(anna.digest, kNow));
  EXPECT_FALSE(cache_.Contains(anna.digest, verdict->expires_at));
  cache_.Invalidate(verdict->principal.id);
  EXPECT_FALSE(cache_.Contains(anna.digest, kNow));
}

TEST_F(VerdictCacheTest, RemovesWhatItIsToldTo) {
  const Entry anna = Add("anna");
  const Entry bert = Add("bert");
  cache_.Remove(anna.digest);
  cache_.Remove(anna.digest);
  EXPECT_FALSE(Has(anna));
  EXPECT_TRUE(Has(bert));
}

TEST_F(VerdictCacheTest, ForgetsWhatHasExpired) {
  const Entry anna = Add("anna");
  EXPECT_NE(cache_.Find(anna.digest, kNow + minutes(5) - base::Duration(1)), nullptr);
  EXPECT_EQ(cache_.Find(anna.digest, kNow + minutes(5)), nullptr);
  EXPECT_EQ(cache_.stats().entries, 0u);
}

TEST_F(VerdictCacheTest, InvalidatesByUserAndBySession) {
  const Entry anna = Add("anna");
  const Entry bert = Add("bert");
  const Entry carl = Add("carl");
  cache_.Invalidate(anna.verdict->principal.id);
  cache_.Invalidate(bert.verdict->principal.session_id);
  EXPECT_FALSE(Has(anna));
  EXPECT_FALSE(Has(bert));
  EXPECT_TRUE(Has(carl));
  cache_.InvalidateAll();
  EXPECT_FALSE(Has(carl));
}

TEST_F(VerdictCacheTest, InvalidatesByOwner) {
  const Entry anna = MakeEntry("anna");
  const Entry bert = Add("bert");
  auto owned = std::make_shared<Verdict>(*anna.verdict);
  owned->owner_id = NextId();
  ASSERT_TRUE(cache_.Insert(anna.digest, owned, cache_.Ticket()));
  EXPECT_EQ(cache_.Find(anna.digest, kNow), owned);
  cache_.Invalidate(owned->owner_id);
  EXPECT_EQ(cache_.Find(anna.digest, kNow), nullptr);
  EXPECT_TRUE(Has(bert));
}

TEST_F(VerdictCacheTest, AVerdictReadBeforeARevocationIsNotStoredAfterIt) {
  const Entry anna = MakeEntry("anna");
  const uint64_t ticket = cache_.Ticket();
  cache_.Invalidate(anna.verdict->principal.session_id);
  EXPECT_FALSE(cache_.Insert(anna.digest, anna.verdict, ticket));
  EXPECT_FALSE(Has(anna));
  EXPECT_TRUE(cache_.Insert(anna.digest, anna.verdict, cache_.Ticket()));
  EXPECT_TRUE(Has(anna));
}

TEST_F(VerdictCacheTest, IsBoundedAndKeepsWhatIsUsed) {
  const Entry anna = Add("anna");
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(Has(anna)) << i;
    Add("other " + std::to_string(i));
    EXPECT_LE(cache_.stats().entries, 4u);
  }
  EXPECT_EQ(cache_.stats().evictions, 97u);
}

TEST_F(VerdictCacheTest, SlotsOfDroppedEntriesAreUsedAgain) {
  for (int i = 0; i < 100; ++i) {
    const Entry entry = Add(std::to_string(i));
    cache_.Invalidate(entry.verdict->principal.id);
    EXPECT_FALSE(Has(entry));
  }
  EXPECT_EQ(cache_.stats().evictions, 0u);
}

TEST_F(VerdictCacheTest, ANewVerdictReplacesTheOld) {
  Add("anna");
  const Entry newer = Add("anna");
  EXPECT_TRUE(Has(newer));
  EXPECT_EQ(cache_.stats().entries, 1u);
}

TEST(VerdictCacheThreadTest, NoVerdictIsSeenAfterItsRevocationReturned) {
  VerdictCache cache(64);
  const Entry anna = MakeEntry("anna");
  std::atomic<bool> revoked = false;
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        const uint64_t ticket = cache.Ticket();
        // What the database says, then what is made of it.
        if (!revoked) cache.Insert(anna.digest, anna.verdict, ticket);
      }
    });
  }
  for (int i = 0; i < 1000; ++i) {
    revoked = false;
    cache.Insert(anna.digest, anna.verdict, cache.Ticket());
    revoked = true;  // Committed...
    cache.Invalidate(anna.verdict->principal.session_id);
    // ... and answered: nobody may find it now.
    for (int j = 0; j < 10; ++j) {
      if (cache.Find(anna.digest, kNow)) ++wrong;
    }
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace gatehouse::auth
