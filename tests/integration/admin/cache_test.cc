// What is in memory, and that it can be read again.

#include <gtest/gtest.h>

#include <string>

#include "base/uuid.h"
#include "tests/integration/admin/admin_fixture.h"

namespace gatehouse::tests {
namespace {

class CacheTest : public AdminFixture {
 protected:
  v1::CacheStats Stats(v1::CacheKind kind) {
    const auto outcome = Call<v1::GetCacheStatsResponse>(operator_, v1::GetCacheStatsRequest());
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    EXPECT_EQ(outcome.response.caches_size(), 3);
    EXPECT_EQ(outcome.response.instance_id(), backend().storage->instance);
    for (const v1::CacheStats& stats : outcome.response.caches()) {
      if (stats.kind() == kind) return stats;
    }
    ADD_FAILURE() << "no such kind";
    return {};
  }

  UnaryOutcome<v1::InvalidateCacheResponse> Invalidate(const v1::InvalidateCacheRequest& request) {
    return Call<v1::InvalidateCacheResponse>(operator_, request);
  }

  // How many statements it takes to know a token.
  uint64_t StatementsFor(const Caller& caller) {
    Works(operator_.credential);
    const uint64_t before = backend().statements();
    EXPECT_TRUE(Works(caller.credential));
    return backend().statements() - before;
  }
};

TEST_F(CacheTest, CountsWhatIsThereAndWhatItIsWorth) {
  const Caller user = backend().LogIn("viewer");
  ASSERT_TRUE(Works(user.credential));
  const v1::CacheStats before = Stats(v1::CACHE_KIND_VERDICTS);
  EXPECT_GE(before.size(), 2) << "the operator and the user";
  EXPECT_GT(before.capacity(), before.size());
  ASSERT_TRUE(Works(user.credential));
  const v1::CacheStats after = Stats(v1::CACHE_KIND_VERDICTS);
  EXPECT_GT(after.hits(), before.hits());
  EXPECT_EQ(after.misses(), before.misses());
  EXPECT_EQ(after.evictions(), 0);

  EXPECT_EQ(Stats(v1::CACHE_KIND_REVOCATIONS).size(), 0);
  LogOut(user);
  EXPECT_EQ(Stats(v1::CACHE_KIND_REVOCATIONS).size(), 1);
  EXPECT_GT(Stats(v1::CACHE_KIND_REVOCATIONS).capacity(), 0);
  EXPECT_EQ(Stats(v1::CACHE_KIND_SIGNING_KEYS).size(), 1);
}

TEST_F(CacheTest, ForgetsOneEntryAndKeepsTheOthers) {
  const Caller user = backend().LogIn("viewer");
  const Caller other = backend().LogIn("viewer");
  const Caller key = backend().MakeApiKey({"users.read"});
  for (const Caller* caller : {&user, &other, &key}) {
    StatementsFor(*caller);
    ASSERT_EQ(StatementsFor(*caller), 0u);
  }
  v1::InvalidateCacheRequest request;
  request.set_user_id(user.id.ToString());
  ASSERT_TRUE(Invalidate(request).ok());
  EXPECT_EQ(StatementsFor(user), 1u);
  EXPECT_EQ(StatementsFor(other), 0u);
  request.set_session_id(other.session_id.ToString());
  ASSERT_TRUE(Invalidate(request).ok());
  EXPECT_EQ(StatementsFor(other), 1u);
  EXPECT_EQ(StatementsFor(key), 0u);
  request.set_api_key_id(key.id.ToString());
  ASSERT_TRUE(Invalidate(request).ok());
  EXPECT_EQ(StatementsFor(key), 1u);
  EXPECT_EQ(StatementsFor(user), 0u);

  request.clear_entry();
  request.set_kind(v1::CACHE_KIND_VERDICTS);
  ASSERT_TRUE(Invalidate(request).ok());
  for (const Caller* caller : {&user, &other, &key}) EXPECT_EQ(StatementsFor(*caller), 1u);
}

TEST_F(CacheTest, ReadsSigningKeysAgain) {
  const Caller user = backend().LogIn("viewer");
  ASSERT_TRUE(Works(user.credential));
  v1::InvalidateCacheRequest request;
  request.set_kind(v1::CACHE_KIND_SIGNING_KEYS);
  ASSERT_TRUE(Invalidate(request).ok());
  EXPECT_EQ(Stats(v1::CACHE_KIND_SIGNING_KEYS).size(), 0) << "a test's key is not stored";
}

TEST_F(CacheTest, IsOnRecordOnce) {
  v1::InvalidateCacheRequest request;
  request.set_request_id(kRequestId);
  ASSERT_TRUE(Invalidate(request).ok());
  ASSERT_TRUE(Invalidate(request).ok());
  EXPECT_EQ(Ask("SELECT string_agg(targets::text, ' ') FROM gatehouse.event WHERE type = "
                "'gatehouse.cache_invalidated'"),
            R"([{"id": "verdicts", "type": "cache", "label": ""}, )"
            R"({"id": "signing_keys", "type": "cache", "label": ""}])");
  request.set_kind(v1::CACHE_KIND_VERDICTS);
  EXPECT_EQ(Invalidate(request).reason(), "REQUEST_ID_REUSED");
}

TEST_F(CacheTest, RefusesWhatCannotBeInvalidated) {
  v1::InvalidateCacheRequest request;
  request.set_kind(v1::CACHE_KIND_REVOCATIONS);
  EXPECT_EQ(Invalidate(request).reason(), "INVALID_FIELD");
  request.set_kind(static_cast<v1::CacheKind>(9));
  EXPECT_EQ(Invalidate(request).reason(), "INVALID_FIELD");
  request.set_kind(v1::CACHE_KIND_SIGNING_KEYS);
  request.set_user_id(base::Uuid::MakeV7(clock().Now()).ToString());
  EXPECT_EQ(Invalidate(request).reason(), "INVALID_FIELD");
  request.clear_kind();
  request.set_user_id("no-uuid");
  EXPECT_EQ(Invalidate(request).reason(), "INVALID_FIELD");
  request.set_session_id("");
  EXPECT_EQ(Invalidate(request).reason(), "INVALID_FIELD");
  EXPECT_EQ(CountEvents("gatehouse.cache_invalidated"), "0");
}

}  // namespace
}  // namespace gatehouse::tests
