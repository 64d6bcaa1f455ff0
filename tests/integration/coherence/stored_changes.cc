// What servers keep in the database alone: a table of changes here, each with the question that is
// answered otherwise there from then on.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_split.h"
#include "base/async/run_on_loop.h"
#include "base/time.h"
#include "base/uuid.h"
#include "gatehouse/v1/alert.pb.h"
#include "gatehouse/v1/audit.pb.h"
#include "gatehouse/v1/user.pb.h"
#include "gatehouse/v1/webhook.pb.h"
#include "storage/alert/alert.h"
#include "tests/integration/coherence/cases.h"
#include "tests/support/api/text_request.h"

namespace gatehouse::tests {
namespace {

using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::TextFormat;
using Names = std::map<std::string, std::string>;

std::unique_ptr<Message> AnswerOf(const std::string& method, const std::string& bytes) {
  std::unique_ptr<Message> answer(
      MessageFactory::generated_factory()->GetPrototype(FindMethod(method)->output_type())->New());
  EXPECT_TRUE(answer->ParseFromString(bytes)) << method;
  return answer;
}

// "user.id" of an answer; of a list the first.
std::string FieldAt(const Message& answer, const std::string& path) {
  const Message* message = &answer;
  for (const std::string& name : std::vector<std::string>(absl::StrSplit(path, '.'))) {
    const auto* field = message->GetDescriptor()->FindFieldByName(name);
    if (field == nullptr) break;
    if (field->message_type() == nullptr) {
      return field->is_repeated() ? message->GetReflection()->GetRepeatedString(*message, field, 0)
                                  : message->GetReflection()->GetString(*message, field);
    }
    message = &message->GetReflection()->GetMessage(*message, field);
  }
  ADD_FAILURE() << answer.GetTypeName() << " has no " << path;
  return "";
}

// The text of the answer, of all its messages, or the reason of the error.
std::string AskThere(TwoServers& servers, const StoredChange& change, const Names& names) {
  TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  CallOutcome outcome;
  std::string text;
  for (const std::string& bytes :
       servers.ReadThere(change.read, TextRequest(change.read, change.question, names), outcome)) {
    std::string line;
    printer.PrintToString(*AnswerOf(change.read, bytes), &line);
    text += line + "\n";
  }
  return outcome.ok() ? text : outcome.reason();
}

void Prove(TwoServers& servers, const StoredChange& change, Names names) {
  bool made = false;
  TwoServers::Prove(
      [&] {
        std::string bytes;
        const CallOutcome outcome = servers.here().client().CallBytes(
            "/gatehouse.v1." + change.method, TextRequest(change.method, change.request, names),
            OneServer::OptionsOf(servers.operator_key()), &bytes);
        if (outcome.ok() && !change.keeps.empty()) {
          names["$kept"] = FieldAt(*AnswerOf(change.method, bytes), change.keeps);
        }
        made = true;
        return outcome;
      },
      [&] {
        // Nobody can ask about what has no name yet.
        if (!made && !change.keeps.empty()) return false;
        const std::string shown = FillIn(change.shows, names);
        return (AskThere(servers, change, names).find(shown) == std::string::npos) == change.gone;
      });
}

std::string MakeAlert(TwoServers& servers) {
  service::App& app = servers.here().app();
  const base::Time now = app.clock().Now();
  const storage::AlertSignal signal{.key = {.tenant_id = base::kDefaultTenantId,
                                            .kind = storage::AlertKind::kExhausted,
                                            .endpoint_id = base::Uuid::MakeV7(now)},
                                    .time = now};
  const absl::Status signalled = base::RunOnLoop<absl::Status>(
      app.loop(), [&] { return app.storage().alerts.Signal(app.SystemContext("test"), {signal}); });
  EXPECT_TRUE(signalled.ok()) << signalled;
  return signal.key.Id().ToString();
}

void MakeUsers(TwoServers& servers, Names& names) {
  const TwoServers::Person person = servers.MakePerson();
  names["$user"] = person.id;
  names["$session"] = person.login.session().id();
  // An address to be proven.
  v1::UpdateUserRequest update;
  update.set_user_id(person.id);
  update.mutable_user()->set_email("ada@example.com");
  update.mutable_update_mask()->add_paths("email");
  servers.Must<v1::UpdateUserResponse>("UserService/UpdateUser", update);
  for (const char* name : {"$deleted1", "$deleted2", "$deleted3"}) {
    names[name] = servers.MakePerson().id;
    v1::DeleteUserRequest remove;
    remove.set_user_id(names[name]);
    servers.Must<v1::DeleteUserResponse>("UserService/DeleteUser", remove);
  }
}

Names MakeWhatIsChanged(TwoServers& servers) {
  Names names;
  MakeUsers(servers, names);
  names["$alert"] = MakeAlert(servers);
  v1::CreateAlertDestinationRequest destination;
  destination.mutable_destination()->set_display_name("given");
  destination.mutable_destination()->add_addresses("ops@example.com");
  names["$destination"] = servers
                              .Must<v1::CreateAlertDestinationResponse>(
                                  "AlertService/CreateAlertDestination", destination)
                              .destination()
                              .id();
  // Something to replay, which a paused endpoint holds up.
  v1::RecordEventRequest event;
  event.mutable_event()->set_type("order.paid");
  event.set_wait(v1::RecordEventRequest::WAIT_SEQUENCED);
  servers.Must<v1::RecordEventResponse>("AuditService/RecordEvent", event);
  v1::CreateEndpointRequest endpoint;
  endpoint.mutable_endpoint()->set_url("https://example.com/hook");
  endpoint.mutable_endpoint()->add_event_types("order.*");
  endpoint.mutable_endpoint()->set_state(v1::ENDPOINT_STATE_PAUSED);
  names["$endpoint"] =
      servers.Must<v1::CreateEndpointResponse>("WebhookService/CreateEndpoint", endpoint)
          .endpoint()
          .id();
  v1::ReplayEventsRequest replay;
  replay.set_endpoint_id(names["$endpoint"]);
  replay.set_from_index(1);
  names["$replay"] =
      servers.Must<v1::ReplayEventsResponse>("WebhookService/ReplayEvents", replay).replay().id();
  return names;
}

}  // namespace

const std::vector<StoredChange>& StoredChanges() {
  static const auto& changes = *new std::vector<StoredChange>{
      {"AdminService/UpdateRetentionPolicy",
       "policy { messages_days: 90 } update_mask { paths: 'messages_days' }",
       "AdminService/GetRetentionPolicy", "", "messages_days: 90"},
      {"AlertService/AcknowledgeAlert", "alert_id: '$alert'", "AlertService/GetAlert",
       "alert_id: '$alert'", "ALERT_STATE_ACKNOWLEDGED"},
      {"AlertService/ResolveAlert", "alert_id: '$alert'", "AlertService/GetAlert",
       "alert_id: '$alert'", "ALERT_STATE_RESOLVED"},
      {"AlertService/CreateAlertDestination",
       "destination { display_name: 'on call' addresses: 'ops@example.com' }",
       "AlertService/ListAlertDestinations", "", "on call"},
      {"AlertService/UpdateAlertDestination",
       "destination_id: '$destination' destination { display_name: 'by night' } "
       "update_mask { paths: 'display_name' }",
       "AlertService/GetAlertDestination", "destination_id: '$destination'", "by night"},
      {"AlertService/DeleteAlertDestination", "destination_id: '$destination'",
       "AlertService/GetAlertDestination", "destination_id: '$destination'", "ALERT_NOT_FOUND"},
      {.method = "AuditService/RecordEvent",
       .request = "event { type: 'order.shipped' }",
       .read = "AuditService/GetEvent",
       .question = "event_id: '$kept'",
       .shows = "order.shipped",
       .keeps = "event.id"},
      {"SessionService/UpdateSession",
       "session_id: '$session' session { label: 'desk' } update_mask { paths: 'label' }",
       "SessionService/GetSession", "session_id: '$session'", "label: \"desk\""},
      {"SessionService/AppendMessages",
       "user_id: '$user' thread_id: 'talk' "
       "messages { role: MESSAGE_ROLE_USER content { string_value: 'hello' } }",
       "SessionService/ListMessages", "user_id: '$user' thread_id: 'talk'", "hello"},
      {.method = "SessionService/DeleteThread",
       .request = "user_id: '$user' thread_id: 'talk'",
       .read = "SessionService/ListMessages",
       .question = "user_id: '$user' thread_id: 'talk'",
       .shows = "hello",
       .gone = true},
      {"UserService/CreateUser", "user { username: 'bob' } password: 'a ship in a harbour'",
       "UserService/GetUser", "username: 'bob'", "username: \"bob\""},
      {"UserService/InviteUser", "user { username: 'invited' email: 'invited@example.com' }",
       "UserService/GetUser", "username: 'invited'", "username: \"invited\""},
      {"UserService/ImportUsers", "users { user { username: 'imported' } }", "UserService/GetUser",
       "username: 'imported'", "username: \"imported\""},
      {"UserService/UndeleteUser", "user_id: '$deleted1'", "UserService/GetUser",
       "user_id: '$deleted1'", "id: \"$deleted1\""},
      {"UserService/PurgeUser", "user_id: '$deleted2'", "UserService/GetUser",
       "user_id: '$deleted2' show_deleted: true", "USER_NOT_FOUND"},
      {"UserService/EraseUser", "user_id: '$deleted3'", "UserService/GetUser",
       "user_id: '$deleted3' show_deleted: true", "USER_NOT_FOUND"},
      {"UserService/StartPasswordReset", "user_id: '$user'", "UserService/ExportUser",
       "user_id: '$user'", "purpose: \"PASSWORD_RESET\""},
      {"UserService/StartEmailVerification", "user_id: '$user'", "UserService/ExportUser",
       "user_id: '$user'", "purpose: \"EMAIL_VERIFICATION\""},
      {"UserService/CreateRole", "role { name: 'made' permissions: 'users.read' }",
       "UserService/GetRole", "name: 'made'", "name: \"made\""},
      {"UserService/DeleteRole", "name: 'made'", "UserService/GetRole", "name: 'made'",
       "ROLE_NOT_FOUND"},
      {.method = "WebhookService/PublishEvent",
       .request = "type: 'order.paid'",
       .read = "AuditService/GetEvent",
       .question = "event_id: '$kept'",
       .shows = "order.paid",
       .keeps = "event_id"},
      {.method = "WebhookService/BatchPublishEvents",
       .request = "events { type: 'order.returned' }",
       .read = "AuditService/GetEvent",
       .question = "event_id: '$kept'",
       .shows = "order.returned",
       .keeps = "event_ids"},
      {.method = "WebhookService/ReplayEvents",
       .request = "endpoint_id: '$endpoint' from_index: 1",
       .read = "WebhookService/GetReplay",
       .question = "replay_id: '$kept'",
       .shows = "id: \"$kept\"",
       .keeps = "replay.id"},
      {"WebhookService/CancelReplay", "replay_id: '$replay'", "WebhookService/GetReplay",
       "replay_id: '$replay'", "REPLAY_STATE_CANCELLED"},
  };
  return changes;
}

void ProveStoredChanges(TwoServers& servers) {
  const Names names = MakeWhatIsChanged(servers);
  for (const StoredChange& change : StoredChanges()) {
    SCOPED_TRACE(change.method + " {" + change.request + "}");
    Prove(servers, change, names);
  }
}

const std::map<std::string, std::string>& WithoutCase() {
  static const auto& without = *new std::map<std::string, std::string>{
      {"AdminService/WarmCache", "reads into the memory of one server"},
      {"SessionService/RequestMagicLink",
       "what it makes comes after its answer and is in a mail alone: FinishMagicLink has a case"},
      {"SessionService/StartPasskeyLogin", "nothing is kept of it"},
      {"SessionService/StartPasskeyStepUp", "nothing is kept of it"},
      {"UserService/ExportUser", "only reads"},
      {"UserService/RequestPasswordReset",
       "what it makes comes after its answer and is in a mail alone: FinishPasswordReset has a "
       "case"},
      {"UserService/StartPasskeyRegistration", "nothing is kept of it"},
      {"WebhookService/ExplainDelivery", "only reads"},
      {"WebhookService/PreviewEvent", "only reads"},
      {"WebhookService/ReconcileDeliveries", "only reads"},
      {"WebhookService/TestEndpoint", "sends one request, and its event is the log's"},
  };
  return without;
}

}  // namespace gatehouse::tests
