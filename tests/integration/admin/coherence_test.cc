// Two servers over one database, as `gatehouse serve` puts them together: what one of them changes,
// the other one knows within a second.

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/async/run_on_loop.h"
#include "gatehouse/v1/admin.pb.h"
#include "gatehouse/v1/session.pb.h"
#include "gatehouse/v1/tenant.pb.h"
#include "gatehouse/v1/user.pb.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/main/app.h"
#include "service/user/user_service.h"
#include "tests/support/grpc_client.h"
#include "tests/support/postgres/migrated_database.h"
#include "tests/support/postgres/postgres_cluster.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

constexpr char kPassword[] = "correct horse battery";
// Invariant 5.
constexpr auto kWithin = std::chrono::seconds(1);

// One server, and who calls it.
class Instance {
 public:
  explicit Instance(const std::string& dsn) {
    service::App::Options options;
    options.config.grpc.address = "127.0.0.1:0";
    options.config.http.address = "127.0.0.1:0";
    options.config.grpc.loops = 1;
    options.config.database.dsn = dsn;
    options.config.auth.argon2_memory_kib = 64;
    options.config.auth.argon2_iterations = 1;
    options.config.auth.hash_threads = 1;
    options.secrets = {.master_key = std::string(32, 'm'), .token_pepper = std::string(32, 'p')};
    auto app = service::App::Start(std::move(options));
    EXPECT_THAT(app, IsOk());
    app_ = *std::move(app);
    client_ = std::make_unique<GrpcClient>(app_->serving().grpc_port());
  }

  // A key that may do everything.
  std::string MakeKey() {
    v1::CreateApiKeyRequest request;
    request.mutable_api_key()->set_display_name("operator");
    for (const char* permission :
         {"users.read", "users.write", "users.set_password", "api_keys.read", "api_keys.write",
          "sessions.read", "sessions.write", "sessions.verify", "events.read", "events.publish",
          "endpoints.read", "endpoints.write", "admin.read", "admin.write"}) {
      request.mutable_api_key()->add_permissions(permission);
    }
    const auto made = base::RunOnLoop<absl::StatusOr<v1::CreateApiKeyResponse>>(app_->loop(), [&] {
      return app_->services().users.CreateApiKey(app_->SystemContext("test"), request);
    });
    EXPECT_THAT(made, IsOk());
    return made->key();
  }

  // `tenant`: whom a call without a credential names.
  template <typename Response, typename Request>
  UnaryOutcome<Response> Call(const std::string& method, const std::string& credential,
                              const Request& request, const std::string& tenant = "") {
    CallOptions options;
    if (!tenant.empty()) options.metadata.emplace_back("x-gatehouse-tenant", tenant);
    if (!credential.empty()) {
      options.metadata.emplace_back("authorization", "Bearer " + credential);
    }
    return client_->Call<Request, Response>("/gatehouse.v1." + method, request, options);
  }

 private:
  std::unique_ptr<service::App> app_;
  std::unique_ptr<GrpcClient> client_;
};

// A user who has logged in twice, and an API key that the user made.
struct Somebody {
  std::string user_id;
  v1::CreateSessionResponse login;
  v1::CreateSessionResponse other_login;
  std::string api_key_id;
  std::string api_key;
};

class CoherenceTest : public testing::Test {
 protected:
  // A change on the first instance.
  using Change = std::function<CallOutcome(const Somebody&)>;
  // Which of the credentials it is about.
  using Credential = std::function<std::string(const Somebody&)>;
  // Whether the answer about it shows the change.
  using Shows = std::function<bool(const v1::VerifySessionResponse&)>;

  struct Case {
    std::string name;
    Change change;
    Credential credential = [](const Somebody& one) { return one.login.tokens().access_token(); };
    Shows shows = [](const v1::VerifySessionResponse& answer) { return !answer.active(); };
  };

  template <typename Response, typename Request>
  UnaryOutcome<Response> Here(const std::string& method, const Request& request) {
    return here_.Call<Response>(method, operator_, request);
  }

  Somebody Make(int number) {
    Somebody one;
    v1::CreateUserRequest user;
    user.mutable_user()->set_username("user" + std::to_string(number));
    user.mutable_user()->set_role("viewer");
    user.set_password(kPassword);
    const auto created = Here<v1::CreateUserResponse>("UserService/CreateUser", user);
    EXPECT_TRUE(created.ok()) << created.message;
    one.user_id = created.response.user().id();
    v1::CreateSessionRequest login;
    login.set_login("user" + std::to_string(number));
    login.set_password(kPassword);
    for (v1::CreateSessionResponse* response : {&one.login, &one.other_login}) {
      *response =
          here_.Call<v1::CreateSessionResponse>("SessionService/CreateSession", "", login).response;
    }
    v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("a service");
    key.mutable_api_key()->add_permissions("users.read");
    const auto made = Here<v1::CreateApiKeyResponse>("UserService/CreateApiKey", key);
    EXPECT_TRUE(made.ok()) << made.message;
    one.api_key_id = made.response.api_key().id();
    one.api_key = made.response.key();
    return one;
  }

  v1::VerifySessionResponse VerifyThere(const std::string& credential) {
    v1::VerifySessionRequest request;
    request.set_token(credential);
    const auto outcome =
        there_.Call<v1::VerifySessionResponse>("SessionService/VerifySession", operator_, request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response;
  }

  void Run(const Case& test, const Somebody& one) {
    const std::string credential = test.credential(one);
    ASSERT_TRUE(VerifyThere(credential).active());
    ASSERT_FALSE(test.shows(VerifyThere(credential))) << "from the memory of that instance";
    const CallOutcome changed = test.change(one);
    ASSERT_TRUE(changed.ok()) << changed.message;
    const auto changed_at = std::chrono::steady_clock::now();
    // A call that begins later must see it. Until then each is one more chance to be wrong.
    while (true) {
      const bool must_show = std::chrono::steady_clock::now() - changed_at > kWithin;
      if (test.shows(VerifyThere(credential))) break;
      ASSERT_FALSE(must_show) << "the other instance does not know after a second";
    }
    // Once known it stays known.
    EXPECT_TRUE(test.shows(VerifyThere(credential)));
  }

  CallOutcome UpdateUser(const Somebody& one, const std::string& path,
                         const std::function<void(v1::User&)>& set) {
    v1::UpdateUserRequest request;
    request.set_user_id(one.user_id);
    set(*request.mutable_user());
    request.mutable_update_mask()->add_paths(path);
    return Here<v1::UpdateUserResponse>("UserService/UpdateUser", request);
  }

  std::vector<Case> Cases();

  const std::string dsn_ = CreateMigratedDatabase();
  Instance here_{dsn_};
  Instance there_{dsn_};
  const std::string operator_ = here_.MakeKey();
};

std::vector<CoherenceTest::Case> CoherenceTest::Cases() {
  const Credential api_key = [](const Somebody& one) { return one.api_key; };
  std::vector<Case> cases;
  cases.push_back({"DeleteUser", [this](const Somebody& one) -> CallOutcome {
                     v1::DeleteUserRequest request;
                     request.set_user_id(one.user_id);
                     return Here<v1::DeleteUserResponse>("UserService/DeleteUser", request);
                   }});
  cases.push_back({"UpdateUser disables", [this](const Somebody& one) {
                     return UpdateUser(one, "state", [](v1::User& user) {
                       user.set_state(v1::USER_STATE_DISABLED);
                     });
                   }});
  cases.push_back({"UpdateUser gives another role", [this](const Somebody& one) {
                     return UpdateUser(one, "role",
                                       [](v1::User& user) { user.set_role("analyst"); });
                   }});
  cases.push_back(
      {.name = "UpdateUser gives another name",
       .change =
           [this](const Somebody& one) {
             return UpdateUser(one, "username",
                               [](v1::User& user) { user.set_username("renamed"); });
           },
       .shows =
           [](const v1::VerifySessionResponse& answer) { return answer.username() == "renamed"; }});
  cases.push_back({"SetPassword", [this](const Somebody& one) -> CallOutcome {
                     v1::SetPasswordRequest request;
                     request.set_user_id(one.user_id);
                     request.set_password("another horse battery");
                     return Here<v1::SetPasswordResponse>("UserService/SetPassword", request);
                   }});
  cases.push_back(
      {.name = "ChangePassword",
       .change = [this](const Somebody& one) -> CallOutcome {
         v1::ChangePasswordRequest request;
         request.set_current_password(kPassword);
         request.set_new_password("another horse battery");
         return here_.Call<v1::ChangePasswordResponse>("UserService/ChangePassword",
                                                       one.login.tokens().access_token(), request);
       },
       // The session of the call goes on.
       .credential = [](const Somebody& one) { return one.other_login.tokens().access_token(); }});
  cases.push_back({"FinishPasswordReset", [this](const Somebody& one) -> CallOutcome {
                     v1::StartPasswordResetRequest start;
                     start.set_user_id(one.user_id);
                     const auto started = Here<v1::StartPasswordResetResponse>(
                         "UserService/StartPasswordReset", start);
                     if (!started.ok()) return started;
                     v1::FinishPasswordResetRequest request;
                     request.set_token(started.response.token());
                     request.set_password("another horse battery");
                     return here_.Call<v1::FinishPasswordResetResponse>(
                         "UserService/FinishPasswordReset", "", request);
                   }});
  cases.push_back({"RevokeSession", [this](const Somebody& one) -> CallOutcome {
                     v1::RevokeSessionRequest request;
                     request.set_session_id(one.login.session().id());
                     return Here<v1::RevokeSessionResponse>("SessionService/RevokeSession",
                                                            request);
                   }});
  cases.push_back({"RevokeSession as a logout", [this](const Somebody& one) -> CallOutcome {
                     return here_.Call<v1::RevokeSessionResponse>("SessionService/RevokeSession",
                                                                  one.login.tokens().access_token(),
                                                                  v1::RevokeSessionRequest());
                   }});
  cases.push_back({"RevokeUserSessions", [this](const Somebody& one) -> CallOutcome {
                     v1::RevokeUserSessionsRequest request;
                     request.set_user_id(one.user_id);
                     return Here<v1::RevokeUserSessionsResponse>(
                         "SessionService/RevokeUserSessions", request);
                   }});
  cases.push_back({"RevokeUserSessions but one", [this](const Somebody& one) -> CallOutcome {
                     v1::RevokeUserSessionsRequest request;
                     request.set_user_id(one.user_id);
                     request.set_except_session_id(one.other_login.session().id());
                     return Here<v1::RevokeUserSessionsResponse>(
                         "SessionService/RevokeUserSessions", request);
                   }});
  cases.push_back({.name = "RevokeApiKey",
                   .change = [this](const Somebody& one) -> CallOutcome {
                     v1::RevokeApiKeyRequest request;
                     request.set_api_key_id(one.api_key_id);
                     return Here<v1::RevokeApiKeyResponse>("UserService/RevokeApiKey", request);
                   },
                   .credential = api_key});
  cases.push_back({.name = "InvalidateCache, after a change by hand",
                   .change = [this](const Somebody& one) -> CallOutcome {
                     AskSql(dsn_,
                            "UPDATE gatehouse.api_key SET revoke_time = now() WHERE "
                            "api_key_id = '" +
                                one.api_key_id + "' RETURNING 1");
                     v1::InvalidateCacheRequest request;
                     request.set_api_key_id(one.api_key_id);
                     return Here<v1::InvalidateCacheResponse>("AdminService/InvalidateCache",
                                                              request);
                   },
                   .credential = api_key});
  cases.push_back({.name = "InvalidateCache of all, after a change by hand",
                   .change = [this](const Somebody& one) -> CallOutcome {
                     AskSql(dsn_,
                            "UPDATE gatehouse.api_key SET revoke_time = now() WHERE "
                            "api_key_id = '" +
                                one.api_key_id + "' RETURNING 1");
                     return Here<v1::InvalidateCacheResponse>("AdminService/InvalidateCache",
                                                              v1::InvalidateCacheRequest());
                   },
                   .credential = api_key});
  cases.push_back({"RotateSigningKey in an emergency", [this](const Somebody&) -> CallOutcome {
                     v1::RotateSigningKeyRequest request;
                     request.set_emergency(true);
                     return Here<v1::RotateSigningKeyResponse>("AdminService/RotateSigningKey",
                                                               request);
                   }});
  return cases;
}

TEST_F(CoherenceTest, TheOtherInstanceKnowsWithinASecond) {
  int number = 0;
  for (const Case& test : Cases()) {
    SCOPED_TRACE(test.name);
    Run(test, Make(number++));
  }
}

TEST_F(CoherenceTest, TheOtherInstanceKnowsTheSchemaOfAnEventTypeWithinASecond) {
  v1::PublishEventRequest publish;
  publish.set_type("order.paid");
  publish.set_validate_only(true);
  const auto is_refused = [&] {
    const auto outcome =
        there_.Call<v1::PublishEventResponse>("WebhookService/PublishEvent", operator_, publish);
    if (!outcome.ok()) EXPECT_EQ(outcome.reason(), "EVENT_DATA_INVALID") << outcome.message;
    return !outcome.ok();
  };
  const auto becomes = [&](bool refused) {
    const auto changed_at = std::chrono::steady_clock::now();
    while (true) {
      const bool must_know = std::chrono::steady_clock::now() - changed_at > kWithin;
      if (is_refused() == refused) return true;
      if (must_know) return false;
    }
  };
  ASSERT_FALSE(is_refused()) << "from the memory of that instance from now on";
  v1::CreateEventTypeRequest create;
  create.mutable_event_type()->set_name("order.paid");
  (*create.mutable_event_type()->mutable_schema()->mutable_fields())["minProperties"]
      .set_number_value(1);
  const auto created = Here<v1::CreateEventTypeResponse>("WebhookService/CreateEventType", create);
  ASSERT_TRUE(created.ok()) << created.message;
  EXPECT_TRUE(becomes(true));
  v1::UpdateEventTypeRequest update;
  update.set_name("order.paid");
  update.mutable_event_type();
  update.mutable_update_mask()->add_paths("schema");
  const auto updated = Here<v1::UpdateEventTypeResponse>("WebhookService/UpdateEventType", update);
  ASSERT_TRUE(updated.ok()) << updated.message;
  EXPECT_TRUE(becomes(false));
}

TEST_F(CoherenceTest, TheOtherInstanceReadsSchemasAgainWithinASecond) {
  v1::CreateEventTypeRequest create;
  create.mutable_event_type()->set_name("order.paid");
  (*create.mutable_event_type()->mutable_schema()->mutable_fields())["minProperties"]
      .set_number_value(1);
  const auto created = Here<v1::CreateEventTypeResponse>("WebhookService/CreateEventType", create);
  ASSERT_TRUE(created.ok()) << created.message;
  v1::PublishEventRequest publish;
  publish.set_type("order.paid");
  publish.set_validate_only(true);
  const auto is_refused = [&] {
    return !there_.Call<v1::PublishEventResponse>("WebhookService/PublishEvent", operator_, publish)
                .ok();
  };
  // By hand, past the log: nobody is told.
  const auto set_schema = [&](const std::string& schema) {
    AskSql(dsn_, "UPDATE gatehouse.event_type SET schema = '" + schema + "' RETURNING 1");
  };
  v1::InvalidateCacheRequest request;
  request.set_kind(v1::CACHE_KIND_EVENT_SCHEMAS);
  const auto invalidate = [&] {
    return Here<v1::InvalidateCacheResponse>("AdminService/InvalidateCache", request).ok();
  };
  // What that instance has still to hear of makes it forget what it has just read: again until it
  // remembers.
  while (true) {
    while (!is_refused()) {
    }
    set_schema("{}");
    if (is_refused()) break;
    set_schema(R"({"minProperties": 1})");
    ASSERT_TRUE(invalidate());
  }
  ASSERT_TRUE(invalidate());
  const auto changed_at = std::chrono::steady_clock::now();
  while (true) {
    const bool must_know = std::chrono::steady_clock::now() - changed_at > kWithin;
    if (!is_refused()) break;
    ASSERT_FALSE(must_know) << "the other instance does not know after a second";
  }
}

TEST_F(CoherenceTest, TheOtherInstanceKnowsATenantAndItsStateWithinASecond) {
  const auto becomes = [&](const std::function<bool()>& true_by_now) {
    const auto changed_at = std::chrono::steady_clock::now();
    while (true) {
      const bool must_know = std::chrono::steady_clock::now() - changed_at > kWithin;
      if (true_by_now()) return true;
      if (must_know) return false;
    }
  };
  v1::CreateTenantRequest create;
  create.mutable_tenant()->set_name("acme");
  create.mutable_admin()->set_username("root");
  create.mutable_admin()->set_password(kPassword);
  const auto created = Here<v1::CreateTenantResponse>("TenantService/CreateTenant", create);
  ASSERT_TRUE(created.ok()) << created.message;
  v1::CreateSessionRequest login;
  login.set_login("root");
  login.set_password(kPassword);
  UnaryOutcome<v1::CreateSessionResponse> session;
  EXPECT_TRUE(becomes([&] {
    session =
        there_.Call<v1::CreateSessionResponse>("SessionService/CreateSession", "", login, "acme");
    return session.ok();
  })) << session.message;
  const std::string token = session.response.tokens().access_token();
  const auto ask_there = [&] {
    return there_.Call<v1::ListUsersResponse>("UserService/ListUsers", token,
                                              v1::ListUsersRequest());
  };
  ASSERT_TRUE(ask_there().ok()) << "from the memory of that instance from now on";

  v1::UpdateTenantRequest update;
  update.set_tenant_id(created.response.tenant().id());
  update.mutable_update_mask()->add_paths("state");
  for (const v1::TenantState state : {v1::TENANT_STATE_FROZEN, v1::TENANT_STATE_ACTIVE}) {
    update.mutable_tenant()->set_state(state);
    const auto updated = Here<v1::UpdateTenantResponse>("TenantService/UpdateTenant", update);
    ASSERT_TRUE(updated.ok()) << updated.message;
    const std::string expected = state == v1::TENANT_STATE_FROZEN ? "TENANT_FROZEN" : "";
    EXPECT_TRUE(becomes([&] { return ask_there().reason() == expected; })) << expected;
  }
}

TEST_F(CoherenceTest, AfterAnEmergencyBothInstancesTrustTheNewKeyAlone) {
  const Somebody one = Make(0);
  v1::RotateSigningKeyRequest request;
  request.set_emergency(true);
  const auto rotated = Here<v1::RotateSigningKeyResponse>("AdminService/RotateSigningKey", request);
  ASSERT_TRUE(rotated.ok()) << rotated.message;
  // The other instance may still have signed with the old one; then it is refused once known.
  while (VerifyThere(one.login.tokens().access_token()).active()) {
  }
  v1::RefreshSessionRequest refresh;
  refresh.set_refresh_token(one.login.tokens().refresh_token());
  const auto tokens =
      there_.Call<v1::RefreshSessionResponse>("SessionService/RefreshSession", "", refresh);
  ASSERT_TRUE(tokens.ok()) << tokens.message;
  EXPECT_TRUE(VerifyThere(tokens.response.tokens().access_token()).active());
  v1::VerifySessionRequest verify;
  verify.set_token(tokens.response.tokens().access_token());
  EXPECT_TRUE(
      Here<v1::VerifySessionResponse>("SessionService/VerifySession", verify).response.active());
}

}  // namespace
}  // namespace gatehouse::tests
