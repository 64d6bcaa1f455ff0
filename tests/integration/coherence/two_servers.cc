#include "tests/integration/coherence/two_servers.h"

#include <utility>

#include "absl/status/statusor.h"
#include "auth/permission/permissions.h"
#include "base/async/run_on_loop.h"
#include "base/hash.h"
#include "base/uuid.h"
#include "service/user/user_service.h"
#include "tests/support/postgres/migrated_database.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

service::App::Options AppOptionsOf(const std::string& dsn, const std::string& name) {
  service::App::Options options;
  options.instance_name = name;
  options.config.grpc.address = "127.0.0.1:0";
  options.config.grpc.loops = 1;
  options.config.http.address = "127.0.0.1:0";
  options.config.database.dsn = dsn;
  options.config.auth.argon2_memory_kib = 64;
  options.config.auth.argon2_iterations = 1;
  options.config.auth.hash_threads = 1;
  options.config.auth.passkey_rp_id = "example.com";
  options.config.auth.remember_device = std::chrono::hours(24);
  options.config.webhook.allow_http = true;
  options.config.webhook.allowed_networks = "127.0.0.0/8";
  // Destinations of alerts are for who can be written to. Nobody listens there.
  options.config.mail.server = "127.0.0.1:9";
  options.config.mail.tls = "none";
  options.config.mail.from = "gatehouse@example.com";
  options.secrets = {.master_key = std::string(32, 'm'), .token_pepper = TwoServers::kTokenPepper};
  return options;
}

}  // namespace

OneServer::OneServer(const std::string& dsn, const std::string& name)
    // As App names itself.
    : deliverer_(base::Uuid::FromBytes(base::Sha256(name).substr(0, 16))->ToString()) {
  auto app = service::App::Start(AppOptionsOf(dsn, name));
  EXPECT_THAT(app, IsOk());
  app_ = *std::move(app);
  client_ = std::make_unique<GrpcClient>(app_->serving().grpc_port());
}

CallOptions OneServer::OptionsOf(const std::string& credential, const std::string& tenant) {
  CallOptions options;
  if (!tenant.empty()) options.metadata.emplace_back("x-gatehouse-tenant", tenant);
  if (!credential.empty()) {
    options.metadata.emplace_back("authorization", "Bearer " + credential);
  }
  return options;
}

TwoServers::TwoServers()
    : dsn_(CreateMigratedDatabase()),
      here_(dsn_, "here"),
      there_(dsn_, "there"),
      operator_key_(MakeOperatorKey()) {}

std::string TwoServers::MakeOperatorKey() {
  v1::CreateApiKeyRequest request;
  request.mutable_api_key()->set_display_name("operator");
  for (const std::string& permission : auth::PermissionNames(auth::kAllPermissions)) {
    request.mutable_api_key()->add_permissions(permission);
  }
  service::App& app = here_.app();
  const auto made = base::RunOnLoop<absl::StatusOr<v1::CreateApiKeyResponse>>(app.loop(), [&] {
    return app.services().users.CreateApiKey(app.SystemContext("test"), request);
  });
  EXPECT_THAT(made, IsOk());
  return made->key();
}

TwoServers::Person TwoServers::MakePerson(const std::string& role) {
  Person person{.id = {}, .username = NewName(), .login = {}, .other_login = {}};
  v1::CreateUserRequest user;
  user.mutable_user()->set_username(person.username);
  user.mutable_user()->set_role(role);
  user.set_password(kPassword);
  person.id = Must<v1::CreateUserResponse>("UserService/CreateUser", user).user().id();
  v1::CreateSessionRequest login;
  login.set_login(person.username);
  login.set_password(kPassword);
  for (v1::CreateSessionResponse* response : {&person.login, &person.other_login}) {
    const auto outcome =
        HereAs<v1::CreateSessionResponse>("", "SessionService/CreateSession", login);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    *response = outcome.response;
  }
  return person;
}

std::vector<std::string> TwoServers::ReadThere(const std::string& method,
                                               const std::string& request, CallOutcome& outcome) {
  const std::unique_ptr<ClientStream> stream =
      there_.client().Open("/gatehouse.v1." + method, OneServer::OptionsOf(operator_key_));
  stream->Write(request);
  stream->WritesDone();
  std::vector<std::string> messages;
  std::string bytes;
  while (stream->Read(&bytes)) messages.push_back(bytes);
  outcome = stream->Finish();
  return messages;
}

v1::VerifySessionResponse TwoServers::VerifyThere(const std::string& credential) {
  v1::VerifySessionRequest request;
  request.set_token(credential);
  const auto outcome = There<v1::VerifySessionResponse>("SessionService/VerifySession", request);
  EXPECT_TRUE(outcome.ok()) << outcome.message;
  return outcome.response;
}

v1::User TwoServers::UserThere(const std::string& id) {
  v1::GetUserRequest request;
  request.set_user_id(id);
  const auto outcome = There<v1::GetUserResponse>("UserService/GetUser", request);
  EXPECT_TRUE(outcome.ok()) << outcome.message;
  return outcome.response.user();
}

bool TwoServers::Becomes(const std::function<bool()>& is_so) {
  const auto since = std::chrono::steady_clock::now();
  // A call that begins later must see it. Until then each is one more chance to be wrong.
  while (true) {
    const bool must_be = std::chrono::steady_clock::now() - since > kWithin;
    if (is_so()) return true;
    if (must_be) return false;
  }
}

void TwoServers::Prove(const std::function<CallOutcome()>& change,
                       const std::function<bool()>& shows) {
  ASSERT_FALSE(shows()) << "there is something already";
  const CallOutcome changed = change();
  ASSERT_TRUE(changed.ok()) << changed.message;
  ASSERT_TRUE(Becomes(shows)) << "the other one does not know after a second";
  EXPECT_TRUE(shows()) << "what is known stays known";
}

void TwoServers::ProveVerdict(const std::string& credential,
                              const std::function<CallOutcome()>& change,
                              const std::function<bool(const v1::VerifySessionResponse&)>& shows) {
  ASSERT_TRUE(VerifyThere(credential).active()) << "from memory from now on";
  Prove(change, [&] { return shows(VerifyThere(credential)); });
}

void TwoServers::ProveCredential(
    const std::function<CallOutcome(std::string& credential)>& change) {
  std::string credential;
  Prove([&] { return change(credential); },
        [&] { return !credential.empty() && VerifyThere(credential).active(); });
}

}  // namespace gatehouse::tests
