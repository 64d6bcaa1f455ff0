#ifndef GATEHOUSE_TESTS_INTEGRATION_TENANTS_TENANT_FIXTURE_H_
#define GATEHOUSE_TESTS_INTEGRATION_TENANTS_TENANT_FIXTURE_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/uuid.h"
#include "gatehouse/v1/admin.pb.h"
#include "gatehouse/v1/session.pb.h"
#include "gatehouse/v1/tenant.pb.h"
#include "gatehouse/v1/user.pb.h"
#include "storage/event_log/sequencer.h"
#include "tests/support/server/server_fixture.h"
#include "tests/support/server/test_backend.h"

namespace gatehouse::tests {

// An operator who makes tenants, and their administrators.
class TenantFixture : public ServerFixture {
 protected:
  static constexpr char kPassword[] = "correct horse battery";
  static constexpr char kRequestId[] = "0193d5a0-0000-4000-8000-000000000001";

  // A tenant with an administrator, who has logged in.
  struct Customer {
    std::string id;
    std::string name;
    Caller admin;
    v1::CreateSessionResponse login;
  };

  void Configure(TestBackend::Options& options) override { options.stores_key = true; }

  void SetUp() override {
    ServerFixture::SetUp();
    operator_ = backend().MakeApiKey({"admin.read", "admin.write"});
  }

  static v1::CreateTenantRequest NewTenant(const std::string& name) {
    v1::CreateTenantRequest request;
    request.mutable_tenant()->set_name(name);
    return request;
  }

  // With the administrator "root", whose email address is that of every other tenant's.
  Customer MakeCustomer(const std::string& name) {
    v1::CreateTenantRequest request = NewTenant(name);
    request.mutable_admin()->set_username("root");
    request.mutable_admin()->set_email("root@example.com");
    request.mutable_admin()->set_password(kPassword);
    const auto created = Call<v1::CreateTenantResponse>(operator_, request);
    EXPECT_TRUE(created.ok()) << created.message;
    Customer customer{.id = created.response.tenant().id(), .name = name, .admin = {}, .login = {}};
    const auto login = LogIn(name, "root");
    EXPECT_TRUE(login.ok()) << login.message;
    customer.login = login.response;
    customer.admin = {
        .id = base::Uuid::Parse(created.response.admin_user_id()).value_or(base::Uuid()),
        .session_id = base::Uuid::Parse(login.response.session().id()).value_or(base::Uuid()),
        .credential = login.response.tokens().access_token()};
    return customer;
  }

  // What names a tenant, for a call without credentials.
  static CallOptions At(const std::string& tenant) {
    CallOptions options;
    options.metadata.emplace_back("x-gatehouse-tenant", tenant);
    return options;
  }

  UnaryOutcome<v1::CreateSessionResponse> LogIn(const CallOptions& where, const std::string& login,
                                                const std::string& password = kPassword) {
    v1::CreateSessionRequest request;
    request.set_login(login);
    request.set_password(password);
    return Call<v1::CreateSessionResponse>(nobody(), request, where);
  }
  UnaryOutcome<v1::CreateSessionResponse> LogIn(const std::string& tenant, const std::string& login,
                                                const std::string& password = kPassword) {
    return LogIn(At(tenant), login, password);
  }

  UnaryOutcome<v1::CreateUserResponse> AddUser(const Caller& caller, const std::string& username) {
    v1::CreateUserRequest request;
    request.mutable_user()->set_username(username);
    request.mutable_user()->set_email(username + "@example.com");
    request.set_password(kPassword);
    return Call<v1::CreateUserResponse>(caller, request);
  }

  UnaryOutcome<v1::UpdateTenantResponse> SetState(const std::string& tenant_id,
                                                  v1::TenantState state,
                                                  const std::string& moved_to = "") {
    v1::UpdateTenantRequest request;
    request.set_tenant_id(tenant_id);
    request.mutable_tenant()->set_state(state);
    request.mutable_update_mask()->add_paths("state");
    if (!moved_to.empty()) {
      request.mutable_tenant()->set_moved_to(moved_to);
      request.mutable_update_mask()->add_paths("moved_to");
    }
    return Call<v1::UpdateTenantResponse>(operator_, request);
  }

  // Gives everything that was committed its place in the log.
  void Sequence() {
    using Pass = absl::StatusOr<storage::SequencerPass>;
    constexpr int64_t kMaxEvents = 10'000;
    const Pass pass = backend().runner.Run<Pass>([&] {
      return backend().storage->sequencer.RunPass(backend().SystemContext(), kMaxEvents);
    });
    ASSERT_TRUE(pass.ok()) << pass.status();
  }

  Caller operator_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_TENANTS_TENANT_FIXTURE_H_
