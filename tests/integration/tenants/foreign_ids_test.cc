// Every method of the API is asked about what is another tenant's. It answers as it does about what
// never existed, shows nothing, and changes nothing. A method that is not in foreign_questions.cc
// fails the test: whoever adds one says there what a foreign id is to it.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "auth/token/one_time_token.h"
#include "base/time.h"
#include "base/uuid.h"
#include "gatehouse/v1/alert.pb.h"
#include "gatehouse/v1/audit.pb.h"
#include "gatehouse/v1/webhook.pb.h"
#include "gatehouse/v1/webhook_replay.pb.h"
#include "storage/alert/alert.h"
#include "storage/change.h"
#include "storage/event.h"
#include "storage/one_time_token/one_time_token.h"
#include "storage/user/user.h"
#include "tests/integration/tenants/foreign_questions.h"
#include "tests/integration/tenants/tenant_fixture.h"
#include "tests/support/api/declared_methods.h"
#include "tests/support/api/text_request.h"
#include "tests/support/passkey/software_authenticator.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::tests {
namespace {

using Answer = Question::Answer;

class ForeignIdsTest : public TenantFixture {
 protected:
  using Names = std::map<std::string, std::string>;

  void Configure(TestBackend::Options& options) override {
    TenantFixture::Configure(options);
    options.config.auth.passkey_rp_id = "example.com";
    options.config.mail.server = "127.0.0.1:25";
    options.config.mail.from = "gatehouse@example.com";
    options.config.mail.password_reset_url = "https://example.com/reset?token={token}";
    options.config.mail.magic_link_url = "https://example.com/login?token={token}";
  }

  void SetUp() override {
    TenantFixture::SetUp();
    mine_ = MakeCustomer("mine");
    theirs_ = MakeCustomer("theirs");
    FillTheirs();
  }

  template <typename Response, typename Request>
  Response Must(const Request& request) {
    const auto outcome = Call<Response>(theirs_.admin, request);
    EXPECT_TRUE(outcome.ok()) << request.GetTypeName() << ": " << outcome.message;
    return outcome.response;
  }

  // One of each thing that a tenant can have; `names_` says what it is called.
  void FillTheirs() {
    names_["$tenant"] = theirs_.id;
    names_["$session"] = theirs_.login.session().id();
    names_["$token"] = theirs_.login.tokens().access_token();
    names_["$refresh"] = theirs_.login.tokens().refresh_token();
    names_["$username"] = "theirs-ada";
    names_["$password"] = kPassword;
    names_["$user"] = AddUser(theirs_.admin, "theirs-ada").response.user().id();
    FillAccounts();
    FillPasskeys();
    FillWebhooks();
  }

  void FillAccounts() {
    v1::CreateRoleRequest role;
    role.mutable_role()->set_name("theirs-role");
    role.mutable_role()->add_permissions("users.read");
    Must<v1::CreateRoleResponse>(role);
    names_["$role"] = "theirs-role";

    v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("theirs");
    key.mutable_api_key()->add_permissions("users.read");
    const auto made = Must<v1::CreateApiKeyResponse>(key);
    names_["$key"] = made.key();
    names_["$key_id"] = made.api_key().id();
    // Its last use is noted once a minute: from now on, nobody's question does.
    EXPECT_TRUE(Call<v1::ListUsersResponse>({.id = {}, .session_id = {}, .credential = made.key()},
                                            v1::ListUsersRequest())
                    .ok());

    v1::StartPasswordResetRequest reset;
    reset.set_user_id(names_["$user"]);
    names_["$reset"] = Must<v1::StartPasswordResetResponse>(reset).token();
    v1::StartEmailVerificationRequest verification;
    verification.set_user_id(names_["$user"]);
    names_["$verification"] = Must<v1::StartEmailVerificationResponse>(verification).token();
    names_["$challenge"] =
        backend().auth.challenges.Encode({.tenant_id = *base::Uuid::Parse(theirs_.id),
                                          .user_id = *base::Uuid::Parse(names_["$user"]),
                                          .user_epoch = 1,
                                          .expire_time = clock().Now() + std::chrono::minutes(5)});

    v1::AppendMessagesRequest message;
    message.set_user_id(names_["$user"]);
    message.set_thread_id("theirs-thread");
    message.add_messages()->set_role(v1::MESSAGE_ROLE_USER);
    message.mutable_messages(0)->mutable_content()->set_string_value("theirs");
    Must<v1::AppendMessagesResponse>(message);
    names_["$thread"] = "theirs-thread";
  }

  // A login by a mail, for a user of theirs.
  std::string MakeMagicToken() {
    const base::Uuid tenant_id = *base::Uuid::Parse(theirs_.id);
    const base::Uuid user_id = *base::Uuid::Parse(names_["$user"]);
    const auto user = backend().runner.Run<absl::StatusOr<std::optional<storage::User>>>([&] {
      return backend().storage->users.Get(backend().SystemContext(), tenant_id, user_id);
    });
    EXPECT_TRUE(user.ok() && *user) << user.status();
    if (!user.ok() || !*user) return "";
    const base::Time now = clock().Now();
    auth::OneTimeTokenCodec::Made made = backend().auth.one_time_tokens.Make(
        storage::OneTimePurpose::kMagicLink, tenant_id, user_id);
    storage::Change change{
        .events = {storage::MakeEvent(backend().SystemContext(), now, "test.given", {})}};
    const absl::Status put = backend().runner.Run<absl::Status>([&] {
      return backend().storage->one_time_tokens.Put(
          backend().SystemContext(),
          {.key = made.key, .create_time = now, .expire_time = now + std::chrono::hours(1)}, **user,
          change);
    });
    EXPECT_TRUE(put.ok()) << put;
    return made.token;
  }

  v1::StartPasskeyLoginResponse StartPasskeyLogin(const std::string& tenant) {
    const auto started =
        Call<v1::StartPasskeyLoginResponse>(nobody(), v1::StartPasskeyLoginRequest(), At(tenant));
    EXPECT_TRUE(started.ok()) << started.message;
    return started.response;
  }

  void FillPasskeys() {
    names_["$magic"] = MakeMagicToken();
    const auto options = [this] {
      return Must<v1::StartPasskeyRegistrationResponse>(v1::StartPasskeyRegistrationRequest())
          .options_json();
    };
    SoftwareAuthenticator authenticator;
    v1::FinishPasskeyRegistrationRequest made;
    made.set_passkey_json(authenticator.Register(options()));
    made.set_display_name("theirs-passkey");
    names_["$passkey"] = Must<v1::FinishPasskeyRegistrationResponse>(made).passkey().id();
    SoftwareAuthenticator another;
    names_["$registration"] = another.Register(options());
    names_["$assertion"] = authenticator.Sign(StartPasskeyLogin(theirs_.name).options_json());
    const auto step_up = Must<v1::StartPasskeyStepUpResponse>(v1::StartPasskeyStepUpRequest());
    names_["$proof"] = authenticator.Sign(step_up.options_json());
    // By a passkey that nobody has made known.
    nobodys_assertion_ = another.Sign(StartPasskeyLogin(mine_.name).options_json());
  }

  void FillWebhooks() {
    v1::CreateEventTypeRequest type;
    type.mutable_event_type()->set_name("theirs.happened");
    Must<v1::CreateEventTypeResponse>(type);
    names_["$event_type"] = "theirs.happened";

    v1::CreateEndpointRequest endpoint;
    endpoint.mutable_endpoint()->set_url("https://theirs.example/hook");
    endpoint.mutable_endpoint()->add_event_types("*");
    names_["$endpoint"] = Must<v1::CreateEndpointResponse>(endpoint).endpoint().id();

    v1::PublishEventRequest event;
    event.set_type("theirs.happened");
    names_["$event"] = Must<v1::PublishEventResponse>(event).event_id();
    Sequence();
    v1::ReplayEventsRequest replay;
    replay.set_endpoint_id(names_["$endpoint"]);
    replay.set_from_index(1);
    names_["$replay"] = Must<v1::ReplayEventsResponse>(replay).replay().id();

    const storage::AlertSignal alert{
        .key = {.tenant_id = *base::Uuid::Parse(theirs_.id),
                .kind = storage::AlertKind::kFailing,
                .endpoint_id = *base::Uuid::Parse(names_["$endpoint"])},
        .level = 50,
        .time = clock().Now()};
    const absl::Status signalled = backend().runner.Run<absl::Status>(
        [&] { return backend().storage->alerts.Signal(backend().SystemContext(), {alert}); });
    ASSERT_TRUE(signalled.ok()) << signalled;
    names_["$alert"] = alert.key.Id().ToString();

    v1::CreateAlertDestinationRequest destination;
    destination.mutable_destination()->set_display_name("theirs-destination");
    destination.mutable_destination()->add_addresses("ops@theirs.example");
    names_["$destination"] =
        Must<v1::CreateAlertDestinationResponse>(destination).destination().id();

    ExecuteSql(backend().dsn, "INSERT INTO gatehouse.pull_subscription VALUES ('" + theirs_.id +
                                  "', 'theirs-subscription', 0, 1, '{*}', now(), now())");
    names_["$subscription"] = "theirs-subscription";
    Sequence();
  }

  // The same question about what never existed.
  Names NobodysNames() const {
    Names names;
    for (const auto& [name, theirs] : names_) {
      const bool is_id = base::Uuid::Parse(theirs).has_value();
      names[name] = is_id ? "0193d5a0-0000-7000-8000-00000000dead" : "nobodys-" + name.substr(1);
    }
    names["$event_type"] = "nobodys.happened";
    names["$username"] = "nobodys-ada";
    names["$assertion"] = nobodys_assertion_;
    return names;
  }

  static std::string MethodOf(const Question& question) {
    return "/gatehouse.v1." + question.method;
  }

  // Who asks: an administrator of another tenant, or the operator, for whom another tenant's is
  // foreign as well.
  struct Asker {
    Caller caller;
    std::string tenant;
  };

  struct Outcome {
    CallOutcome call;
    std::string response;
  };
  Outcome Ask(const Asker& asker, const Question& question, const Names& names) {
    CallOptions options = At(asker.tenant);
    options.metadata.emplace_back("authorization", "Bearer " + asker.caller.credential);
    Outcome outcome;
    outcome.call = raw_client().CallBytes(MethodOf(question),
                                          TextRequest(question.method, question.request, names),
                                          options, &outcome.response);
    return outcome;
  }

  // Everything that is stored of the other tenant.
  std::string TheirRows() {
    std::string rows;
    const std::string tables = AskSql(
        backend().dsn,
        "SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_class c WHERE c.relnamespace "
        "= 'gatehouse'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND "
        "EXISTS "
        "(SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')");
    size_t begin = 0;
    while (begin < tables.size()) {
      const size_t end = std::min(tables.find(' ', begin), tables.size());
      const std::string table = tables.substr(begin, end - begin);
      rows += table + ": " +
              AskSql(backend().dsn,
                     "SELECT count(*) || ' ' || coalesce(md5(string_agg(r::text, '|' ORDER BY "
                     "r::text)), '') FROM gatehouse." +
                         table + " r WHERE tenant_id = '" + theirs_.id + "'") +
              "\n";
      begin = end + 1;
    }
    return rows;
  }

  // No name of theirs that a caller could not have made up is in it.
  void ExpectShowsNothing(const Asker& asker, const Question& question,
                          const std::string& response) {
    const bool is_operator = asker.tenant == base::kDefaultTenantId.ToString();
    for (const auto& [name, theirs] : names_) {
      // What the question said itself may come back.
      if (name == "$password" || question.request.find(name) != std::string::npos) continue;
      // Whose log says that there is the tenant.
      if (name == "$tenant" && is_operator) continue;
      EXPECT_EQ(response.find(theirs), std::string::npos) << question.method << " shows " << name;
    }
  }

  void Check(const Asker& asker, const Question& question) {
    SCOPED_TRACE(question.method + " {" + question.request + "}");
    const Outcome foreign = Ask(asker, question, names_);
    ExpectShowsNothing(asker, question, foreign.response);
    if (question.answer == Answer::kNamesNothing) return;
    const Outcome nobodys = Ask(asker, question, NobodysNames());
    EXPECT_EQ(foreign.call.code, nobodys.call.code) << foreign.call.message;
    EXPECT_EQ(foreign.call.reason(), nobodys.call.reason());
    using absl::StatusCode;
    switch (question.answer) {
      case Answer::kNotFound:
        EXPECT_EQ(foreign.call.code, StatusCode::kNotFound) << foreign.call.message;
        break;
      case Answer::kNothing:
        EXPECT_EQ(foreign.call.code, StatusCode::kOk) << foreign.call.message;
        break;
      case Answer::kNotGood:
        EXPECT_TRUE(foreign.call.code == StatusCode::kUnauthenticated ||
                    foreign.call.code == StatusCode::kInvalidArgument ||
                    foreign.call.code == StatusCode::kPermissionDenied)
            << foreign.call.message;
        break;
      case Answer::kOperatorsAlone:
        EXPECT_EQ(foreign.call.code, StatusCode::kPermissionDenied) << foreign.call.message;
        break;
      case Answer::kNamesNothing:
      case Answer::kEndless:
        break;
    }
  }

  Customer mine_;
  Customer theirs_;
  Names names_;
  std::string nobodys_assertion_;
};

TEST_F(ForeignIdsTest, TheTableHasEveryMethod) {
  std::set<std::string> asked;
  for (const Question& question : ForeignQuestions()) asked.insert(question.method);
  std::set<std::string> declared;
  for (const DeclaredMethod& method : DeclaredMethods()) declared.insert(method.name);
  EXPECT_EQ(asked, declared)
      << "say in foreign_questions.cc what another tenant's ids are to a new method";
}

TEST_F(ForeignIdsTest, TheNamesAreRight) {
  v1::GetUserRequest user;
  user.set_user_id(names_["$user"]);
  Must<v1::GetUserResponse>(user);
  v1::GetSessionRequest session;
  session.set_session_id(names_["$session"]);
  Must<v1::GetSessionResponse>(session);
  v1::GetRoleRequest role;
  role.set_name(names_["$role"]);
  Must<v1::GetRoleResponse>(role);
  v1::GetEndpointRequest endpoint;
  endpoint.set_endpoint_id(names_["$endpoint"]);
  Must<v1::GetEndpointResponse>(endpoint);
  v1::GetEventTypeRequest type;
  type.set_name(names_["$event_type"]);
  Must<v1::GetEventTypeResponse>(type);
  v1::GetEventRequest event;
  event.set_event_id(names_["$event"]);
  Must<v1::GetEventResponse>(event);
  v1::GetReplayRequest replay;
  replay.set_replay_id(names_["$replay"]);
  Must<v1::GetReplayResponse>(replay);
  v1::GetAlertRequest alert;
  alert.set_alert_id(names_["$alert"]);
  Must<v1::GetAlertResponse>(alert);
  v1::DeleteSubscriptionRequest subscription;
  subscription.set_name(names_["$subscription"]);
  subscription.set_validate_only(true);
  Must<v1::DeleteSubscriptionResponse>(subscription);
  v1::GetAlertDestinationRequest destination;
  destination.set_destination_id(names_["$destination"]);
  Must<v1::GetAlertDestinationResponse>(destination);
  v1::RenamePasskeyRequest passkey;
  passkey.set_passkey_id(names_["$passkey"]);
  Must<v1::RenamePasskeyResponse>(passkey);
  v1::FinishMagicLinkRequest link;
  link.set_token(names_["$magic"]);
  const auto by_mail = Call<v1::FinishMagicLinkResponse>(nobody(), link);
  EXPECT_TRUE(by_mail.ok()) << by_mail.message;
  v1::FinishPasskeyLoginRequest assertion;
  assertion.set_passkey_json(names_["$assertion"]);
  const auto by_passkey = Call<v1::FinishPasskeyLoginResponse>(nobody(), assertion);
  EXPECT_TRUE(by_passkey.ok()) << by_passkey.message;
  v1::StepUpSessionRequest proof;
  proof.set_passkey_json(names_["$proof"]);
  Must<v1::StepUpSessionResponse>(proof);
  v1::ListMessagesRequest messages;
  messages.set_user_id(names_["$user"]);
  messages.set_thread_id(names_["$thread"]);
  EXPECT_EQ(Must<v1::ListMessagesResponse>(messages).messages_size(), 1);
}

TEST_F(ForeignIdsTest, AnotherTenantsIsAsIfItNeverWas) {
  const std::string before = TheirRows();
  ASSERT_NE(before.find("user_account: 2 "), std::string::npos) << before;
  for (const Question& question : ForeignQuestions()) {
    if (question.answer != Answer::kEndless) Check({mine_.admin, mine_.name}, question);
  }
  EXPECT_EQ(TheirRows(), before);
  // Nor has memory changed: who was logged in there still is.
  EXPECT_TRUE(Call<v1::ListUsersResponse>(theirs_.admin, v1::ListUsersRequest()).ok());
  EXPECT_TRUE(LogIn("theirs", "theirs-ada").ok());
}

TEST_F(ForeignIdsTest, ForTheOperatorAsWell) {
  const std::string before = TheirRows();
  for (const Question& question : ForeignQuestions()) {
    if (question.answer == Answer::kEndless || question.answer == Answer::kOperatorsAlone) continue;
    // Without naming a tenant, which the operator's own need not, a token names its own.
    if (question.answer == Answer::kNotGood) continue;
    Check({admin(), base::kDefaultTenantId.ToString()}, question);
  }
  EXPECT_EQ(TheirRows(), before);
}

}  // namespace
}  // namespace gatehouse::tests
