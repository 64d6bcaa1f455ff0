#include "tests/support/server/server_fixture.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <prometheus/registry.h>

#include <chrono>
#include <optional>
#include <utility>

#include "auth/interceptors/authentication_interceptor.h"
#include "auth/interceptors/authorisation_interceptor.h"
#include "auth/permission/permissions.h"
#include "rpc/chain/chain_builder.h"
#include "rpc/chain/interceptor_chain.h"
#include "rpc/method/method_registry.h"
#include "rpc/server.h"
#include "service/main/area/denial_recorder.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::tests {

struct ServerFixture::Serving {
  explicit Serving(TestBackend& backend)
      : chain(rpc::BuildChain({
            .clock = backend.clock,
            .metrics = metrics,
            .authenticate = std::make_unique<auth::AuthenticationInterceptor>(
                backend.auth.authenticator, auth::RateLimit{}, auth::DenialHook(),
                auth::CertificateKeys(), auth::CallTenants{.directory = &backend.auth.tenants}),
            .authorise = std::make_unique<auth::AuthorisationInterceptor>(
                service::MakeDenialRecorder(backend.storage->events, backend.clock)),
        })) {}

  prometheus::Registry metrics;
  rpc::MethodRegistry registry;
  rpc::InterceptorChain chain;
  std::unique_ptr<rpc::Server> server;
};

ServerFixture::ServerFixture() = default;
ServerFixture::~ServerFixture() = default;

void ServerFixture::SetUp() {
  TestBackend::Options options;
  Configure(options);
  backend_ = std::make_unique<TestBackend>(std::move(options));
  serving_ = std::make_unique<Serving>(*backend_);
  backend_->services.Register(serving_->registry);
  const absl::Status valid =
      serving_->registry.Validate([](std::string_view name) -> std::optional<int> {
        const auto permission = auth::PermissionFromName(name);
        if (!permission) return std::nullopt;
        return static_cast<int>(*permission);
      });
  ASSERT_TRUE(valid.ok()) << valid;
  auto server =
      rpc::Server::Start({}, {&backend_->runner.loop()}, serving_->registry, serving_->chain);
  ASSERT_TRUE(server.ok()) << server.status();
  serving_->server = *std::move(server);
  client_ = std::make_unique<GrpcClient>(serving_->server->port());
  admin_ = backend_->LogIn("admin");
}

void ServerFixture::TearDown() {
  client_.reset();
  if (serving_->server) serving_->server->Shutdown({.grace = std::chrono::milliseconds(0)});
  serving_.reset();
  backend_.reset();
}

std::string ServerFixture::Ask(const std::string& sql) { return AskSql(backend_->dsn, sql); }

std::string ServerFixture::MethodOf(const google::protobuf::Message& request) const {
  for (const auto& method : serving_->registry.methods()) {
    if (method->handler->request_prototype().GetDescriptor() == request.GetDescriptor()) {
      return method->info.name;
    }
  }
  ADD_FAILURE() << "no method takes " << request.GetTypeName();
  return "";
}

}  // namespace gatehouse::tests
