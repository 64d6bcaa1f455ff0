#include "service/schema/event_schemas.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <utility>
#include <vector>

#include "base/uuid.h"
#include "storage/event.h"
#include "storage/event_type/event_type_store.h"
#include "tests/support/server/test_backend.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::service {
namespace {

using Found = absl::StatusOr<EventSchemas::Schemas>;
using testing::IsEmpty;
using testing::SizeIs;
using tests::IsOk;

class EventSchemasTest : public testing::Test {
 protected:
  void Create(const std::string& name, const std::string& schema,
              const base::Uuid& tenant_id = base::kDefaultTenantId) {
    const storage::EventType type{.tenant_id = tenant_id,
                                  .name = name,
                                  .schema_json = schema,
                                  .create_time = b_.clock.Now(),
                                  .update_time = b_.clock.Now()};
    const storage::Event event =
        storage::MakeEvent(b_.SystemContext(), b_.clock.Now(), "event_type.created", {});
    ASSERT_THAT(b_.runner.Run<absl::Status>([&] {
      return b_.storage->event_types.Create(b_.SystemContext(), type, {.events = {event}});
    }),
                IsOk());
  }
  Found Find(EventSchemas& schemas, std::vector<std::string> types,
             const base::Uuid& tenant_id = base::kDefaultTenantId) {
    return b_.runner.Run<Found>([&] { return schemas.Find(b_.SystemContext(), tenant_id, types); });
  }

  tests::TestBackend b_;
  bool known_ = true;
  EventSchemas schemas_{b_.storage->event_types, [this] { return known_; }};
};

TEST_F(EventSchemasTest, ReadsOnceUntilItIsToldOfAChange) {
  Create("order.paid", R"({"type": "object"})");
  EXPECT_THAT(*Find(schemas_, {"order.paid", "order.sent"}), SizeIs(1));
  EXPECT_THAT(*Find(schemas_, {"order.paid"}), SizeIs(1));
  EXPECT_THAT(*Find(schemas_, {"whatever"}), IsEmpty());
  EXPECT_EQ(schemas_.stats().reads, 1u);
  EXPECT_EQ(schemas_.stats().hits, 2u);
  Create("order.sent", "{}");
  EXPECT_THAT(*Find(schemas_, {"order.sent"}), IsEmpty()) << "nobody has told it";
  schemas_.Forget(base::kDefaultTenantId);
  EXPECT_THAT(*Find(schemas_, {"order.sent"}), SizeIs(1));
  EXPECT_EQ(schemas_.stats().reads, 2u);
}

TEST_F(EventSchemasTest, WhatChangedWhileItWasReadIsReadAgain) {
  std::future<Found> found;
  // Both on the loop before the statement can be answered.
  b_.runner.RunPlain([&] {
    found = b_.runner.Start<Found>(
        [&] { return schemas_.Find(b_.SystemContext(), base::kDefaultTenantId, {"order.paid"}); });
    b_.runner.loop().Post([&] { schemas_.Forget(base::kDefaultTenantId); });
  });
  EXPECT_THAT(found.get(), IsOk());
  EXPECT_THAT(Find(schemas_, {"order.paid"}), IsOk());
  EXPECT_EQ(schemas_.stats().reads, 2u);
}

TEST_F(EventSchemasTest, AsksEachTimeWhileTheLogIsNotFollowed) {
  EXPECT_THAT(*Find(schemas_, {"order.paid"}), IsEmpty());
  Create("order.paid", "{}");
  known_ = false;
  EXPECT_THAT(*Find(schemas_, {"order.paid"}), SizeIs(1));
  EXPECT_THAT(*Find(schemas_, {"order.paid"}), SizeIs(1));
  EXPECT_EQ(schemas_.stats().reads, 3u);
}

TEST_F(EventSchemasTest, BeginsAnewBeyondItsLimits) {
  const base::Uuid other = base::Uuid::MakeV7(b_.clock.Now());
  EventSchemas one_tenant(b_.storage->event_types, [] { return true; }, {.max_tenants = 1});
  for (const base::Uuid& tenant_id : {base::kDefaultTenantId, other, base::kDefaultTenantId}) {
    EXPECT_THAT(Find(one_tenant, {"order.paid"}, tenant_id), IsOk());
    EXPECT_EQ(one_tenant.stats().tenants, 1u);
  }
  EXPECT_EQ(one_tenant.stats().reads, 3u);
  EXPECT_EQ(one_tenant.stats().evictions, 2u);
  Create("order.paid", R"({"pattern": "x"})");
  EventSchemas light(b_.storage->event_types, [] { return true; }, {.max_weight = 1'000});
  EXPECT_THAT(*Find(light, {"order.paid"}), SizeIs(1));
  EXPECT_EQ(light.stats().weight, 0u);
  EXPECT_EQ(light.stats().evictions, 1u);
  EXPECT_THAT(*Find(schemas_, {"order.paid"}), SizeIs(1));
  EXPECT_GT(schemas_.stats().weight, JsonSchema::kMaxPatternBytes);
}

TEST_F(EventSchemasTest, ASchemaThatDoesNotCompileIsAFaultOfTheServer) {
  Create("order.paid", R"({"type": "text"})");
  EXPECT_EQ(Find(schemas_, {"order.paid"}).status().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(Find(schemas_, {"order.sent"}), IsOk());
}

}  // namespace
}  // namespace gatehouse::service
