// Every method that has validate_only is asked with it, and then without: it answers well both
// times, and only the second time is anything stored that was not before. Whoever gives another
// method the field says in the table what is asked of it.

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/uuid.h"
#include "gatehouse/v1/admin.pb.h"
#include "gatehouse/v1/alert.pb.h"
#include "gatehouse/v1/user.pb.h"
#include "gatehouse/v1/webhook.pb.h"
#include "gatehouse/v1/webhook_replay.pb.h"
#include "tests/integration/tenants/tenant_fixture.h"
#include "tests/support/api/declared_methods.h"
#include "tests/support/api/text_request.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::tests {
namespace {

enum class By { kAdmin, kOperator, kUser };

struct Trial {
  // Of its service without the package.
  std::string method;
  // In protobuf's text format, with `$user` and the like for ids.
  std::string request;
  By by = By::kAdmin;
};

// In their order: some change what others were asked about.
const std::vector<Trial>& Trials() {
  static const auto& trials = *new std::vector<Trial>{
      {"AdminService/RotateSigningKey", "", By::kOperator},
      {"AdminService/UpdateRetentionPolicy",
       "policy { messages_days: 90 } update_mask { paths: 'messages_days' }", By::kOperator},
      {"TenantService/CreateTenant", "tenant { name: 'another' }", By::kOperator},
      {"TenantService/UpdateTenant",
       "tenant_id: '$tenant' tenant { state: TENANT_STATE_FROZEN } update_mask { paths: 'state' }",
       By::kOperator},
      {"AlertService/CreateAlertDestination",
       "destination { display_name: 'on call' addresses: 'ops@example.com' }"},
      {"AlertService/UpdateAlertDestination",
       "destination_id: '$destination' destination { display_name: 'other' } "
       "update_mask { paths: 'display_name' }"},
      {"AlertService/DeleteAlertDestination", "destination_id: '$destination'"},
      {"AuditService/RecordEvent", "event { type: 'order.shipped' }"},
      {"SessionService/UpdateSession",
       "session_id: '$session' session { label: 'desk' } update_mask { paths: 'label' }",
       By::kUser},
      {"UserService/CreateUser", "user { username: 'bob' } password: 'a ship in a harbour'"},
      {"UserService/UpdateUser",
       "user_id: '$user' user { bio: 'sails' } update_mask { paths: 'bio' }"},
      {"UserService/SetPassword", "user_id: '$gone_soon' password: 'a ship in a harbour'"},
      {"UserService/ChangePassword",
       "current_password: '$password' new_password: 'a ship in a harbour'", By::kUser},
      {"UserService/DeleteUser", "user_id: '$gone_soon'"},
      {"UserService/UndeleteUser", "user_id: '$gone_soon'"},
      {"UserService/PurgeUser", "user_id: '$deleted1'"},
      {"UserService/EraseUser", "user_id: '$deleted2'"},
      {"UserService/ImportUsers", "users { user { username: 'imported' } }"},
      {"UserService/InviteUser", "user { username: 'invited' email: 'invited@example.com' }"},
      {"UserService/CreateRole", "role { name: 'made' permissions: 'users.read' }"},
      {"UserService/UpdateRole",
       "role { name: '$role' permissions: 'sessions.read' } update_mask { paths: 'permissions' }"},
      {"UserService/DeleteRole", "name: '$role'"},
      {"UserService/CreateApiKey", "api_key { display_name: 'k' permissions: 'users.read' }"},
      {"WebhookService/CreateEndpoint",
       "endpoint { url: 'https://example.com/another' event_types: '*' }"},
      {"WebhookService/UpdateEndpoint",
       "endpoint_id: '$endpoint' endpoint { description: 'd' } update_mask { paths: "
       "'description' }"},
      {"WebhookService/RedeliverEvent", "endpoint_id: '$endpoint' event_id: '$event'"},
      {"WebhookService/CancelReplay", "replay_id: '$replay'"},
      {"WebhookService/ReplayEvents", "endpoint_id: '$endpoint' from_index: 1"},
      {"WebhookService/PauseEndpoint", "endpoint_id: '$endpoint'"},
      {"WebhookService/ResumeEndpoint", "endpoint_id: '$endpoint'"},
      {"WebhookService/RotateSecret", "endpoint_id: '$endpoint'"},
      {"WebhookService/DeleteEndpoint", "endpoint_id: '$endpoint'"},
      {"WebhookService/PublishEvent", "type: 'order.paid'"},
      {"WebhookService/BatchPublishEvents", "events { type: 'order.paid' }"},
      {"WebhookService/CreateEventType", "event_type { name: 'another.happened' }"},
      {"WebhookService/UpdateEventType",
       "name: '$event_type' event_type { description: 'd' } update_mask { paths: 'description' }"},
      {"WebhookService/DeleteEventType", "name: '$event_type'"},
      {"WebhookService/DeleteSubscription", "name: 'subscription'"},
  };
  return trials;
}

// By their names such methods are to have the field (AIP-163); these have none.
const std::map<std::string, std::string>& Without() {
  static const auto& without = *new std::map<std::string, std::string>{
      {"SessionService/CreateSession", "a login that only tries would be a way to guess passwords"},
      {"SessionService/DeleteThread", "what a thread holds can be read, and nothing else is asked"},
  };
  return without;
}

class ValidateOnlyTest : public TenantFixture {
 protected:
  void Configure(TestBackend::Options& options) override {
    TenantFixture::Configure(options);
    // Destinations of alerts are for who can be written to.
    options.config.mail.server = "127.0.0.1:25";
    options.config.mail.from = "gatehouse@example.com";
  }

  void SetUp() override {
    TenantFixture::SetUp();
    names_["$password"] = kPassword;
    names_["$tenant"] = MakeCustomer("frozen-soon").id;
    MakeUsers();
    MakeWebhooks();
    v1::CreateAlertDestinationRequest destination;
    destination.mutable_destination()->set_display_name("given");
    destination.mutable_destination()->add_addresses("ops@example.com");
    names_["$destination"] =
        Must<v1::CreateAlertDestinationResponse>(destination).destination().id();
    // Its last use is noted once a minute.
    EXPECT_TRUE(Call<v1::GetServerInfoResponse>(operator_, v1::GetServerInfoRequest()).ok());
    rows_sql_ = AskSql(
        backend().dsn,
        "SELECT 'SELECT string_agg(line, chr(10) ORDER BY line) FROM (' || string_agg(format("
        "'SELECT %L || count(*) || '' '' || coalesce(md5(string_agg(r::text, ''|'' ORDER BY "
        "r::text)), '''') AS line FROM gatehouse.%I r', relname || ' ', relname), ' UNION ALL ') "
        "|| ') AS lines' FROM pg_class WHERE relnamespace = 'gatehouse'::regnamespace AND relkind "
        "IN ('r', 'p') AND NOT relispartition");
  }

  template <typename Response, typename Request>
  Response Must(const Request& request) {
    const auto outcome = Call<Response>(admin(), request);
    EXPECT_TRUE(outcome.ok()) << request.GetTypeName() << ": " << outcome.message;
    return outcome.response;
  }

  void MakeUsers() {
    names_["$user"] = AddUser(admin(), "ada").response.user().id();
    names_["$gone_soon"] = AddUser(admin(), "gone-soon").response.user().id();
    for (const char* name : {"$deleted1", "$deleted2"}) {
      names_[name] = AddUser(admin(), std::string(name).substr(1)).response.user().id();
      v1::DeleteUserRequest request;
      request.set_user_id(names_[name]);
      Must<v1::DeleteUserResponse>(request);
    }
    const auto login = LogIn(CallOptions(), "ada");
    ASSERT_TRUE(login.ok()) << login.message;
    names_["$session"] = login.response.session().id();
    user_ = {.id = {}, .session_id = {}, .credential = login.response.tokens().access_token()};
    v1::CreateRoleRequest role;
    role.mutable_role()->set_name("given-role");
    role.mutable_role()->add_permissions("users.read");
    Must<v1::CreateRoleResponse>(role);
    names_["$role"] = "given-role";
  }

  void MakeWebhooks() {
    v1::CreateEventTypeRequest type;
    type.mutable_event_type()->set_name("given.happened");
    Must<v1::CreateEventTypeResponse>(type);
    names_["$event_type"] = "given.happened";
    v1::PublishEventRequest event;
    event.set_type("order.paid");
    names_["$event"] = Must<v1::PublishEventResponse>(event).event_id();
    // Before the endpoint's position: it can be delivered again.
    Sequence();
    v1::CreateEndpointRequest endpoint;
    endpoint.mutable_endpoint()->set_url("https://example.com/hook");
    endpoint.mutable_endpoint()->add_event_types("*");
    names_["$endpoint"] = Must<v1::CreateEndpointResponse>(endpoint).endpoint().id();
    Sequence();
    v1::ReplayEventsRequest replay;
    replay.set_endpoint_id(names_["$endpoint"]);
    replay.set_from_index(1);
    names_["$replay"] = Must<v1::ReplayEventsResponse>(replay).replay().id();
    ExecuteSql(backend().dsn, "INSERT INTO gatehouse.pull_subscription VALUES ('" +
                                  base::kDefaultTenantId.ToString() +
                                  "', 'subscription', 0, 1, '{*}', now(), now())");
  }

  const Caller& CallerOf(By by) const {
    switch (by) {
      case By::kAdmin:
        break;
      case By::kOperator:
        return operator_;
      case By::kUser:
        return user_;
    }
    return admin();
  }

  CallOutcome Try(const Trial& trial, bool validate_only) {
    const std::string text = trial.request + (validate_only ? " validate_only: true" : "");
    CallOptions options;
    options.metadata.emplace_back("authorization", "Bearer " + CallerOf(trial.by).credential);
    return raw_client().CallBytes("/gatehouse.v1." + trial.method,
                                  TextRequest(trial.method, text, names_), options);
  }

  // Everything that is stored, a line for each table.
  std::string Rows() { return AskSql(backend().dsn, rows_sql_); }

  std::map<std::string, std::string> names_;
  Caller user_;
  std::string rows_sql_;
};

TEST_F(ValidateOnlyTest, WhatMakesOrChangesSomethingHasIt) {
  std::set<std::string> tried;
  for (const Trial& trial : Trials()) tried.insert(trial.method);
  for (const auto& [method, access, fields] : DeclaredMethods()) {
    const bool has_field = fields.contains("validate_only");
    const std::string verb = method.substr(method.find('/') + 1);
    bool should = false;
    for (const char* beginning : {"Create", "Update", "Import", "Delete"}) {
      should |= verb.starts_with(beginning);
    }
    if (should && !has_field) {
      EXPECT_TRUE(Without().contains(method)) << method << " has no validate_only";
    }
    EXPECT_EQ(tried.contains(method), has_field)
        << method << ": say in the table how it is asked with validate_only";
  }
}

TEST_F(ValidateOnlyTest, ItIsAnsweredAndNothingIsStored) {
  for (const Trial& trial : Trials()) {
    SCOPED_TRACE(trial.method + " {" + trial.request + "}");
    const std::string before = Rows();
    const CallOutcome validated = Try(trial, true);
    EXPECT_TRUE(validated.ok()) << validated.message;
    EXPECT_EQ(Rows(), before);
    // It was no request that does nothing anyway.
    const CallOutcome done = Try(trial, false);
    EXPECT_TRUE(done.ok()) << done.message;
    EXPECT_NE(Rows(), before);
  }
}

// What refuses a change refuses the question whether it could be made.
TEST_F(ValidateOnlyTest, WhoMayNotChangeMayNotAsk) {
  const Caller viewer = backend().LogIn("viewer");
  for (const Trial& trial : Trials()) {
    // Of the caller's own.
    if (trial.by == By::kUser) continue;
    Trial asked = trial;
    asked.by = By::kUser;
    user_ = viewer;
    EXPECT_EQ(Try(asked, true).code, absl::StatusCode::kPermissionDenied) << trial.method;
  }
}

}  // namespace
}  // namespace gatehouse::tests
