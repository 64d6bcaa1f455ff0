// The tenants' own roles in the database, and how the seeder brings them there.

#include "storage/role/role_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "storage/event.h"
#include "tests/integration/roles/role_fixture.h"
#include "tests/support/postgres/postgres_cluster.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

using absl::StatusCode;
using base::Reason;
using storage::Role;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr base::Uuid kTenant = base::kDefaultTenantId;
constexpr base::Uuid kOtherTenant = base::Uuid();

class RoleStoreTest : public testing::Test {
 protected:
  Role MakeRole(std::vector<std::string> permissions, int64_t version = 1) {
    return Role{.tenant_id = kTenant,
                .name = "support",
                .permissions = std::move(permissions),
                .create_time = b_.clock.Now(),
                .update_time = b_.clock.Now(),
                .version = version};
  }
  storage::Change TestChange() {
    return {.events = {storage::MakeEvent(b_.SystemContext(), b_.clock.Now(), "role.test", {})}};
  }
  absl::Status Create(const Role& role) {
    return b_.runner.Run<absl::Status>(
        [&] { return b_.storage->roles.Create(b_.SystemContext(), role, TestChange()); });
  }
  absl::Status Update(const Role& role) {
    return b_.runner.Run<absl::Status>(
        [&] { return b_.storage->roles.Update(b_.SystemContext(), role, TestChange()); });
  }
  std::optional<Role> Get(const base::Uuid& tenant_id, const std::string& name) {
    return *b_.runner.Run<absl::StatusOr<std::optional<Role>>>(
        [&] { return b_.storage->roles.Get(b_.SystemContext(), tenant_id, name); });
  }
  std::string CountEvents() { return AskSql(b_.dsn, "SELECT count(*) FROM gatehouse.event"); }

  TestBackend b_;
};

TEST_F(RoleStoreTest, KeepsARoleWithItsTenant) {
  ASSERT_THAT(Create(MakeRole({"users.read", "events.read"})), IsOk());
  const std::optional<Role> role = Get(kTenant, "support");
  ASSERT_TRUE(role);
  EXPECT_EQ(role->name, "support");
  EXPECT_THAT(role->permissions, ElementsAre("users.read", "events.read"));
  EXPECT_EQ(role->version, 1);
  EXPECT_FALSE(Get(kTenant, "Support"));
  EXPECT_FALSE(Get(kOtherTenant, "support"));
  EXPECT_FALSE(Get(kTenant, "admin"));
  EXPECT_EQ(CountEvents(), "1");
}

TEST_F(RoleStoreTest, ReplacesTheVersionThatWasRead) {
  ASSERT_THAT(Create(MakeRole({"users.read"})), IsOk());
  const base::Time created = b_.clock.Now();
  b_.clock.Advance(std::chrono::seconds(1));
  ASSERT_THAT(Update(MakeRole({})), IsOk());
  const std::optional<Role> role = Get(kTenant, "support");
  EXPECT_THAT(role->permissions, IsEmpty());
  EXPECT_EQ(role->version, 2);
  EXPECT_EQ(role->create_time, created);
  EXPECT_EQ(role->update_time, b_.clock.Now());
}

TEST_F(RoleStoreTest, AChangeFromAnOldReadingIsRefusedWhole) {
  ASSERT_THAT(Create(MakeRole({"users.read"})), IsOk());
  ASSERT_THAT(Update(MakeRole({"events.read"})), IsOk());
  for (const int64_t version : {0, 1, 3}) {
    EXPECT_THAT(Update(MakeRole({"users.write"}, version)),
                FailsWith(StatusCode::kAborted, Reason::kEtagMismatch));
  }
  EXPECT_THAT(Create(MakeRole({"users.write"})),
              FailsWith(StatusCode::kAborted, Reason::kConflict));
  EXPECT_THAT(Get(kTenant, "support")->permissions, ElementsAre("events.read"));
  EXPECT_EQ(CountEvents(), "2");
}

TEST_F(RoleStoreTest, TheDatabaseTakesNoBuiltInName) {
  for (const std::string_view name : storage::kBuiltInRoles) {
    Role role = MakeRole({"users.read"});
    role.name = name;
    EXPECT_THAT(Create(role),
                FailsWith(StatusCode::kFailedPrecondition, Reason::kConstraintViolated));
  }
}

TEST_F(RoleStoreTest, NamesAreShortAndPlain) {
  for (const char* name : {"a", "first-line.support_2"}) EXPECT_TRUE(storage::IsRoleName(name));
  for (const std::string& name : {std::string(), std::string("Support"), std::string("2nd"),
                                  std::string("a b"), std::string(65, 'a')}) {
    EXPECT_FALSE(storage::IsRoleName(name)) << name;
  }
}

TEST_F(RoleStoreTest, SeedingMakesTheDifferenceAndNoMore) {
  std::vector<std::string> told;
  const std::vector<std::string> some = {"events.read", "users.read"};
  ASSERT_THAT(SeedRole(b_, "support", some, &told, /*dry_run=*/true), IsOk());
  EXPECT_FALSE(Get(kTenant, "support"));
  ASSERT_THAT(SeedRole(b_, "support", some, &told), IsOk());
  EXPECT_THAT(told, ElementsAre("created", "created"));
  EXPECT_THAT(Get(kTenant, "support")->permissions, ElementsAre("users.read", "events.read"));

  told.clear();
  ASSERT_THAT(SeedRole(b_, "support", {"users.read", "events.read", "users.read"}, &told), IsOk());
  EXPECT_THAT(told, IsEmpty());
  EXPECT_EQ(CountEvents(), "1");

  ASSERT_THAT(SeedRole(b_, "support", {"users.read"}, &told, /*dry_run=*/true), IsOk());
  EXPECT_EQ(Get(kTenant, "support")->version, 1);
  ASSERT_THAT(SeedRole(b_, "support", {"users.read"}, &told), IsOk());
  EXPECT_THAT(told, ElementsAre("updated", "updated"));
  EXPECT_THAT(Get(kTenant, "support")->permissions, ElementsAre("users.read"));
  EXPECT_EQ(
      AskSql(b_.dsn,
             "SELECT string_agg(concat_ws(' ', type, targets->0->>'id', details), '; ' "
             "ORDER BY xid) FROM gatehouse.event"),
      R"(role.created support {"permissions": ["users.read", "events.read"]}; )"
      R"(role.updated support {"to": ["users.read"], "from": ["users.read", "events.read"]})");
}

TEST_F(RoleStoreTest, SeedingRefusesWhatCannotBeARole) {
  const absl::Status unknown = SeedRole(b_, "support", {"users.read", "users.rule"});
  EXPECT_THAT(unknown, FailsWith(StatusCode::kInvalidArgument, Reason::kInvalidField));
  EXPECT_THAT(std::string(unknown.message()), HasSubstr("permissions[1]"));
  for (const char* name : {"admin", "Support", ""}) {
    const absl::Status status = SeedRole(b_, name, {"users.read"});
    EXPECT_THAT(status, FailsWith(StatusCode::kInvalidArgument, Reason::kInvalidField)) << name;
    EXPECT_THAT(std::string(status.message()), HasSubstr("name")) << name;
  }
  EXPECT_EQ(CountEvents(), "0");
}

}  // namespace
}  // namespace gatehouse::tests
