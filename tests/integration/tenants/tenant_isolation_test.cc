// Tenants side by side: which one a call is for, what is each one's own, and what becomes of the
// calls of one that is frozen.

#include <google/rpc/error_details.pb.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "auth/token/login_challenge.h"
#include "gatehouse/v1/audit.pb.h"
#include "gatehouse/v1/webhook.pb.h"
#include "tests/integration/tenants/tenant_fixture.h"

namespace gatehouse::tests {
namespace {

class TenantIsolationTest : public TenantFixture {
 protected:
  static CallOptions AtHost(const std::string& host) {
    CallOptions options;
    options.authority = host;
    return options;
  }

  std::string TenantOf(const UnaryOutcome<v1::CreateSessionResponse>& login) {
    if (!login.ok()) return login.reason();
    return Ask("SELECT tenant_id FROM gatehouse.session WHERE session_id = '" +
               login.response.session().id() + "'");
  }

  UnaryOutcome<v1::RefreshSessionResponse> Refresh(const Customer& customer,
                                                   const CallOptions& where = {}) {
    v1::RefreshSessionRequest request;
    request.set_refresh_token(customer.login.tokens().refresh_token());
    return Call<v1::RefreshSessionResponse>(nobody(), request, where);
  }

  // "1..n" if the indexes are dense from 1 on.
  std::string Indexes(const std::string& tenant_id) {
    return Ask(
        "SELECT CASE WHEN count(*) = max(index) AND min(index) = 1 THEN '1..n' ELSE 'gaps' END "
        "FROM gatehouse.event_order WHERE tenant_id = '" +
        tenant_id + "'");
  }
};

TEST_F(TenantIsolationTest, NamesAreEachTenantsOwn) {
  const Customer acme = MakeCustomer("acme");
  const Customer other = MakeCustomer("other");
  const auto here = AddUser(acme.admin, "ada");
  const auto there = AddUser(other.admin, "ada");
  ASSERT_TRUE(here.ok()) << here.message;
  ASSERT_TRUE(there.ok()) << there.message;
  ASSERT_TRUE(AddUser(admin(), "ada").ok());
  EXPECT_NE(here.response.user().id(), there.response.user().id());
  EXPECT_EQ(AddUser(acme.admin, "ada").reason(), "USERNAME_TAKEN");

  v1::CreateRoleRequest role;
  role.mutable_role()->set_name("support");
  role.mutable_role()->add_permissions("users.read");
  EXPECT_TRUE(Call<v1::CreateRoleResponse>(acme.admin, role).ok());
  v1::CreateUserRequest with_role;
  with_role.mutable_user()->set_username("bob");
  with_role.mutable_user()->set_role("support");
  EXPECT_TRUE(Call<v1::CreateUserResponse>(acme.admin, with_role).ok());
  EXPECT_EQ(Call<v1::CreateUserResponse>(other.admin, with_role).reason(), "ROLE_NOT_FOUND");
}

TEST_F(TenantIsolationTest, ALoginIsForTheTenantThatItNames) {
  const Customer acme = MakeCustomer("acme");
  const Customer other = MakeCustomer("other");
  v1::UpdateTenantRequest hosts;
  hosts.set_tenant_id(other.id);
  hosts.mutable_tenant()->add_host_names("login.other.example");
  hosts.mutable_update_mask()->add_paths("host_names");
  ASSERT_TRUE(Call<v1::UpdateTenantResponse>(operator_, hosts).ok());

  EXPECT_EQ(TenantOf(LogIn(At("acme"), "root")), acme.id);
  EXPECT_EQ(TenantOf(LogIn(At(acme.id), "root@example.com")), acme.id);
  EXPECT_EQ(TenantOf(LogIn(At(other.id), "root")), other.id);
  for (const char* host :
       {"login.other.example", "login.other.example:443", "LOGIN.other.example."}) {
    EXPECT_EQ(TenantOf(LogIn(AtHost(host), "root")), other.id) << host;
  }
  // The metadata count before the host.
  CallOptions both = AtHost("login.other.example");
  both.metadata = At("acme").metadata;
  EXPECT_EQ(TenantOf(LogIn(both, "root")), acme.id);
  // Neither: the default tenant, which has nobody of that name.
  EXPECT_EQ(TenantOf(LogIn(CallOptions(), "root")), "LOGIN_FAILED");
  EXPECT_EQ(TenantOf(LogIn(AtHost("login.unknown.example"), "root")), "LOGIN_FAILED");
}

TEST_F(TenantIsolationTest, ATenantThatThereIsNotLooksLikeAWrongPassword) {
  const Customer acme = MakeCustomer("acme");
  const auto wrong = LogIn(At("acme"), "root", "a wrong password");
  ASSERT_EQ(wrong.reason(), "LOGIN_FAILED");
  for (const char* name : {"nobody", "0193d5a0-0000-7000-8000-000000000001", "'; DROP", ""}) {
    const uint64_t before = backend().statements();
    const auto unknown = LogIn(At(name), "root");
    EXPECT_EQ(unknown.code, wrong.code) << name;
    EXPECT_EQ(unknown.message, wrong.message);
    EXPECT_EQ(unknown.details.SerializeAsString(), wrong.details.SerializeAsString());
    // One read, and the event.
    EXPECT_LE(backend().statements() - before, 2u);
  }
  // Nobody begins a log by making up names: it is the operator's affair.
  EXPECT_EQ(Ask("SELECT count(DISTINCT tenant_id) FROM gatehouse.event"), "2");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'session.login_failed' AND "
                "tenant_id = '" +
                base::kDefaultTenantId.ToString() + "'"),
            "4");
}

TEST_F(TenantIsolationTest, EachHasItsOwnKeySet) {
  const Customer acme = MakeCustomer("acme");
  const auto keys = [&](const CallOptions& where) {
    return Call<v1::GetJwksResponse>(nobody(), v1::GetJwksRequest(), where);
  };
  const std::string own = keys(At("acme")).response.jwks_json();
  EXPECT_NE(
      own.find(Ask("SELECT key_id FROM gatehouse.signing_key WHERE tenant_id = '" + acme.id + "'")),
      std::string::npos);
  EXPECT_NE(own, keys(CallOptions()).response.jwks_json());
  EXPECT_EQ(keys(At("nobody")).reason(), "TENANT_NOT_FOUND");
}

TEST_F(TenantIsolationTest, ATokenIsGoodForItsOwnTenantAlone) {
  const Customer acme = MakeCustomer("acme");
  const Customer other = MakeCustomer("other");
  // Its tenant stands in it, and need not be named.
  EXPECT_TRUE(Refresh(acme).ok());
  EXPECT_TRUE(Refresh(acme, At("acme")).ok());
  EXPECT_EQ(Refresh(acme, At("other")).reason(), "REFRESH_TOKEN_INVALID");
  EXPECT_EQ(Refresh(acme, At("nobody")).reason(), "REFRESH_TOKEN_INVALID");

  v1::StartPasswordResetRequest start;
  start.set_user_id(acme.admin.id.ToString());
  const auto started = Call<v1::StartPasswordResetResponse>(acme.admin, start);
  ASSERT_TRUE(started.ok()) << started.message;
  v1::FinishPasswordResetRequest finish;
  finish.set_token(started.response.token());
  finish.set_password("another horse battery");
  EXPECT_EQ(Call<v1::FinishPasswordResetResponse>(nobody(), finish, At("other")).reason(),
            "ONE_TIME_TOKEN_INVALID");
  EXPECT_TRUE(Call<v1::FinishPasswordResetResponse>(nobody(), finish, At("acme")).ok());
  EXPECT_TRUE(LogIn(At("acme"), "root", "another horse battery").ok());
  EXPECT_TRUE(LogIn(At("other"), "root").ok());

  // A failed answer to a challenge is on record with the tenant of the challenge.
  v1::AnswerChallengeRequest answer;
  answer.set_challenge(
      backend().auth.challenges.Encode({.tenant_id = *base::Uuid::Parse(acme.id),
                                        .user_id = acme.admin.id,
                                        .user_epoch = 1,
                                        .expire_time = clock().Now() + std::chrono::minutes(5)}));
  answer.set_totp_code("000000");
  EXPECT_EQ(Call<v1::AnswerChallengeResponse>(nobody(), answer).reason(), "LOGIN_FAILED");
  EXPECT_EQ(Ask("SELECT tenant_id FROM gatehouse.event WHERE type = 'session.login_failed'"),
            acme.id);
}

TEST_F(TenantIsolationTest, UsersOfOneIdAreTwoUsers) {
  const Customer acme = MakeCustomer("acme");
  const Customer other = MakeCustomer("other");
  // The other tenant takes the id of acme's administrator for a user of its own ...
  v1::CreateUserRequest twin;
  twin.set_user_id(acme.admin.id.ToString());
  twin.mutable_user()->set_username("twin");
  twin.set_password(kPassword);
  ASSERT_TRUE(Call<v1::CreateUserResponse>(other.admin, twin).ok());
  ASSERT_TRUE(LogIn("other", "twin").ok());
  // ... and ends all its sessions, over and over.
  v1::RevokeUserSessionsRequest revoke;
  revoke.set_user_id(acme.admin.id.ToString());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(LogIn("other", "twin").ok());
    ASSERT_TRUE(Call<v1::RevokeUserSessionsResponse>(other.admin, revoke).ok());
  }
  EXPECT_TRUE(Call<v1::ListUsersResponse>(acme.admin, v1::ListUsersRequest()).ok());
}

TEST_F(TenantIsolationTest, EachLogIsDenseByItself) {
  const Customer acme = MakeCustomer("acme");
  const Customer other = MakeCustomer("other");
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(AddUser(acme.admin, "a" + std::to_string(i)).ok());
    ASSERT_TRUE(AddUser(other.admin, "b" + std::to_string(i)).ok());
    ASSERT_TRUE(AddUser(admin(), "c" + std::to_string(i)).ok());
    if (i % 3 == 0) Sequence();
  }
  Sequence();
  for (const std::string& tenant : {acme.id, other.id, base::kDefaultTenantId.ToString()}) {
    EXPECT_EQ(Indexes(tenant), "1..n") << tenant;
  }
  v1::ListEventsRequest list;
  list.set_page_size(1000);
  const auto events = Call<v1::ListEventsResponse>(acme.admin, list);
  ASSERT_TRUE(events.ok()) << events.message;
  // Created, its administrator, the login, ten users.
  EXPECT_EQ(events.response.events_size(), 13);
  const std::string text = events.response.DebugString();
  EXPECT_EQ(text.find("\"b0\""), std::string::npos);
  EXPECT_EQ(text.find("\"c0\""), std::string::npos);
  EXPECT_EQ(text.find(operator_.id.ToString()), std::string::npos)
      << "who the operator is, is not the tenant's affair";
}

TEST_F(TenantIsolationTest, AFrozenTenantTakesNoCalls) {
  const Customer acme = MakeCustomer("acme");
  const Customer other = MakeCustomer("other");
  v1::UpdateTenantRequest hosts;
  hosts.set_tenant_id(acme.id);
  hosts.mutable_tenant()->add_host_names("acme.example");
  hosts.mutable_update_mask()->add_paths("host_names");
  ASSERT_TRUE(Call<v1::UpdateTenantResponse>(operator_, hosts).ok());
  const v1::ListUsersRequest list;
  ASSERT_TRUE(Call<v1::ListUsersResponse>(acme.admin, list).ok()) << "known, from now on";
  ASSERT_TRUE(SetState(acme.id, v1::TENANT_STATE_FROZEN).ok());

  const uint64_t before = backend().statements();
  const auto refused = Call<v1::ListUsersResponse>(acme.admin, list);
  EXPECT_EQ(refused.code, absl::StatusCode::kUnavailable);
  EXPECT_EQ(refused.reason(), "TENANT_FROZEN");
  const auto retry = refused.Detail<google::rpc::RetryInfo>();
  ASSERT_TRUE(retry);
  EXPECT_EQ(retry->retry_delay().seconds(), 30);
  EXPECT_EQ(LogIn("acme", "root").reason(), "TENANT_FROZEN");
  EXPECT_EQ(LogIn(AtHost("acme.example"), "root").reason(), "TENANT_FROZEN");
  EXPECT_EQ(Refresh(acme).reason(), "TENANT_FROZEN");
  EXPECT_EQ(backend().statements(), before) << "all of it from memory";
  EXPECT_TRUE(Call<v1::ListUsersResponse>(other.admin, list).ok());
  EXPECT_TRUE(Call<v1::ListUsersResponse>(admin(), list).ok());

  ASSERT_TRUE(SetState(acme.id, v1::TENANT_STATE_ACTIVE).ok());
  EXPECT_TRUE(Call<v1::ListUsersResponse>(acme.admin, list).ok()) << "its sessions go on";
  EXPECT_TRUE(Refresh(acme).ok());
  EXPECT_EQ(
      Ask("SELECT string_agg(details ->> 'state', ' ' ORDER BY event_id) FROM gatehouse.event "
          "WHERE tenant_id = '" +
          acme.id + "' AND details ? 'state'"),
      "FROZEN ACTIVE");
}

TEST_F(TenantIsolationTest, ATenantThatHasMovedSaysWhereTo) {
  const Customer acme = MakeCustomer("acme");
  const auto moved = SetState(acme.id, v1::TENANT_STATE_MOVED, "eu2.example.com");
  ASSERT_TRUE(moved.ok()) << moved.message;
  for (const CallOutcome& refused :
       {static_cast<CallOutcome>(Call<v1::ListUsersResponse>(acme.admin, v1::ListUsersRequest())),
        static_cast<CallOutcome>(LogIn("acme", "root"))}) {
    EXPECT_EQ(refused.code, absl::StatusCode::kUnavailable);
    EXPECT_EQ(refused.reason(), "TENANT_MOVED");
    const auto info = refused.Detail<google::rpc::ErrorInfo>();
    ASSERT_TRUE(info);
    EXPECT_EQ(info->metadata().at("destination"), "eu2.example.com");
  }
  // With another state it is forgotten.
  const auto back = SetState(acme.id, v1::TENANT_STATE_ACTIVE);
  ASSERT_TRUE(back.ok()) << back.message;
  EXPECT_EQ(back.response.tenant().moved_to(), "");
  EXPECT_TRUE(Call<v1::ListUsersResponse>(acme.admin, v1::ListUsersRequest()).ok());
}

TEST_F(TenantIsolationTest, AFreezeEndsAStreamThatIsOpen) {
  const Customer acme = MakeCustomer("acme");
  Sequence();
  CallOptions options;
  options.metadata.emplace_back("authorization", "Bearer " + acme.admin.credential);
  const std::unique_ptr<ClientStream> tail =
      raw_client().Open("/gatehouse.v1.AuditService/TailEvents", options);
  v1::TailEventsRequest request;
  request.set_from_index(1);
  tail->Write(request.SerializeAsString());
  tail->WritesDone();
  std::string bytes;
  ASSERT_TRUE(tail->Read(&bytes));
  ASSERT_TRUE(SetState(acme.id, v1::TENANT_STATE_FROZEN).ok());
  while (tail->Read(&bytes)) {
  }
  EXPECT_EQ(tail->Finish().reason(), "TENANT_FROZEN");
}

TEST_F(TenantIsolationTest, ATenantCostsNoStatementMore) {
  const Customer acme = MakeCustomer("acme");
  const auto statements = [&](const std::function<CallOutcome()>& call) {
    const uint64_t before = backend().statements();
    const CallOutcome outcome = call();
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return backend().statements() - before;
  };
  v1::CreateUserRequest ada;
  ada.mutable_user()->set_username("ada");
  ada.set_password(kPassword);
  ASSERT_TRUE(Call<v1::CreateUserResponse>(admin(), ada).ok());
  EXPECT_EQ(statements([&] { return static_cast<CallOutcome>(LogIn("acme", "root")); }),
            statements([&] { return static_cast<CallOutcome>(LogIn(CallOptions(), "ada")); }));
  const auto verify = [&](const Caller& caller, const std::string& token) {
    v1::VerifySessionRequest request;
    request.set_token(token);
    return static_cast<CallOutcome>(Call<v1::VerifySessionResponse>(caller, request));
  };
  verify(acme.admin, acme.admin.credential);
  EXPECT_EQ(statements([&] { return verify(acme.admin, acme.admin.credential); }), 0u);
  EXPECT_EQ(statements([&] { return static_cast<CallOutcome>(Refresh(acme)); }), 1u);
}

}  // namespace
}  // namespace gatehouse::tests
