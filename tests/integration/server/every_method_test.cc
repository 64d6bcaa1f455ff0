// Asks every method of the .proto files, on the server as `gatehouse serve` puts it
// together: what is not public is closed to those without credentials, what one needs a
// permission for to those without it, and both before the request is even read.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/async/run_on_loop.h"
#include "gatehouse/v1/session.pb.h"
#include "gatehouse/v1/user.pb.h"
#include "service/config/config.h"
#include "service/main/app.h"
#include "service/user/user_service.h"
#include "tests/support/api/declared_methods.h"
#include "tests/support/grpc_client.h"
#include "tests/support/postgres/migrated_database.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

constexpr char kPassword[] = "correct horse battery";
// Field 1, of wire type 7, which does not exist.
constexpr char kMalformed[] = "\x0f";

class EveryMethodTest : public testing::Test {
 protected:
  void SetUp() override {
    service::App::Options options;
    options.config.grpc.address = "127.0.0.1:0";
    options.config.http.address = "127.0.0.1:0";
    options.config.database.dsn = CreateMigratedDatabase();
    options.config.auth.argon2_memory_kib = 64;
    options.secrets = {.master_key = std::string(32, 'm'), .token_pepper = std::string(32, 'p')};
    auto app = service::App::Start(std::move(options));
    ASSERT_THAT(app, IsOk());
    app_ = *std::move(app);
    client_ = std::make_unique<GrpcClient>(app_->serving().grpc_port());
  }

  // The access token of a new user.
  std::string LogIn(const std::string& role) {
    v1::CreateUserRequest user;
    user.mutable_user()->set_username(role);
    user.mutable_user()->set_role(role);
    user.set_password(kPassword);
    const auto created = base::RunOnLoop<absl::StatusOr<v1::CreateUserResponse>>(app_->loop(), [&] {
      return app_->services().users.CreateUser(app_->SystemContext("test"), user);
    });
    EXPECT_THAT(created, IsOk());
    v1::CreateSessionRequest login;
    login.set_login(role);
    login.set_password(kPassword);
    const auto session = client_->Call<v1::CreateSessionRequest, v1::CreateSessionResponse>(
        "/gatehouse.v1.SessionService/CreateSession", login);
    EXPECT_TRUE(session.ok()) << session.message;
    return session.response.tokens().access_token();
  }

  CallOutcome Call(const std::string& method, const std::string& token,
                   const std::string& request = "") {
    CallOptions options;
    if (!token.empty()) options.metadata.emplace_back("authorization", "Bearer " + token);
    return client_->CallBytes("/gatehouse.v1." + method, request, options);
  }

  std::unique_ptr<service::App> app_;
  std::unique_ptr<GrpcClient> client_;
};

TEST_F(EveryMethodTest, IsClosedToThoseWithoutCredentials) {
  const std::vector<DeclaredMethod> methods = DeclaredMethods();
  ASSERT_GE(methods.size(), 30u);
  for (const auto& [name, access, fields] : methods) {
    if (access.public_()) continue;
    for (const char* credential : {"", "nonsense"}) {
      for (const char* request : {"", kMalformed}) {
        const CallOutcome outcome = Call(name, credential, request);
        EXPECT_EQ(outcome.reason(), "UNAUTHENTICATED") << name << ": " << outcome.message;
      }
    }
  }
}

TEST_F(EveryMethodTest, IsClosedToThoseWithoutItsPermission) {
  const std::string viewer = LogIn("viewer");
  for (const auto& [name, access, fields] : DeclaredMethods()) {
    if (access.public_() || access.self()) continue;
    for (const char* request : {"", kMalformed}) {
      const CallOutcome outcome = Call(name, viewer, request);
      EXPECT_EQ(outcome.reason(), "PERMISSION_DENIED") << name << ": " << outcome.message;
    }
  }
}

TEST_F(EveryMethodTest, SaysThatItCannotReadTheRequestToThoseWhoMayCall) {
  const std::string admin = LogIn("admin");
  for (const auto& [name, access, fields] : DeclaredMethods()) {
    const CallOutcome outcome = Call(name, admin, kMalformed);
    EXPECT_EQ(outcome.code, absl::StatusCode::kInvalidArgument) << name << ": " << outcome.message;
  }
}

// What it is in the .proto file, before anything of it is parsed.
TEST_F(EveryMethodTest, TakesNoLargerMessagesThanItSays) {
  const service::config::GrpcSettings settings;
  const std::string admin = LogIn("admin");
  for (const auto& [name, access, fields] : DeclaredMethods()) {
    size_t limit = static_cast<size_t>(settings.max_public_message_bytes);
    if (!access.public_()) {
      limit = access.max_request_bytes() > 0 ? access.max_request_bytes() : size_t{64} << 10;
    }
    EXPECT_LE(limit, static_cast<size_t>(settings.max_message_bytes)) << name;
    const std::string malformed(limit + 1, kMalformed[0]);
    EXPECT_EQ(Call(name, admin, malformed).reason(), "MESSAGE_TOO_LARGE") << name;
    EXPECT_EQ(Call(name, admin, malformed.substr(1)).reason(), "MALFORMED_REQUEST") << name;
  }
}

}  // namespace
}  // namespace gatehouse::tests
