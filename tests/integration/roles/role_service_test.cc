// Roles of the tenant's own, as callers make and change them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "storage/role/role.h"
#include "tests/integration/users/user_fixture.h"

namespace gatehouse::tests {
namespace {

using testing::ElementsAre;

class RoleServiceTest : public UserFixture {
 protected:
  static v1::CreateRoleRequest NewRole(const std::string& name,
                                       const std::vector<std::string>& permissions) {
    v1::CreateRoleRequest request;
    request.mutable_role()->set_name(name);
    request.mutable_role()->mutable_permissions()->Assign(permissions.begin(), permissions.end());
    return request;
  }
  v1::Role CreateRole(const std::string& name, const std::vector<std::string>& permissions) {
    const auto outcome = Call<v1::CreateRoleResponse>(admin(), NewRole(name, permissions));
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response.role();
  }
  static v1::UpdateRoleRequest NewPermissions(const std::string& name,
                                              const std::vector<std::string>& permissions) {
    v1::UpdateRoleRequest request;
    request.mutable_role()->set_name(name);
    request.mutable_role()->mutable_permissions()->Assign(permissions.begin(), permissions.end());
    request.mutable_update_mask()->add_paths("permissions");
    return request;
  }
  UnaryOutcome<v1::GetRoleResponse> GetRole(const std::string& name) {
    v1::GetRoleRequest request;
    request.set_name(name);
    return Call<v1::GetRoleResponse>(admin(), request);
  }
  UnaryOutcome<v1::DeleteRoleResponse> DeleteRole(const std::string& name,
                                                  const std::string& etag = "") {
    v1::DeleteRoleRequest request;
    request.set_name(name);
    request.set_etag(etag);
    return Call<v1::DeleteRoleResponse>(admin(), request);
  }
  UnaryOutcome<v1::CreateUserResponse> CreateWithRole(const std::string& username,
                                                      const std::string& role) {
    v1::CreateUserRequest request = NewUser(username);
    request.mutable_user()->set_role(role);
    return Call<v1::CreateUserResponse>(admin(), request);
  }
};

TEST_F(RoleServiceTest, ReturnsTheRoleAsItIsStored) {
  const v1::Role created = CreateRole("support", {"users.write", "users.read", "users.read"});
  // Each once, in the order of the table.
  EXPECT_THAT(created.permissions(), ElementsAre("users.read", "users.write"));
  EXPECT_FALSE(created.built_in());
  const auto read = GetRole("support");
  ASSERT_TRUE(read.ok()) << read.message;
  EXPECT_EQ(read.response.role().DebugString(), created.DebugString());
  EXPECT_EQ(Ask("SELECT (targets->0->>'id') || ' ' || details FROM gatehouse.event WHERE type = "
                "'role.created'"),
            "support {\"permissions\": [\"users.read\", \"users.write\"]}");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event e JOIN gatehouse.role r ON e.xid = "
                "r.xmin::text::xid8"),
            "1");
}

TEST_F(RoleServiceTest, WhatItPermitsCountsAtTheNextCall) {
  CreateRole("support", {});
  const Caller caller = backend().LogIn("support");
  v1::ListUsersRequest list;
  EXPECT_EQ(Call<v1::ListUsersResponse>(caller, list).reason(), "PERMISSION_DENIED");
  const auto updated =
      Call<v1::UpdateRoleResponse>(admin(), NewPermissions("support", {"users.read"}));
  ASSERT_TRUE(updated.ok()) << updated.message;
  EXPECT_THAT(updated.response.role().permissions(), ElementsAre("users.read"));
  EXPECT_TRUE(Call<v1::ListUsersResponse>(caller, list).ok());
  ASSERT_TRUE(Call<v1::UpdateRoleResponse>(admin(), NewPermissions("support", {})).ok());
  EXPECT_EQ(Call<v1::ListUsersResponse>(caller, list).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(Ask("SELECT details::text FROM gatehouse.event WHERE type = 'role.updated' ORDER BY "
                "event_id LIMIT 1"),
            "{\"to\": [\"users.read\"], \"from\": []}");
  // What changes nothing is no change.
  ASSERT_TRUE(Call<v1::UpdateRoleResponse>(admin(), NewPermissions("support", {})).ok());
  EXPECT_EQ(CountEvents("role.updated"), "2");
}

TEST_F(RoleServiceTest, ListsByNameWithTheBuiltInOnes) {
  for (const char* name : {"zebra", "beta", "b-side"}) CreateRole(name, {});
  std::vector<std::string> names;
  v1::ListRolesRequest request;
  request.set_page_size(2);
  do {
    const auto page = Call<v1::ListRolesResponse>(admin(), request);
    ASSERT_TRUE(page.ok()) << page.message;
    EXPECT_LE(page.response.roles_size(), 2);
    for (const v1::Role& role : page.response.roles()) {
      names.push_back(role.name());
      EXPECT_EQ(role.built_in(), storage::IsBuiltInRole(role.name()));
    }
    request.set_page_token(page.response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(names, ElementsAre("admin", "analyst", "b-side", "beta", "viewer", "zebra"));
}

TEST_F(RoleServiceTest, ARoleThatSomebodyHasStays) {
  const v1::Role role = CreateRole("support", {});
  const auto user = CreateWithRole("ada", "support");
  ASSERT_TRUE(user.ok()) << user.message;
  const auto refused = DeleteRole("support");
  EXPECT_EQ(refused.code, absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(refused.reason(), "ROLE_IN_USE");
  v1::DeleteUserRequest deletion;
  deletion.set_user_id(user.response.user().id());
  ASSERT_TRUE(Call<v1::DeleteUserResponse>(admin(), deletion).ok());
  EXPECT_EQ(DeleteRole("support", "\"99\"").reason(), "ETAG_MISMATCH");
  EXPECT_TRUE(DeleteRole("support", role.etag()).ok());
  EXPECT_EQ(GetRole("support").reason(), "ROLE_NOT_FOUND");
  EXPECT_EQ(DeleteRole("support").reason(), "ROLE_NOT_FOUND");
  EXPECT_EQ(CountEvents("role.deleted"), "1");
}

// However the calls fall: nobody has a role that is none.
TEST_F(RoleServiceTest, NobodyGetsARoleThatIsBeingDeleted) {
  for (int round = 0; round < 20; ++round) {
    const std::string name = "role-" + std::to_string(round);
    CreateRole(name, {});
    auto creation = std::async(std::launch::async, [&] { return CreateWithRole(name, name).ok(); });
    const bool deleted = DeleteRole(name).ok();
    EXPECT_NE(creation.get(), deleted) << round;
  }
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.user_account WHERE role LIKE 'role-%' AND role NOT "
                "IN (SELECT name FROM gatehouse.role)"),
            "0");
}

TEST_F(RoleServiceTest, NobodyGainsByARole) {
  CreateRole("strong", {"admin.write"});
  const Caller caller = backend().MakeApiKey({"users.read", "users.write"});
  EXPECT_EQ(Call<v1::CreateRoleResponse>(caller, NewRole("a", {"sessions.write"})).reason(),
            "PERMISSION_DENIED");
  EXPECT_TRUE(Call<v1::CreateRoleResponse>(caller, NewRole("a", {"users.read"})).ok());
  EXPECT_EQ(Call<v1::UpdateRoleResponse>(caller, NewPermissions("a", {"sessions.write"})).reason(),
            "PERMISSION_DENIED");
  EXPECT_EQ(Call<v1::UpdateRoleResponse>(caller, NewPermissions("strong", {})).reason(),
            "PERMISSION_DENIED");
  v1::DeleteRoleRequest deletion;
  deletion.set_name("strong");
  EXPECT_EQ(Call<v1::DeleteRoleResponse>(caller, deletion).reason(), "PERMISSION_DENIED");
}

TEST_F(RoleServiceTest, ValidateOnlyAndRepetitionsChangeNothingMore) {
  v1::CreateRoleRequest request = NewRole("support", {});
  request.set_validate_only(true);
  EXPECT_TRUE(Call<v1::CreateRoleResponse>(admin(), request).ok());
  EXPECT_EQ(GetRole("support").reason(), "ROLE_NOT_FOUND");
  request.set_validate_only(false);
  request.set_request_id(kRequestId);
  const auto first = Call<v1::CreateRoleResponse>(admin(), request);
  const auto again = Call<v1::CreateRoleResponse>(admin(), request);
  ASSERT_TRUE(again.ok()) << again.message;
  EXPECT_EQ(again.response.DebugString(), first.response.DebugString());
  request.clear_request_id();
  EXPECT_EQ(Call<v1::CreateRoleResponse>(admin(), request).reason(), "ROLE_TAKEN");
  request.set_validate_only(true);
  EXPECT_EQ(Call<v1::CreateRoleResponse>(admin(), request).reason(), "ROLE_TAKEN");
  EXPECT_EQ(CountEvents("role.created"), "1");
}

TEST_F(RoleServiceTest, RefusesWhatItMust) {
  for (const char* name : {"", "Support", "a b"}) {
    EXPECT_EQ(Call<v1::CreateRoleResponse>(admin(), NewRole(name, {})).reason(), "INVALID_FIELD")
        << name;
  }
  EXPECT_EQ(Call<v1::CreateRoleResponse>(admin(), NewRole("a", {"users.fly"})).reason(),
            "INVALID_FIELD");
  EXPECT_EQ(Call<v1::CreateRoleResponse>(admin(), NewRole("admin", {})).reason(), "ROLE_TAKEN");
  EXPECT_EQ(Call<v1::UpdateRoleResponse>(admin(), NewPermissions("viewer", {})).reason(),
            "PERMISSION_DENIED");
  EXPECT_EQ(DeleteRole("viewer").reason(), "PERMISSION_DENIED");
  EXPECT_EQ(Call<v1::UpdateRoleResponse>(admin(), NewPermissions("none", {})).reason(),
            "ROLE_NOT_FOUND");
  EXPECT_EQ(GetRole("No Role").reason(), "ROLE_NOT_FOUND");
  v1::UpdateRoleRequest request = NewPermissions("none", {});
  request.mutable_update_mask()->set_paths(0, "name");
  EXPECT_EQ(Call<v1::UpdateRoleResponse>(admin(), request).reason(), "UNKNOWN_FIELD");
  EXPECT_EQ(
      Call<v1::CreateRoleResponse>(backend().LogIn("viewer"), NewRole("support", {})).reason(),
      "PERMISSION_DENIED");
}

TEST_F(RoleServiceTest, TheirNumberHasABound) {
  ASSERT_EQ(
      Ask("WITH made AS (INSERT INTO gatehouse.role (tenant_id, name, permissions, "
          "create_time, update_time, version) SELECT '" +
          base::kDefaultTenantId.ToString() +
          "', 'r' || i, '{}', now(), now(), 1 FROM "
          "generate_series(1, " +
          std::to_string(storage::kMaxRoles) + ") AS i RETURNING 1) SELECT count(*) FROM made"),
      std::to_string(storage::kMaxRoles));
  const auto outcome = Call<v1::CreateRoleResponse>(admin(), NewRole("support", {}));
  EXPECT_EQ(outcome.code, absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(outcome.reason(), "LIMIT_REACHED");
}

}  // namespace
}  // namespace gatehouse::tests
