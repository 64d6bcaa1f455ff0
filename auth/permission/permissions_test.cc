#include "auth/permission/permissions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/status.h"

namespace gatehouse::auth {
namespace {

using base::Principal;
using ::testing::ElementsAre;

const base::Uuid kAnna = *base::Uuid::Parse("01890000-0000-7000-8000-000000000001");
const base::Uuid kBert = *base::Uuid::Parse("01890000-0000-7000-8000-000000000002");

TEST(PermissionsTest, EveryPermissionHasOneNameThatLeadsBack) {
  std::set<std::string_view> names;
  for (int i = 0; i < kPermissionCount; ++i) {
    const auto permission = static_cast<Permission>(i);
    EXPECT_EQ(PermissionFromName(PermissionName(permission)), permission);
    names.insert(PermissionName(permission));
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(kPermissionCount));
  EXPECT_EQ(PermissionName(Permission::kSessionsVerify), "sessions.verify");
  EXPECT_EQ(PermissionName(Permission::kEndpointsWrite), "endpoints.write");
  EXPECT_EQ(PermissionName(Permission::kThreadsRead), "threads.read");
  EXPECT_EQ(PermissionName(Permission::kAdminWrite), "admin.write");
}

TEST(PermissionsTest, UnknownNamesAreNoPermission) {
  EXPECT_EQ(PermissionFromName("users.fly"), std::nullopt);
  EXPECT_EQ(PermissionFromName(""), std::nullopt);
  EXPECT_EQ(PermissionFromName("USERS.READ"), std::nullopt);
}

TEST(PermissionsTest, NamesOfARequestMustAllBeKnown) {
  const std::vector<std::string> good = {"users.read", "events.write"};
  ASSERT_TRUE(PermissionsFromNames("api_key.permissions", good).ok());
  EXPECT_THAT(PermissionNames(*PermissionsFromNames("api_key.permissions", good)),
              ElementsAre("users.read", "events.write"));

  const std::vector<std::string> bad = {"users.read", "users.fly"};
  const auto refused = PermissionsFromNames("api_key.permissions", bad);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(base::GetErrorDetails(refused.status())->violations[0].field, "api_key.permissions[1]");
}

TEST(PermissionsTest, NamesOfARowThatAreNoLongerKnownGrantNothing) {
  const std::vector<std::string> names = {"users.fly", "users.read"};
  EXPECT_EQ(KnownPermissions(names), PermissionBit(Permission::kUsersRead));
}

TEST(PermissionsTest, RolesGrantWhatTheyPromise) {
  EXPECT_EQ(PermissionsOfRole("admin"), kAllPermissions);
  EXPECT_THAT(PermissionNames(PermissionsOfRole("analyst")),
              ElementsAre("users.read", "sessions.read", "sessions.verify", "events.read",
                          "endpoints.read"));
  EXPECT_EQ(PermissionsOfRole("viewer"), 0u);
  EXPECT_EQ(PermissionsOfRole("root"), 0u);
  for (const char* role : {"admin", "analyst", "viewer"}) EXPECT_TRUE(IsRole(role)) << role;
  EXPECT_FALSE(IsRole("Viewer"));
}

TEST(PermissionsTest, OnlySetBitsAndTheSystemHavePermission) {
  Principal reader{.kind = Principal::Kind::kUser,
                   .permissions = PermissionBit(Permission::kUsersRead)};
  EXPECT_TRUE(HasPermission(reader, Permission::kUsersRead));
  EXPECT_FALSE(HasPermission(reader, Permission::kUsersWrite));
  EXPECT_FALSE(HasPermission(Principal{.permissions = ~uint64_t{0}}, -1));
  EXPECT_FALSE(HasPermission(Principal{.permissions = ~uint64_t{0}}, kPermissionCount));
  EXPECT_TRUE(HasPermission(Principal{.kind = Principal::Kind::kSystem}, Permission::kUsersWrite));
}

TEST(PermissionsTest, DenialNamesThePermission) {
  const absl::Status denied = RequirePermission(Principal{}, Permission::kEventsRead);
  EXPECT_EQ(denied.code(), absl::StatusCode::kPermissionDenied);
  const auto details = base::GetErrorDetails(denied);
  ASSERT_TRUE(details.has_value());
  EXPECT_EQ(details->reason, base::Reason::kPermissionDenied);
  EXPECT_EQ(details->metadata[0].second, "events.read");
}

TEST(PermissionsTest, SelfIsTheUserAlone) {
  const Principal anna{.kind = Principal::Kind::kUser, .id = kAnna};
  EXPECT_TRUE(RequireSelfOr(anna, kAnna, Permission::kUsersRead).ok());
  EXPECT_FALSE(RequireSelfOr(anna, kBert, Permission::kUsersRead).ok());
  // An API key is nobody's self, even if the ids were equal.
  const Principal key{.kind = Principal::Kind::kApiKey, .id = kAnna};
  EXPECT_FALSE(RequireSelfOr(key, kAnna, Permission::kUsersRead).ok());
  // Nor is an anonymous caller that of the nil id.
  EXPECT_FALSE(RequireSelfOr(Principal{}, base::Uuid(), Permission::kUsersRead).ok());
}

TEST(PermissionsTest, NobodyGivesWhatTheyLack) {
  const uint64_t read = PermissionBit(Permission::kUsersRead);
  const uint64_t write = PermissionBit(Permission::kUsersWrite);
  const uint64_t last = PermissionBit(Permission::kAdminWrite);
  const Principal both{.kind = Principal::Kind::kUser, .permissions = read | last};
  EXPECT_TRUE(RequireWithinOwn(both, 0).ok());
  EXPECT_TRUE(RequireWithinOwn(both, read).ok());
  EXPECT_TRUE(RequireWithinOwn(both, read | last).ok());
  for (const uint64_t more : {write, read | write, kAllPermissions}) {
    const absl::Status denied = RequireWithinOwn(both, more);
    EXPECT_EQ(denied.code(), absl::StatusCode::kPermissionDenied);
    // The first that is lacking.
    EXPECT_EQ(base::GetErrorDetails(denied)->metadata[0].second, "users.write");
  }
  EXPECT_FALSE(RequireWithinOwn(Principal{}, read).ok());
  EXPECT_TRUE(RequireWithinOwn(Principal{.kind = Principal::Kind::kSystem}, kAllPermissions).ok());
}

}  // namespace
}  // namespace gatehouse::auth
