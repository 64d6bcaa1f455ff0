// What is in memory, and that it can be read again.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "base/uuid.h"
#include "gatehouse/v1/webhook.pb.h"
#include "tests/integration/admin/admin_fixture.h"

namespace gatehouse::tests {
namespace {

class CacheTest : public AdminFixture {
 protected:
  v1::CacheStats Stats(v1::CacheKind kind) {
    const auto outcome = Call<v1::GetCacheStatsResponse>(operator_, v1::GetCacheStatsRequest());
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    EXPECT_EQ(outcome.response.caches_size(), 5);
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

class WarmCacheTest : public CacheTest {
 protected:
  void SetUp() override {
    CacheTest::SetUp();
    // Not by a token: the key of a test is not stored, so it is gone once keys are read again.
    publisher_ = backend().MakeApiKey({"events.publish"});
  }

  UnaryOutcome<v1::WarmCacheResponse> Warm(v1::CacheKind kind, const std::string& tenant_id = "") {
    v1::WarmCacheRequest request;
    request.set_kind(kind);
    request.set_tenant_id(tenant_id);
    return Call<v1::WarmCacheResponse>(operator_, request);
  }

  // Publishing takes it from there; how many statements the schemas cost.
  uint64_t SchemaReadsToPublish(const std::string& type) {
    const int64_t before = Stats(v1::CACHE_KIND_EVENT_SCHEMAS).misses();
    v1::PublishEventRequest publish;
    publish.set_type(type);
    publish.set_validate_only(true);
    const auto published = Call<v1::PublishEventResponse>(publisher_, publish);
    EXPECT_TRUE(published.ok()) << published.message;
    return static_cast<uint64_t>(Stats(v1::CACHE_KIND_EVENT_SCHEMAS).misses() - before);
  }

  void CreateType(const std::string& name) {
    v1::CreateEventTypeRequest create;
    create.mutable_event_type()->set_name(name);
    (*create.mutable_event_type()->mutable_schema()->mutable_fields())["maxProperties"]
        .set_number_value(9);
    const auto created = Call<v1::CreateEventTypeResponse>(admin(), create);
    ASSERT_TRUE(created.ok()) << created.message;
  }

  Caller publisher_;
};

TEST_F(WarmCacheTest, SchemasAreThereBeforeTheFirstEvent) {
  CreateType("order.paid");
  EXPECT_EQ(SchemaReadsToPublish("order.paid"), 1u);
  v1::InvalidateCacheRequest invalidate;
  invalidate.set_kind(v1::CACHE_KIND_EVENT_SCHEMAS);
  ASSERT_TRUE(Invalidate(invalidate).ok());
  EXPECT_EQ(Stats(v1::CACHE_KIND_EVENT_SCHEMAS).bytes(), 0);
  const auto warmed = Warm(v1::CACHE_KIND_EVENT_SCHEMAS);
  ASSERT_TRUE(warmed.ok()) << warmed.message;
  ASSERT_EQ(warmed.response.caches_size(), 1);
  EXPECT_EQ(warmed.response.caches(0).kind(), v1::CACHE_KIND_EVENT_SCHEMAS);
  EXPECT_GT(warmed.response.caches(0).bytes(), 0);
  EXPECT_EQ(warmed.response.instance_id(), backend().storage->instance);
  EXPECT_EQ(SchemaReadsToPublish("order.paid"), 0u);
  EXPECT_EQ(SchemaReadsToPublish("order.other"), 0u) << "it is known to have none";
}

TEST_F(WarmCacheTest, DroppedSchemasAreReadAgain) {
  CreateType("order.paid");
  SchemaReadsToPublish("order.paid");
  const int64_t hits = Stats(v1::CACHE_KIND_EVENT_SCHEMAS).hits();
  ASSERT_EQ(SchemaReadsToPublish("order.paid"), 0u);
  EXPECT_EQ(Stats(v1::CACHE_KIND_EVENT_SCHEMAS).hits(), hits + 1);
  v1::InvalidateCacheRequest invalidate;
  ASSERT_TRUE(Invalidate(invalidate).ok()) << "of everything";
  EXPECT_EQ(SchemaReadsToPublish("order.paid"), 1u);
}

TEST_F(WarmCacheTest, WarmsAllThatCanBeWarm) {
  const auto warmed = Warm(v1::CACHE_KIND_UNSPECIFIED);
  ASSERT_TRUE(warmed.ok()) << warmed.message;
  EXPECT_EQ(warmed.response.caches_size(), 5);
  EXPECT_TRUE(Warm(v1::CACHE_KIND_ENDPOINTS).ok());
  EXPECT_TRUE(Warm(v1::CACHE_KIND_SIGNING_KEYS).ok());
  EXPECT_TRUE(
      Warm(v1::CACHE_KIND_EVENT_SCHEMAS, base::Uuid::MakeV7(clock().Now()).ToString()).ok());
}

TEST_F(WarmCacheTest, RefusesWhatCannotBeWarmAndWhoMayNot) {
  EXPECT_EQ(Warm(v1::CACHE_KIND_VERDICTS).reason(), "INVALID_FIELD");
  EXPECT_EQ(Warm(v1::CACHE_KIND_REVOCATIONS).reason(), "INVALID_FIELD");
  EXPECT_EQ(Warm(static_cast<v1::CacheKind>(9)).reason(), "INVALID_FIELD");
  EXPECT_EQ(Warm(v1::CACHE_KIND_EVENT_SCHEMAS, "no-uuid").reason(), "INVALID_FIELD");
  const Caller reader = backend().MakeApiKey({"admin.read"});
  EXPECT_EQ(Call<v1::WarmCacheResponse>(reader, v1::WarmCacheRequest()).reason(),
            "PERMISSION_DENIED");
  const Caller foreign = backend().MakeApiKey(
      {"admin.write"}, *base::Uuid::Parse("00000000-0000-7000-8000-000000000002"));
  EXPECT_EQ(Call<v1::WarmCacheResponse>(foreign, v1::WarmCacheRequest()).reason(),
            "PERMISSION_DENIED");
}

TEST_F(CacheTest, IsOnRecordOnce) {
  v1::InvalidateCacheRequest request;
  request.set_request_id(kRequestId);
  ASSERT_TRUE(Invalidate(request).ok());
  ASSERT_TRUE(Invalidate(request).ok());
  EXPECT_EQ(Ask("SELECT string_agg(targets::text, ' ') FROM gatehouse.event WHERE type = "
                "'gatehouse.cache_invalidated'"),
            R"([{"id": "verdicts", "type": "cache", "label": ""}, )"
            R"({"id": "signing_keys", "type": "cache", "label": ""}, )"
            R"({"id": "event_schemas", "type": "cache", "label": ""}, )"
            R"({"id": "endpoints", "type": "cache", "label": ""}])");
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
