// Users with a role of their tenant's own: what they may do, who may give it, and
// how a change of it reaches a running server.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "service/event_log/revocation_follower.h"
#include "storage/event_log/sequencer.h"
#include "tests/integration/roles/role_fixture.h"
#include "tests/integration/users/user_fixture.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

class RoleUseTest : public UserFixture {
 protected:
  void Seed(const std::string& name, const std::vector<std::string>& permissions) {
    ASSERT_THAT(SeedRole(backend(), name, permissions), IsOk());
  }
  // The error of each call, "" if there was none.
  std::string List(const Caller& caller) {
    return Call<v1::ListUsersResponse>(caller, v1::ListUsersRequest()).reason();
  }
  std::string ListKeys(const Caller& caller) {
    return Call<v1::ListApiKeysResponse>(caller, v1::ListApiKeysRequest()).reason();
  }
  std::string Make(const Caller& caller, const std::string& username, const std::string& role,
                   bool validate_only = false) {
    v1::CreateUserRequest request = NewUser(username);
    request.mutable_user()->set_role(role);
    request.set_validate_only(validate_only);
    return Call<v1::CreateUserResponse>(caller, request).reason();
  }
  std::string SetRole(const Caller& caller, const std::string& id, const std::string& role,
                      bool validate_only = false) {
    v1::UpdateUserRequest request = Update(id, "role");
    request.mutable_user()->set_role(role);
    request.set_validate_only(validate_only);
    return Call<v1::UpdateUserResponse>(caller, request).reason();
  }
  std::string SetPassword(const Caller& caller, const std::string& id) {
    v1::SetPasswordRequest request;
    request.set_user_id(id);
    request.set_password("correct horse battery");
    return Call<v1::SetPasswordResponse>(caller, request).reason();
  }
  std::string Delete(const Caller& caller, const std::string& id) {
    v1::DeleteUserRequest request;
    request.set_user_id(id);
    return Call<v1::DeleteUserResponse>(caller, request).reason();
  }
  std::string RoleOf(const std::string& id) {
    return Ask("SELECT role FROM gatehouse.user_account WHERE user_id = '" + id + "'");
  }
};

TEST_F(RoleUseTest, AUserMayDoWhatItsRoleListsAndNothingElse) {
  Seed("support", {"users.read"});
  Seed("keeper", {"api_keys.read"});
  const Caller support = backend().LogIn("support");
  EXPECT_EQ(List(support), "");
  EXPECT_EQ(ListKeys(support), "PERMISSION_DENIED");
  EXPECT_EQ(Make(support, "ada", "viewer"), "PERMISSION_DENIED");
  const Caller keeper = backend().LogIn("keeper");
  EXPECT_EQ(List(keeper), "PERMISSION_DENIED");
  EXPECT_EQ(ListKeys(keeper), "");
}

TEST_F(RoleUseTest, ARoleCanBeGivenIfTheTenantHasIt) {
  Seed("support", {"users.read"});
  EXPECT_EQ(Make(admin(), "ada", "support", /*validate_only=*/true), "");
  EXPECT_EQ(Make(admin(), "ada", "support"), "");
  const std::string bob = Create("bob").id();
  EXPECT_EQ(SetRole(admin(), bob, "support", /*validate_only=*/true), "");
  EXPECT_EQ(SetRole(admin(), bob, "support"), "");
  EXPECT_EQ(RoleOf(bob), "support");
  // Its own statement finds nothing wrong with a change of something else.
  v1::UpdateUserRequest request = Update(bob, "bio");
  request.mutable_user()->set_bio("new");
  EXPECT_EQ(Call<v1::UpdateUserResponse>(admin(), request).reason(), "");
}

TEST_F(RoleUseTest, AnUnknownRoleIsRefused) {
  Seed("support", {"users.read"});
  const std::string bob = Create("bob").id();
  for (const std::string& role :
       {std::string("root"), std::string("Support"), std::string(100, 'a')}) {
    for (const bool validate_only : {true, false}) {
      EXPECT_EQ(Make(admin(), "ada", role, validate_only), "ROLE_NOT_FOUND") << role;
      EXPECT_EQ(SetRole(admin(), bob, role, validate_only), "ROLE_NOT_FOUND") << role;
    }
  }
  EXPECT_EQ(RoleOf(bob), "viewer");
  EXPECT_EQ(CountEvents("user.created"), "1");
  EXPECT_EQ(CountEvents("user.role_changed"), "0");
}

TEST_F(RoleUseTest, NobodyGivesOrTouchesARoleThatMayDoMore) {
  Seed("support", {"users.read", "users.write"});
  Seed("auditor", {"events.read"});
  const Caller clerk = backend().MakeApiKey({"users.read", "users.write", "users.set_password"});
  EXPECT_EQ(Make(clerk, "ada", "support"), "");
  for (const bool validate_only : {true, false}) {
    EXPECT_EQ(Make(clerk, "eve", "auditor", validate_only), "PERMISSION_DENIED");
    EXPECT_EQ(Make(clerk, "eve", "root", validate_only), "ROLE_NOT_FOUND");
  }
  const std::string bob = Create("bob").id();
  EXPECT_EQ(SetRole(clerk, bob, "auditor"), "PERMISSION_DENIED");
  EXPECT_EQ(SetRole(clerk, bob, "support"), "");

  const std::string auditor = backend().LogIn("auditor").id.ToString();
  EXPECT_EQ(SetRole(clerk, auditor, "viewer"), "PERMISSION_DENIED");
  EXPECT_EQ(SetPassword(clerk, auditor), "PERMISSION_DENIED");
  EXPECT_EQ(Delete(clerk, auditor), "PERMISSION_DENIED");
  EXPECT_EQ(SetPassword(clerk, bob), "");
  EXPECT_EQ(Delete(clerk, bob), "");
}

TEST_F(RoleUseTest, AFilterNamesARoleThatThereIs) {
  Seed("support", {"users.read"});
  v1::ListUsersRequest list;
  const auto find = [&](const std::string& filter) {
    list.set_filter(filter);
    return Call<v1::ListUsersResponse>(admin(), list);
  };
  EXPECT_EQ(find("role = support").reason(), "") << "nobody has it yet";
  EXPECT_EQ(find("role = suport").reason(), "INVALID_FILTER");
  EXPECT_EQ(find("role = suport AND username = ada").reason(), "INVALID_FILTER");
  v1::CreateUserRequest ada = NewUser("ada");
  ada.mutable_user()->set_role("support");
  const std::string id = Create(ada).id();
  EXPECT_EQ(find("role = support").response.users_size(), 1);
  // Whoever had it is found by it when it is gone.
  EXPECT_EQ(Delete(admin(), id), "");
  v1::DeleteRoleRequest deletion;
  deletion.set_name("support");
  ASSERT_TRUE(Call<v1::DeleteRoleResponse>(admin(), deletion).ok());
  EXPECT_EQ(find("role = support").reason(), "INVALID_FILTER");
  list.set_show_deleted(true);
  EXPECT_EQ(find("role = support").response.users_size(), 1);
}

TEST_F(RoleUseTest, AChangeOfARoleReachesARunningServer) {
  TestBackend& b = backend();
  Seed("support", {"users.read"});
  std::optional<service::RevocationFollower> follower;
  b.runner.RunPlain([&] {
    follower.emplace(
        b.runner.loop(), b.storage->log, b.storage->feed, b.auth.authenticator,
        [&b](base::CallContext ctx) { return b.auth.key_rotation.Load(std::move(ctx)); },
        [](const std::optional<base::Uuid>&) {}, [] {});
  });
  const auto order = [&] {
    using Pass = absl::StatusOr<storage::SequencerPass>;
    constexpr int64_t kMaxEvents = 1000;
    Pass pass = b.runner.Run<Pass>(
        [&] { return b.storage->sequencer.RunPass(b.SystemContext(), kMaxEvents); });
    ASSERT_THAT(pass, IsOk());
    EXPECT_FALSE(pass->batches.empty());
  };
  order();
  ASSERT_THAT(b.runner.Run<absl::Status>([&] { return follower->TakePosition(b.SystemContext()); }),
              IsOk());

  const Caller support = b.LogIn("support");
  EXPECT_EQ(List(support), "");
  // As by another process.
  Seed("support", {"api_keys.read"});
  order();
  EXPECT_EQ(List(support), "");  // From the cache: else this test would show nothing.
  ASSERT_THAT(b.runner.Run<absl::Status>([&] { return follower->RunOnce(b.SystemContext()); }),
              IsOk());
  EXPECT_EQ(List(support), "PERMISSION_DENIED");
  EXPECT_EQ(ListKeys(support), "");

  b.runner.RunPlain([&] { follower.reset(); });
}

}  // namespace
}  // namespace gatehouse::tests
