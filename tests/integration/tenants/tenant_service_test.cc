// The directory of tenants, for the operator alone.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/tenant/tenant_store.h"
#include "tests/integration/tenants/tenant_fixture.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::tests {
namespace {

class TenantServiceTest : public TenantFixture {
 protected:
  UnaryOutcome<v1::GetTenantResponse> Get(const std::string& name) {
    v1::GetTenantRequest request;
    request.set_name(name);
    return Call<v1::GetTenantResponse>(operator_, request);
  }

  std::string Create(const std::string& name) {
    const auto created = Call<v1::CreateTenantResponse>(operator_, NewTenant(name));
    EXPECT_TRUE(created.ok()) << created.message;
    return created.response.tenant().id();
  }

  // The reason of a change of one field, "" if it was made.
  std::string Update(const std::string& id, const std::string& path,
                     const std::function<void(v1::Tenant&)>& set, bool validate_only = false) {
    v1::UpdateTenantRequest request;
    request.set_tenant_id(id);
    set(*request.mutable_tenant());
    request.mutable_update_mask()->add_paths(path);
    request.set_validate_only(validate_only);
    const auto updated = Call<v1::UpdateTenantResponse>(operator_, request);
    return updated.reason();
  }

  // Type and tenant's name, by name, of what is in the log about tenants.
  std::string Events(const std::string& type) {
    return Ask(
        "SELECT coalesce(string_agg(t.name || ':' || e.actor_type || ':' || e.details::text, ' ' "
        "ORDER BY t.name, e.event_id), '') FROM gatehouse.event e JOIN gatehouse.tenant t USING "
        "(tenant_id) WHERE e.type = '" +
        type + "'");
  }
};

TEST_F(TenantServiceTest, CreatesATenantWithAllThatItNeeds) {
  v1::CreateTenantRequest request = NewTenant("acme");
  request.mutable_tenant()->set_display_name("Acme Ltd");
  request.mutable_tenant()->add_host_names("Login.Acme.example");
  request.mutable_tenant()->add_host_names("acme.example");
  (*request.mutable_tenant()->mutable_labels())["plan"] = "gold \"1\"";
  request.mutable_admin()->set_username("root");
  request.mutable_admin()->set_password(kPassword);
  const auto created = Call<v1::CreateTenantResponse>(operator_, request);
  ASSERT_TRUE(created.ok()) << created.message;
  const v1::Tenant& tenant = created.response.tenant();
  EXPECT_EQ(tenant.name(), "acme");
  EXPECT_EQ(tenant.display_name(), "Acme Ltd");
  EXPECT_EQ(tenant.state(), v1::TENANT_STATE_ACTIVE);
  ASSERT_EQ(tenant.host_names_size(), 2);
  EXPECT_EQ(tenant.host_names(0), "acme.example");
  EXPECT_EQ(tenant.host_names(1), "login.acme.example");
  EXPECT_EQ(tenant.labels().at("plan"), "gold \"1\"");
  EXPECT_EQ(created.response.admin_token(), "");
  EXPECT_EQ(Get("acme").response.tenant().SerializeAsString(), tenant.SerializeAsString());
  v1::GetTenantRequest by_id;
  by_id.set_tenant_id(tenant.id());
  EXPECT_EQ(Call<v1::GetTenantResponse>(operator_, by_id).response.tenant().etag(), tenant.etag());

  // It has a key of its own, and its administrator logs in at once.
  EXPECT_EQ(
      Ask("SELECT count(*) FROM gatehouse.signing_key WHERE tenant_id = '" + tenant.id() + "'"),
      "1");
  const auto login = LogIn("acme", "root");
  ASSERT_TRUE(login.ok()) << login.message;
  v1::GetUserRequest self;
  self.set_user_id(created.response.admin_user_id());
  const Caller root{
      .id = {}, .session_id = {}, .credential = login.response.tokens().access_token()};
  EXPECT_EQ(Call<v1::GetUserResponse>(root, self).response.user().role(), "admin");

  // The operator's log says who did it, the tenant's own begins with it.
  EXPECT_EQ(Events("gatehouse.tenant_created"), "acme:system:{} default:api_key:{}");
  EXPECT_EQ(Events("user.created"), "acme:system:{\"role\": \"admin\"}");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE tenant_id = '" + tenant.id() +
                "' AND actor_id <> '' AND type LIKE 'gatehouse.%'"),
            "0");
}

TEST_F(TenantServiceTest, AnAdministratorWithoutAPasswordGetsATokenOnce) {
  v1::CreateTenantRequest request = NewTenant("acme");
  request.mutable_admin()->set_username("root");
  request.set_request_id(kRequestId);
  const auto created = Call<v1::CreateTenantResponse>(operator_, request);
  ASSERT_TRUE(created.ok()) << created.message;
  ASSERT_NE(created.response.admin_token(), "");
  const auto again = Call<v1::CreateTenantResponse>(operator_, request);
  ASSERT_TRUE(again.ok()) << again.message;
  EXPECT_EQ(again.response.tenant().id(), created.response.tenant().id());
  EXPECT_EQ(again.response.admin_token(), "");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.tenant"), "2");

  EXPECT_EQ(LogIn("acme", "root").reason(), "LOGIN_FAILED");
  v1::FinishPasswordResetRequest finish;
  finish.set_token(created.response.admin_token());
  finish.set_password(kPassword);
  const auto finished = Call<v1::FinishPasswordResetResponse>(nobody(), finish);
  ASSERT_TRUE(finished.ok()) << finished.message;
  EXPECT_TRUE(LogIn("acme", "root").ok());
  EXPECT_EQ(Call<v1::FinishPasswordResetResponse>(nobody(), finish).reason(),
            "ONE_TIME_TOKEN_INVALID");
}

TEST_F(TenantServiceTest, NamesAndHostsAreOneTenantsAlone) {
  Create("acme");
  const std::string other = Create("other");
  EXPECT_EQ(Call<v1::CreateTenantResponse>(operator_, NewTenant("acme")).reason(), "TENANT_TAKEN");
  EXPECT_EQ(Update(other, "host_names",
                   [](v1::Tenant& tenant) { tenant.add_host_names("shop.example"); }),
            "");
  v1::CreateTenantRequest third = NewTenant("third");
  third.mutable_tenant()->add_host_names("SHOP.example");
  for (const bool validate_only : {true, false}) {
    third.set_validate_only(validate_only);
    EXPECT_EQ(Call<v1::CreateTenantResponse>(operator_, third).reason(), "TENANT_TAKEN");
  }
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.tenant"), "3") << "all of it or nothing";
  // Given up, it is free.
  EXPECT_EQ(Update(other, "host_names", [](v1::Tenant&) {}), "");
  EXPECT_TRUE(Call<v1::CreateTenantResponse>(operator_, third).ok());
}

TEST_F(TenantServiceTest, SaysWhatIsWrongWithARequest) {
  for (const char* name :
       {"", "A", "1a", "a-", "a.b", "a b", "acme\xff", "a0000000-0000-7000-8000-000000000001",
        "a123456789012345678901234567890123456789012345678901234567890123"}) {
    const auto outcome = Call<v1::CreateTenantResponse>(operator_, NewTenant(name));
    EXPECT_EQ(outcome.code, absl::StatusCode::kInvalidArgument) << name;
  }
  const std::string acme = Create("acme");
  const auto wrong = [&](const std::string& path, const std::function<void(v1::Tenant&)>& set) {
    for (const bool validate_only : {true, false}) {
      EXPECT_EQ(Update(acme, path, set, validate_only), "INVALID_FIELD") << path;
    }
  };
  wrong("display_name", [](v1::Tenant& t) { t.set_display_name(std::string(201, 'x')); });
  wrong("host_names", [](v1::Tenant& t) { t.add_host_names("acme.example:443"); });
  wrong("host_names", [](v1::Tenant& t) { t.add_host_names(""); });
  wrong("host_names", [](v1::Tenant& t) {
    for (int i = 0; i < 17; ++i) t.add_host_names("h" + std::to_string(i) + ".example");
  });
  wrong("state", [](v1::Tenant& t) { t.set_state(static_cast<v1::TenantState>(9)); });
  wrong("moved_to", [](v1::Tenant& t) { t.set_moved_to("elsewhere"); });
  wrong("labels", [](v1::Tenant& t) { (*t.mutable_labels())["Plan"] = "x"; });
  wrong("labels", [](v1::Tenant& t) { (*t.mutable_labels())["plan"] = std::string(257, 'x'); });
  wrong("labels", [](v1::Tenant& t) {
    for (int i = 0; i < 33; ++i) (*t.mutable_labels())["l" + std::to_string(i)] = "";
  });
  EXPECT_EQ(Update(acme, "name", [](v1::Tenant& t) { t.set_name("b"); }), "UNKNOWN_FIELD");
  EXPECT_EQ(Update("nonsense", "labels", [](v1::Tenant&) {}), "INVALID_FIELD");
  EXPECT_EQ(Update(kRequestId, "labels", [](v1::Tenant&) {}), "TENANT_NOT_FOUND");
  EXPECT_EQ(Get("nobody").reason(), "TENANT_NOT_FOUND");
  EXPECT_EQ(Call<v1::GetTenantResponse>(operator_, v1::GetTenantRequest()).reason(),
            "INVALID_FIELD");
  // The operator does not lock itself out.
  EXPECT_EQ(SetState(base::kDefaultTenantId.ToString(), v1::TENANT_STATE_FROZEN).reason(),
            "INVALID_FIELD");
}

TEST_F(TenantServiceTest, IsTheOperatorsAlone) {
  const Customer acme = MakeCustomer("acme");
  EXPECT_EQ(Call<v1::CreateTenantResponse>(acme.admin, NewTenant("b")).reason(),
            "PERMISSION_DENIED");
  EXPECT_EQ(Call<v1::ListTenantsResponse>(acme.admin, v1::ListTenantsRequest()).reason(),
            "PERMISSION_DENIED");
  v1::GetTenantRequest own;
  own.set_tenant_id(acme.id);
  EXPECT_EQ(Call<v1::GetTenantResponse>(acme.admin, own).reason(), "PERMISSION_DENIED");
  v1::ListSigningKeysRequest keys;
  keys.set_tenant_id(acme.id);
  EXPECT_EQ(Call<v1::ListSigningKeysResponse>(acme.admin, keys).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(
      Call<v1::ListTenantsResponse>(backend().MakeApiKey({"users.read"}), v1::ListTenantsRequest())
          .reason(),
      "PERMISSION_DENIED");
}

TEST_F(TenantServiceTest, ListsByNameInPages) {
  for (const char* name : {"beta", "acme", "zeta"}) Create(name);
  v1::ListTenantsRequest request;
  request.set_page_size(2);
  std::string names;
  int pages = 0;
  do {
    const auto page = Call<v1::ListTenantsResponse>(operator_, request);
    ASSERT_TRUE(page.ok()) << page.message;
    for (const v1::Tenant& tenant : page.response.tenants()) names += tenant.name() + " ";
    request.set_page_token(page.response.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(names, "acme beta default zeta ");
  EXPECT_EQ(pages, 2);
  request.set_page_token("nonsense");
  EXPECT_EQ(Call<v1::ListTenantsResponse>(operator_, request).reason(), "INVALID_PAGE_TOKEN");
}

TEST_F(TenantServiceTest, TenantsThatDoNotFitIntoAnAnswerAreNotRead) {
  constexpr int64_t kLabelBytes = 16'000;
  // With `default` so many.
  constexpr size_t kTenants = 250;
  // Does not shrink by compression, as text that repeats would.
  Ask("INSERT INTO gatehouse.tenant (tenant_id, name, display_name, state, moved_to, labels, "
      "create_time, update_time, version) SELECT gen_random_uuid(), 'a' || i, '', 1, '', (SELECT "
      "jsonb_build_object('x', string_agg(md5(k::text), '')) FROM generate_series(1, 500) AS k), "
      "now(), now(), 1 FROM generate_series(2, " +
      std::to_string(kTenants) + ") AS i");
  using Page = storage::TenantStore::Page;
  const auto cut = backend().runner.Run<absl::StatusOr<Page>>([&] {
    return backend().storage->tenants.List(backend().SystemContext(), "", /*limit=*/11,
                                           /*max_bytes=*/3 * kLabelBytes);
  });
  ASSERT_TRUE(cut.ok()) << cut.status();
  EXPECT_EQ(cut->tenants.size(), 3u);
  EXPECT_TRUE(cut->cut);

  v1::ListTenantsRequest request;
  request.set_page_size(1000);
  std::set<std::string> seen;
  int pages = 0;
  do {
    const auto listed = Call<v1::ListTenantsResponse>(operator_, request);
    ASSERT_TRUE(listed.ok()) << listed.message;
    for (const v1::Tenant& tenant : listed.response.tenants()) {
      EXPECT_TRUE(seen.insert(tenant.name()).second);
    }
    request.set_page_token(listed.response.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(seen.size(), kTenants);
  EXPECT_EQ(pages, 2);
}

TEST_F(TenantServiceTest, ChangesWithTheRightEtagAlone) {
  const std::string acme = Create("acme");
  const std::string etag = Get("acme").response.tenant().etag();
  v1::UpdateTenantRequest request;
  request.set_tenant_id(acme);
  request.mutable_tenant()->set_display_name("Acme Ltd");
  request.mutable_tenant()->set_etag(etag);
  request.mutable_update_mask()->add_paths("display_name");
  request.set_request_id(kRequestId);
  const auto updated = Call<v1::UpdateTenantResponse>(operator_, request);
  ASSERT_TRUE(updated.ok()) << updated.message;
  EXPECT_NE(updated.response.tenant().etag(), etag);
  EXPECT_EQ(Events("gatehouse.tenant_updated"),
            "acme:system:{\"fields\": [\"display_name\"]} "
            "default:api_key:{\"fields\": [\"display_name\"]}");
  // Repeated it is the same answer, anew it is too late.
  EXPECT_EQ(Call<v1::UpdateTenantResponse>(operator_, request).response.SerializeAsString(),
            updated.response.SerializeAsString());
  request.clear_request_id();
  EXPECT_EQ(Call<v1::UpdateTenantResponse>(operator_, request).reason(), "ETAG_MISMATCH");
  // What is there already is no change.
  request.mutable_tenant()->clear_etag();
  const auto same = Call<v1::UpdateTenantResponse>(operator_, request);
  EXPECT_EQ(same.response.tenant().etag(), updated.response.tenant().etag());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'gatehouse.tenant_updated'"),
            "2");
}

TEST_F(TenantServiceTest, RotatesTheKeysOfATenant) {
  const Customer acme = MakeCustomer("acme");
  v1::ListSigningKeysRequest list;
  list.set_tenant_id(acme.id);
  const auto before = Call<v1::ListSigningKeysResponse>(operator_, list);
  ASSERT_TRUE(before.ok()) << before.message;
  ASSERT_EQ(before.response.keys_size(), 1);
  v1::RotateSigningKeyRequest rotate;
  rotate.set_tenant_id(acme.id);
  rotate.set_emergency(true);
  const auto rotated = Call<v1::RotateSigningKeyResponse>(operator_, rotate);
  ASSERT_TRUE(rotated.ok()) << rotated.message;
  ASSERT_EQ(rotated.response.deleted_key_ids_size(), 1);
  EXPECT_EQ(rotated.response.deleted_key_ids(0), before.response.keys(0).key_id());
  // Its tokens are dead, the others' are not.
  v1::ListUsersRequest users;
  EXPECT_EQ(Call<v1::ListUsersResponse>(acme.admin, users).reason(), "UNAUTHENTICATED");
  EXPECT_TRUE(Call<v1::ListUsersResponse>(admin(), users).ok());
  EXPECT_TRUE(LogIn("acme", "root").ok());
  EXPECT_EQ(Events("gatehouse.signing_key_rotated"),
            "acme:system:{\"emergency\": true} default:api_key:{\"emergency\": true}");
  rotate.set_tenant_id(kRequestId);
  EXPECT_EQ(Call<v1::RotateSigningKeyResponse>(operator_, rotate).reason(), "TENANT_NOT_FOUND");
}

TEST_F(TenantServiceTest, TheKeysOfEveryActiveTenantRotateByThemselves) {
  const Customer acme = MakeCustomer("acme");
  const Customer frozen = MakeCustomer("frozen");
  ASSERT_TRUE(SetState(frozen.id, v1::TENANT_STATE_FROZEN).ok());
  const auto keys = [&](const std::string& tenant) {
    return Ask("SELECT count(*) FROM gatehouse.signing_key WHERE tenant_id = '" + tenant + "'");
  };
  const auto turn = [&] {
    ASSERT_TRUE(backend()
                    .runner
                    .Run<absl::Status>([&] {
                      return backend().auth.key_rotation.RunOnce(backend().SystemContext());
                    })
                    .ok());
  };
  turn();
  EXPECT_EQ(keys(acme.id), "1");
  clock().Advance(std::chrono::days(30));
  turn();
  EXPECT_EQ(keys(acme.id), "2");
  EXPECT_EQ(keys(base::kDefaultTenantId.ToString()), "2");
  EXPECT_EQ(keys(frozen.id), "1") << "nothing of it changes";
  EXPECT_EQ(Events("gatehouse.signing_key_rotated").substr(0, 12), "acme:system:");
  ASSERT_TRUE(SetState(frozen.id, v1::TENANT_STATE_ACTIVE).ok());
  turn();
  EXPECT_EQ(keys(frozen.id), "2");
}

TEST_F(TenantServiceTest, ATenantWhoseKeysCannotRotateHoldsUpNoOther) {
  const Customer acme = MakeCustomer("acme");
  ExecuteSql(backend().dsn,
             "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
             "'BEGIN RAISE ''no''; END'");
  ExecuteSql(backend().dsn,
             "CREATE TRIGGER refuse BEFORE INSERT ON gatehouse.signing_key FOR EACH ROW WHEN "
             "(NEW.tenant_id = '" +
                 base::kDefaultTenantId.ToString() + "') EXECUTE FUNCTION refuse()");
  clock().Advance(std::chrono::days(30));
  EXPECT_FALSE(backend()
                   .runner
                   .Run<absl::Status>([&] {
                     return backend().auth.key_rotation.RunOnce(backend().SystemContext());
                   })
                   .ok());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.signing_key WHERE tenant_id = '" + acme.id + "'"),
            "2");
}

}  // namespace
}  // namespace gatehouse::tests
