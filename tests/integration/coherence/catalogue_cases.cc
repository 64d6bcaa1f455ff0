// Tenants, event types with their schemas, which servers have in memory, and subscriptions.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gatehouse/v1/admin.pb.h"
#include "gatehouse/v1/session.pb.h"
#include "gatehouse/v1/tenant.pb.h"
#include "gatehouse/v1/user.pb.h"
#include "gatehouse/v1/webhook.pb.h"
#include "gatehouse/v1/webhook_pull.pb.h"
#include "tests/integration/coherence/cases.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::tests {
namespace {

void ATenantAndItsState(TwoServers& servers) {
  v1::CreateTenantRequest create;
  create.mutable_tenant()->set_name("acme");
  create.mutable_admin()->set_username("root");
  create.mutable_admin()->set_password(TwoServers::kPassword);
  v1::CreateSessionRequest login;
  login.set_login("root");
  login.set_password(TwoServers::kPassword);
  v1::UpdateTenantRequest update;
  std::string token;
  TwoServers::Prove(
      [&] {
        const auto created =
            servers.Here<v1::CreateTenantResponse>("TenantService/CreateTenant", create);
        update.set_tenant_id(created.response.tenant().id());
        return created;
      },
      [&] {
        if (!token.empty()) return true;
        token =
            servers.there()
                .Call<v1::CreateSessionResponse>("", "SessionService/CreateSession", login, "acme")
                .response.tokens()
                .access_token();
        return !token.empty();
      });
  const auto reason_there = [&] {
    return servers.there()
        .Call<v1::ListUsersResponse>(token, "UserService/ListUsers", v1::ListUsersRequest())
        .reason();
  };
  ASSERT_EQ(reason_there(), "") << "from memory from now on";
  update.mutable_update_mask()->add_paths("state");
  for (const v1::TenantState state : {v1::TENANT_STATE_FROZEN, v1::TENANT_STATE_ACTIVE}) {
    const std::string expected = state == v1::TENANT_STATE_FROZEN ? "TENANT_FROZEN" : "";
    TwoServers::Prove(
        [&] {
          update.mutable_tenant()->set_state(state);
          return servers.Here<v1::UpdateTenantResponse>("TenantService/UpdateTenant", update);
        },
        [&] { return reason_there() == expected; });
  }
}

// Of a type whose schema asks for one property at least.
v1::CreateEventTypeRequest StrictType(const std::string& name) {
  v1::CreateEventTypeRequest request;
  request.mutable_event_type()->set_name(name);
  (*request.mutable_event_type()->mutable_schema()->mutable_fields())["minProperties"]
      .set_number_value(1);
  return request;
}

// Whether an event of the type without data is one there.
bool IsRefusedThere(TwoServers& servers, const std::string& type) {
  v1::PublishEventRequest request;
  request.set_type(type);
  request.set_validate_only(true);
  const auto outcome =
      servers.There<v1::PublishEventResponse>("WebhookService/PublishEvent", request);
  if (!outcome.ok()) EXPECT_EQ(outcome.reason(), "EVENT_DATA_INVALID") << outcome.message;
  return !outcome.ok();
}

void TheSchemaOfAnEventType(TwoServers& servers) {
  const auto is_refused = [&] { return IsRefusedThere(servers, "order.paid"); };
  const auto is_taken = [&] { return !is_refused(); };
  const auto create = [&] {
    return servers.Here<v1::CreateEventTypeResponse>("WebhookService/CreateEventType",
                                                     StrictType("order.paid"));
  };
  TwoServers::Prove(create, is_refused);
  TwoServers::Prove(
      [&] {
        v1::UpdateEventTypeRequest request;
        request.set_name("order.paid");
        request.mutable_event_type();
        request.mutable_update_mask()->add_paths("schema");
        return servers.Here<v1::UpdateEventTypeResponse>("WebhookService/UpdateEventType", request);
      },
      is_taken);
  v1::DeleteEventTypeRequest remove;
  remove.set_name("order.paid");
  servers.Must<v1::DeleteEventTypeResponse>("WebhookService/DeleteEventType", remove);
  TwoServers::Prove(create, is_refused);
  TwoServers::Prove(
      [&] {
        return servers.Here<v1::DeleteEventTypeResponse>("WebhookService/DeleteEventType", remove);
      },
      is_taken);
}

void ASchemaThatWasChangedByHand(TwoServers& servers) {
  servers.Must<v1::CreateEventTypeResponse>("WebhookService/CreateEventType",
                                            StrictType("order.sent"));
  // Past the log: nobody is told.
  const auto set_schema = [&](const std::string& schema) {
    AskSql(servers.dsn(), "UPDATE gatehouse.event_type SET schema = '" + schema + "' RETURNING 1");
  };
  const auto invalidate = [&] {
    v1::InvalidateCacheRequest request;
    request.set_kind(v1::CACHE_KIND_EVENT_SCHEMAS);
    return servers.Here<v1::InvalidateCacheResponse>("AdminService/InvalidateCache", request);
  };
  const auto is_refused = [&] { return IsRefusedThere(servers, "order.sent"); };
  // What that server has still to hear of makes it forget what it has just read: again until it
  // remembers.
  while (true) {
    while (!is_refused()) {
    }
    set_schema("{}");
    if (is_refused()) break;
    set_schema(R"({"minProperties": 1})");
    ASSERT_TRUE(invalidate().ok());
  }
  const CallOutcome invalidated = invalidate();
  ASSERT_TRUE(invalidated.ok()) << invalidated.message;
  EXPECT_TRUE(TwoServers::Becomes([&] { return !is_refused(); }));
}

void ASubscription(TwoServers& servers) {
  const auto is_there = [&] {
    const auto listed = servers.There<v1::ListSubscriptionsResponse>(
        "WebhookService/ListSubscriptions", v1::ListSubscriptionsRequest());
    EXPECT_TRUE(listed.ok()) << listed.message;
    return std::ranges::any_of(
        listed.response.subscriptions(),
        [](const v1::Subscription& subscription) { return subscription.name() == "warehouse"; });
  };
  const std::unique_ptr<ClientStream> pull = servers.here().client().Open(
      "/gatehouse.v1.WebhookService/PullEvents", OneServer::OptionsOf(servers.operator_key()));
  TwoServers::Prove(
      [&] {
        v1::PullEventsRequest request;
        request.mutable_start()->set_subscription("warehouse");
        request.mutable_start()->add_event_types("order.*");
        pull->Write(request.SerializeAsString());
        // It says at once that it has begun.
        std::string bytes;
        const bool begun = pull->Read(&bytes);
        return CallOutcome{.code = begun ? absl::StatusCode::kOk : absl::StatusCode::kUnknown};
      },
      is_there);
  pull->WritesDone();
  const CallOutcome ended = pull->Finish();
  EXPECT_TRUE(ended.ok()) << ended.message;
  TwoServers::Prove(
      [&] {
        v1::DeleteSubscriptionRequest request;
        request.set_name("warehouse");
        return servers.Here<v1::DeleteSubscriptionResponse>("WebhookService/DeleteSubscription",
                                                            request);
      },
      [&] { return !is_there(); });
}

}  // namespace

const std::vector<CoherenceCase>& CatalogueCases() {
  static const auto& cases = *new std::vector<CoherenceCase>{
      {{"TenantService/CreateTenant", "TenantService/UpdateTenant"},
       "a tenant is made, frozen and goes on",
       ATenantAndItsState},
      {{"WebhookService/CreateEventType", "WebhookService/UpdateEventType",
        "WebhookService/DeleteEventType"},
       "an event type gets a schema, loses it, and goes",
       TheSchemaOfAnEventType},
      {{"AdminService/InvalidateCache"},
       "schemas are forgotten, after a change by hand",
       ASchemaThatWasChangedByHand},
      {{"WebhookService/PullEvents", "WebhookService/DeleteSubscription"},
       "a subscription comes and goes",
       ASubscription},
  };
  return cases;
}

}  // namespace gatehouse::tests
