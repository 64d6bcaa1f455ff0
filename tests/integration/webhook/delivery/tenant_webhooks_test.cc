// Webhooks of two tenants beside each other, and of one that is frozen.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "storage/endpoint/endpoint.h"
#include "storage/event.h"
#include "storage/event_types.h"
#include "tests/integration/webhook/engine_fixture.h"
#include "tests/support/postgres/postgres_cluster.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::service::delivery {
namespace {

using base::Uuid;

class TenantWebhooksTest : public EngineFixture {
 protected:
  TenantWebhooksTest() {
    tests::ExecuteSql(dsn_,
                      "INSERT INTO gatehouse.tenant (tenant_id, name, create_time, update_time) "
                      "VALUES ('" +
                          other_.ToString() + "', 'other', now(), now())");
  }

  storage::Event EventOf(const Uuid& tenant_id, std::string type) {
    storage::Event event = MakeEvent(std::move(type));
    event.tenant_id = tenant_id;
    return event;
  }

  Uuid PublishAt(const Uuid& tenant_id, std::string type = "order.paid") {
    const storage::Event event = EventOf(tenant_id, std::move(type));
    EXPECT_THAT(Run([&](auto ctx) { return storage_->events.Append(ctx, event); }), tests::IsOk());
    return event.id;
  }

  void CreateEndpointOf(const Uuid& tenant_id, const std::string& path) {
    storage::Endpoint endpoint{.tenant_id = tenant_id,
                               .id = Uuid::MakeV7(clock_.Now()),
                               .url = receiver_.Url(path),
                               .event_types = {"order.*"},
                               .secrets = {{.key = "signing-secret-of-24-byte"}},
                               .timeout = kPatience,
                               .max_in_flight = 4,
                               .create_time = clock_.Now(),
                               .update_time = clock_.Now()};
    const storage::Event created = EventOf(tenant_id, "endpoint.created");
    ASSERT_THAT(Run([&](auto ctx) {
                  return storage_->endpoints.Create(ctx, endpoint, {.events = {created}});
                }),
                tests::IsOk());
  }

  // As TenantService does it.
  void SetState(int state) {
    tests::ExecuteSql(dsn_, "UPDATE gatehouse.tenant SET state = " + std::to_string(state) +
                                " WHERE tenant_id = '" + other_.ToString() + "'");
    PublishAt(other_, std::string(storage::event_types::kTenantUpdated));
  }

  // Ids of what came, in the order of their ids, by target.
  std::map<std::string, std::vector<std::string>> Received() {
    std::map<std::string, std::vector<std::string>> received;
    for (const auto& request : receiver_.requests()) {
      received[request.target].push_back(request.headers.at("webhook-id"));
    }
    for (auto& [target, ids] : received) std::ranges::sort(ids);
    return received;
  }

  const Uuid other_ = *Uuid::Parse("01890000-0000-7000-8000-0000000000aa");
};

TEST_F(TenantWebhooksTest, EachGetsItsOwnTenantsEventsAlone) {
  const auto engine = MakeEngine();
  CreateEndpointOf(base::kDefaultTenantId, "/default");
  CreateEndpointOf(other_, "/other");
  std::map<std::string, std::vector<std::string>> expected;
  for (int i = 0; i < 20; ++i) {
    expected["/default"].push_back(PublishAt(base::kDefaultTenantId).ToString());
    expected["/other"].push_back(PublishAt(other_).ToString());
  }
  Step(engine);
  EXPECT_EQ(Received(), expected);
}

TEST_F(TenantWebhooksTest, ThoseOfAFrozenTenantAreHeldAndComeOnceAfterwards) {
  const auto engine = MakeEngine();
  CreateEndpointOf(base::kDefaultTenantId, "/default");
  CreateEndpointOf(other_, "/other");
  std::map<std::string, std::vector<std::string>> expected;
  expected["/other"].push_back(PublishAt(other_).ToString());
  Step(engine);
  ASSERT_EQ(Received(), expected);

  SetState(2);
  expected["/default"].push_back(PublishAt(base::kDefaultTenantId).ToString());
  // Committed by a call that had begun before.
  const std::string late = PublishAt(other_).ToString();
  Step(engine);
  EXPECT_EQ(Received(), expected);
  // Nor by another engine, which finds work by itself.
  const auto successor = MakeEngine();
  Step(successor);
  EXPECT_EQ(Received(), expected);

  SetState(1);
  expected["/other"].push_back(late);
  Step(engine);
  Step(successor);
  EXPECT_EQ(Received(), expected);
}

}  // namespace
}  // namespace gatehouse::service::delivery
