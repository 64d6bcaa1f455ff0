// Every method that has validate_only is asked with it, and then without: it answers well both
// times, and only the second time is anything stored that was not before. Whoever gives another
// method the field says in the table what is asked of it.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/uuid.h"
#include "gatehouse/v1/admin.pb.h"
#include "gatehouse/v1/alert.pb.h"
#include "gatehouse/v1/user.pb.h"
#include "gatehouse/v1/webhook.pb.h"
#include "gatehouse/v1/webhook_replay.pb.h"
#include "storage/alert/alert.h"
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
      {"AlertService/AcknowledgeAlert", "alert_id: '$alert'"},
      {"AlertService/ResolveAlert", "alert_id: '$alert'"},
      {"AuditService/RecordEvent", "event { type: 'order.shipped' }"},
      {"SessionService/UpdateSession",
       "session_id: '$session' session { label: 'desk' } update_mask { paths: 'label' }",
       By::kUser},
      {"SessionService/RevokeSession", "session_id: '$eves_session'"},
      {"SessionService/RevokeUserSessions", "user_id: '$eve'"},
      {"SessionService/AppendMessages",
       "user_id: '$user' thread_id: 'support' "
       "messages { role: MESSAGE_ROLE_USER content { string_value: 'Hello' } }"},
      {"SessionService/DeleteThread", "user_id: '$user' thread_id: 'support'"},
      {"UserService/CreateUser", "user { username: 'bob' } password: 'a ship in a harbour'"},
      {"UserService/UpdateUser",
       "user_id: '$user' user { bio: 'sails' } update_mask { paths: 'bio' }"},
      {"UserService/SetPassword", "user_id: '$gone_soon' password: 'a ship in a harbour'"},
      {"UserService/ChangePassword",
       "current_password: '$password' new_password: 'a ship in a harbour'", By::kUser},
      {"UserService/StartPasswordReset", "user_id: '$user'"},
      {"UserService/StartEmailVerification", "user_id: '$user'"},
      {"UserService/RenamePasskey", "passkey_id: '$passkey' display_name: 'phone'", By::kUser},
      {"UserService/RemovePasskey", "user_id: '$user' passkey_id: '$passkey'"},
      {"UserService/ForgetDevices", "user_id: '$mallory'"},
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
      {"UserService/RotateApiKey", "api_key_id: '$key'"},
      {"UserService/RevokeApiKey", "api_key_id: '$key'"},
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

// Methods that do more than read, and have no such field (AIP-163), each with the reason.
const std::map<std::string, std::string>& Without() {
  constexpr char kReads[] = "it changes nothing";
  constexpr char kGuess[] = "a login, or a part of one, that only tries would be a way to guess";
  constexpr char kAnybody[] = "anybody may ask, and is answered the same whatever there is";
  constexpr char kToken[] = "what it would check is the token, which is there to be used once";
  constexpr char kProof[] = "what it would check is mainly the proof of who asks, as a login does";
  constexpr char kMemory[] =
      "it is about what this server has in memory, which comes back by itself";
  static const auto& without = *new std::map<std::string, std::string>{
      {"AdminService/InvalidateCache", kMemory},
      {"AdminService/WarmCache", kMemory},
      {"SessionService/AnswerChallenge", kGuess},
      {"SessionService/CreateSession", kGuess},
      {"SessionService/FinishMagicLink", kToken},
      {"SessionService/FinishPasskeyLogin", kGuess},
      {"SessionService/RefreshSession", kToken},
      {"SessionService/RequestMagicLink", kAnybody},
      {"SessionService/StartPasskeyLogin", kReads},
      {"SessionService/StartPasskeyStepUp", kReads},
      {"SessionService/StepUpSession", kGuess},
      {"UserService/ConfirmTotp", kProof},
      {"UserService/EnrollTotp", kProof},
      {"UserService/ExportUser", kReads},
      {"UserService/FinishEmailVerification", kToken},
      {"UserService/FinishPasskeyRegistration", kProof},
      {"UserService/FinishPasswordReset", kToken},
      {"UserService/RemoveTotp", kProof},
      {"UserService/ReplaceRecoveryCodes", kProof},
      {"UserService/RequestPasswordReset", kAnybody},
      {"UserService/SetPasskeyFactor", kProof},
      {"UserService/StartPasskeyRegistration", kReads},
      {"WebhookService/ExplainDelivery", kReads},
      {"WebhookService/PreviewEvent", kReads},
      {"WebhookService/PullEvents", "what it stores is how far its client has come"},
      {"WebhookService/ReconcileDeliveries", kReads},
      {"WebhookService/TestEndpoint", "to try is what it does"},
  };
  return without;
}

// What only reads is called so, since clients go by it (docs/grpc-service-config.json).
bool OnlyReads(std::string_view verb) {
  constexpr std::string_view kBeginnings[] = {"Get",        "BatchGet", "List", "Verify",
                                              "Introspect", "Tail",     "Watch"};
  return std::ranges::any_of(
      kBeginnings, [&](std::string_view beginning) { return verb.starts_with(beginning); });
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
    MakeCredentials();
    MakeWebhooks();
    MakeAlert();
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

  void MakeCredentials() {
    v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("given");
    key.mutable_api_key()->add_permissions("users.read");
    names_["$key"] = Must<v1::CreateApiKeyResponse>(key).api_key().id();
    names_["$eve"] = AddUser(admin(), "eve").response.user().id();
    names_["$eves_session"] = LogIn(CallOptions(), "eve").response.session().id();
    ASSERT_TRUE(LogIn(CallOptions(), "eve").ok());
    names_["$passkey"] = base::Uuid::MakeV7(clock().Now()).ToString();
    ExecuteSql(backend().dsn,
               "INSERT INTO gatehouse.passkey (tenant_id, user_id, passkey_id, credential_id, "
               "algorithm, public_key, sign_count, aaguid, transports, backup_eligible, backed_up, "
               "display_name, create_time) SELECT tenant_id, user_id, '" +
                   names_["$passkey"] +
                   "', 'id', -7, '', 0, user_id, '{internal}', true, true, '', create_time "
                   "FROM gatehouse.user_account WHERE user_id = '" +
                   names_["$user"] + "'");
    // It is good for as long as the second factor is the one it was remembered with.
    names_["$mallory"] = AddUser(admin(), "mallory").response.user().id();
    const std::string owner = " WHERE user_id = '" + names_["$mallory"] + "'";
    ExecuteSql(backend().dsn,
               "UPDATE gatehouse.user_account SET second_factor_time = create_time" + owner);
    ExecuteSql(backend().dsn,
               "INSERT INTO gatehouse.remembered_device (tenant_id, user_id, device_id, "
               "token_hash, user_epoch, second_factor_time, label, ip_address, user_agent, "
               "create_time, expire_time) SELECT tenant_id, user_id, user_id, 'hash', epoch, "
               "second_factor_time, '', '', '', create_time, '2200-01-01' "
               "FROM gatehouse.user_account" +
                   owner);
  }

  void MakeAlert() {
    const storage::AlertSignal alert{
        .key = {.tenant_id = base::kDefaultTenantId,
                .kind = storage::AlertKind::kFailing,
                .endpoint_id = *base::Uuid::Parse(names_["$endpoint"])},
        .level = 50,
        .time = clock().Now()};
    const absl::Status signalled = backend().runner.Run<absl::Status>(
        [&] { return backend().storage->alerts.Signal(backend().SystemContext(), {alert}); });
    ASSERT_TRUE(signalled.ok()) << signalled;
    names_["$alert"] = alert.key.Id().ToString();
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

TEST_F(ValidateOnlyTest, WhatChangesSomethingHasItOrAReason) {
  std::set<std::string> tried;
  for (const Trial& trial : Trials()) tried.insert(trial.method);
  std::set<std::string> without;
  for (const auto& [method, access, fields] : DeclaredMethods()) {
    const bool has_field = fields.contains("validate_only");
    EXPECT_EQ(tried.contains(method), has_field)
        << method << ": say in the table how it is asked with validate_only";
    if (!has_field && !OnlyReads(method.substr(method.find('/') + 1))) without.insert(method);
  }
  std::set<std::string> excepted;
  for (const auto& [method, reason] : Without()) excepted.insert(method);
  EXPECT_EQ(without, excepted) << "give it validate_only, or say here why not";
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

// A secret is made with what is stored of it: there is none to show.
TEST_F(ValidateOnlyTest, NoSecretIsMade) {
  v1::StartPasswordResetRequest reset;
  reset.set_user_id(names_["$user"]);
  reset.set_validate_only(true);
  EXPECT_EQ(Must<v1::StartPasswordResetResponse>(reset).token(), "");
  v1::StartEmailVerificationRequest verification;
  verification.set_user_id(names_["$user"]);
  verification.set_validate_only(true);
  EXPECT_EQ(Must<v1::StartEmailVerificationResponse>(verification).token(), "");
  v1::RotateApiKeyRequest rotation;
  rotation.set_api_key_id(names_["$key"]);
  rotation.set_validate_only(true);
  const auto rotated = Must<v1::RotateApiKeyResponse>(rotation);
  EXPECT_EQ(rotated.key(), "");
  EXPECT_EQ(rotated.api_key().key_prefix(), "");
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
