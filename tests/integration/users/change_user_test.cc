// UpdateUser, DeleteUser, SetPassword: what they change, and whose sessions end.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <vector>

#include "tests/integration/users/user_fixture.h"

namespace gatehouse::tests {
namespace {

using Updated = v1::UpdateUserResponse;
using Deleted = v1::DeleteUserResponse;

class ChangeUserTest : public UserFixture {
 protected:
  UnaryOutcome<Updated> SetRole(const Caller& caller, const std::string& id,
                                const std::string& role) {
    v1::UpdateUserRequest request = Update(id, "role");
    request.mutable_user()->set_role(role);
    return Call<Updated>(caller, request);
  }
  UnaryOutcome<Updated> Disable(const Caller& caller, const std::string& id) {
    v1::UpdateUserRequest request = Update(id, "state");
    request.mutable_user()->set_state(v1::USER_STATE_DISABLED);
    return Call<Updated>(caller, request);
  }
  UnaryOutcome<Deleted> Delete(const Caller& caller, const std::string& id) {
    v1::DeleteUserRequest request;
    request.set_user_id(id);
    return Call<Deleted>(caller, request);
  }
  UnaryOutcome<v1::SetPasswordResponse> SetPassword(const Caller& caller, const std::string& id,
                                                    bool keep_sessions = false) {
    v1::SetPasswordRequest request;
    request.set_user_id(id);
    request.set_password("correct horse battery");
    request.set_keep_sessions(keep_sessions);
    return Call<v1::SetPasswordResponse>(caller, request);
  }
  // Whether the caller's credential is accepted.
  bool IsAlive(const Caller& caller) { return Get(caller, caller.id.ToString()).ok(); }
  std::string RevokeReason(const Caller& caller) {
    return Ask("SELECT revoke_reason FROM gatehouse.session WHERE session_id = '" +
               caller.session_id.ToString() + "'");
  }
};

TEST_F(ChangeUserTest, ChangesWhatTheMaskNamesAndNothingElse) {
  v1::CreateUserRequest creation = NewUser("ada");
  creation.mutable_user()->set_bio("old");
  creation.mutable_user()->set_first_name("Ada");
  const v1::User user = Create(creation);
  clock().Advance(std::chrono::seconds(5));
  v1::UpdateUserRequest request = Update(user.id(), "bio");
  request.mutable_user()->set_bio("new");
  request.mutable_user()->set_first_name("ignored");
  const auto outcome = Call<Updated>(admin(), request);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.response.user().bio(), "new");
  EXPECT_EQ(outcome.response.user().first_name(), "Ada");
  EXPECT_NE(outcome.response.user().etag(), user.etag());
  EXPECT_EQ(outcome.response.user().update_time().seconds() - user.update_time().seconds(), 5);
  EXPECT_EQ(Get(admin(), user.id()).response.user().DebugString(),
            outcome.response.user().DebugString());
  EXPECT_EQ(Ask("SELECT details FROM gatehouse.event WHERE type = 'user.updated'"),
            "{\"fields\": [\"bio\"]}");
}

// Numbers of one digit are largest on the wire, where JSON has two bytes for each.
TEST_F(ChangeUserTest, TakesAllTheMetadataThatAUserMayHaveAndReadsNoMore) {
  const v1::User user = Create(NewUser("ada"));
  v1::UpdateUserRequest request = Update(user.id(), "metadata");
  auto& fields = *request.mutable_user()->mutable_metadata()->mutable_fields();
  auto& list = *fields["n"].mutable_list_value();
  for (int i = 0; i < 8'000; ++i) list.add_values()->set_number_value(1);
  EXPECT_GT(request.ByteSizeLong(), 80'000u);
  const auto outcome = Call<Updated>(admin(), request);
  EXPECT_TRUE(outcome.ok()) << outcome.message;
  for (int i = 0; i < 8'000; ++i) list.add_values()->set_number_value(1);
  EXPECT_EQ(Call<Updated>(admin(), request).reason(), "MESSAGE_TOO_LARGE");
}

TEST_F(ChangeUserTest, AStarReplacesTheProfile) {
  v1::CreateUserRequest creation = NewUser("ada");
  creation.mutable_user()->set_bio("old");
  creation.mutable_user()->set_role("analyst");
  const v1::User user = Create(creation);
  v1::UpdateUserRequest request = Update(user.id(), "*");
  request.mutable_user()->set_username("Augusta");
  const auto outcome = Call<Updated>(admin(), request);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.response.user().username(), "Augusta");
  EXPECT_EQ(outcome.response.user().bio(), "");
  // No value means no change where there is no empty one.
  EXPECT_EQ(outcome.response.user().role(), "analyst");
  EXPECT_EQ(outcome.response.user().state(), v1::USER_STATE_ACTIVE);
}

TEST_F(ChangeUserTest, NoChangeIsNoEvent) {
  v1::CreateUserRequest creation = NewUser("ada");
  auto& fields = *creation.mutable_user()->mutable_metadata()->mutable_fields();
  fields["longer"].set_number_value(1.5);
  fields["b"].set_bool_value(true);
  const v1::User user = Create(creation);
  v1::UpdateUserRequest request = Update(user.id(), "metadata");
  *request.mutable_user() = user;
  EXPECT_EQ(Call<Updated>(admin(), request).response.user().etag(), user.etag());
  EXPECT_EQ(CountEvents("user.updated"), "0");
}

TEST_F(ChangeUserTest, RefusesBadMasks) {
  const std::string id = Create("ada").id();
  for (const char* path : {"id", "create_time", "etag", "nonsense", "metadata.x", "Username", ""}) {
    const auto outcome = Call<Updated>(admin(), Update(id, path));
    EXPECT_EQ(outcome.reason(), "UNKNOWN_FIELD") << path;
    const auto bad = outcome.Detail<google::rpc::BadRequest>();
    ASSERT_TRUE(bad) << path;
    EXPECT_EQ(bad->field_violations(0).field(), "update_mask");
  }
  v1::UpdateUserRequest no_mask;
  no_mask.set_user_id(id);
  EXPECT_EQ(Call<Updated>(admin(), no_mask).reason(), "INVALID_FIELD");
  EXPECT_EQ(Call<Updated>(admin(), Update("x", "bio")).reason(), "INVALID_FIELD");
  EXPECT_EQ(Call<Updated>(admin(), Update(id, "username")).reason(), "INVALID_FIELD");
}

TEST_F(ChangeUserTest, AnOldEtagIsRefused) {
  const v1::User user = Create("ada");
  v1::UpdateUserRequest request = Update(user.id(), "bio");
  request.mutable_user()->set_bio("1");
  request.mutable_user()->set_etag(user.etag());
  ASSERT_TRUE(Call<Updated>(admin(), request).ok());
  request.mutable_user()->set_bio("2");
  const auto outcome = Call<Updated>(admin(), request);
  EXPECT_EQ(outcome.code, absl::StatusCode::kAborted);
  EXPECT_EQ(outcome.reason(), "ETAG_MISMATCH");
  v1::DeleteUserRequest deletion;
  deletion.set_user_id(user.id());
  deletion.set_etag(user.etag());
  EXPECT_EQ(Call<Deleted>(admin(), deletion).reason(), "ETAG_MISMATCH");
  deletion.set_etag("garbage");
  EXPECT_EQ(Call<Deleted>(admin(), deletion).reason(), "ETAG_MISMATCH");
}

TEST_F(ChangeUserTest, ConcurrentChangesOfDifferentFieldsAllCount) {
  const std::string id = Create("ada").id();
  const auto change = [&](const std::string& field) {
    v1::UpdateUserRequest request = Update(id, field);
    request.mutable_user()->set_bio("b");
    request.mutable_user()->set_first_name("f");
    return Call<Updated>(admin(), request);
  };
  auto bio = std::async(std::launch::async, [&] { return change("bio"); });
  auto name = std::async(std::launch::async, [&] { return change("first_name"); });
  EXPECT_TRUE(bio.get().ok());
  EXPECT_TRUE(name.get().ok());
  const v1::User user = Get(admin(), id).response.user();
  EXPECT_EQ(user.bio() + user.first_name(), "bf");
}

TEST_F(ChangeUserTest, ManyConcurrentChangesAllCount) {
  constexpr int kCallers = 16;
  constexpr int kChangesEach = 5;
  const std::string id = Create("ada").id();
  // Each to a value of its own, so that none of them changes nothing.
  const auto change = [&](int caller) {
    int done = 0;
    for (int i = 0; i < kChangesEach; ++i) {
      const std::string value = std::to_string(caller) + "." + std::to_string(i);
      v1::UpdateUserRequest request = Update(id, caller % 2 == 0 ? "bio" : "first_name");
      request.mutable_user()->set_bio(value);
      request.mutable_user()->set_first_name(value);
      const auto outcome = Call<Updated>(admin(), request);
      EXPECT_TRUE(outcome.ok()) << outcome.message;
      done += outcome.ok() ? 1 : 0;
    }
    return done;
  };
  std::vector<std::future<int>> callers;
  for (int i = 0; i < kCallers; ++i) {
    callers.push_back(std::async(std::launch::async, change, i));
  }
  int done = 0;
  for (std::future<int>& caller : callers) done += caller.get();
  EXPECT_EQ(done, kCallers * kChangesEach);
  // None was lost: each is a version.
  EXPECT_EQ(Get(admin(), id).response.user().etag(), "\"v" + std::to_string(done + 1) + "\"");
}

TEST_F(ChangeUserTest, TakenNamesAreRefused) {
  v1::CreateUserRequest first = NewUser("ada");
  first.mutable_user()->set_email("ada@example.com");
  Create(first);
  const std::string id = Create("bob").id();
  v1::UpdateUserRequest request = Update(id, "username");
  request.mutable_user()->set_username("ADA");
  EXPECT_EQ(Call<Updated>(admin(), request).reason(), "USERNAME_TAKEN");
  request.set_validate_only(true);
  EXPECT_EQ(Call<Updated>(admin(), request).reason(), "USERNAME_TAKEN");
  request = Update(id, "email");
  request.mutable_user()->set_email("ADA@example.com");
  EXPECT_EQ(Call<Updated>(admin(), request).reason(), "EMAIL_TAKEN");
  request.mutable_user()->set_email("bob@example.com");
  request.set_validate_only(true);
  EXPECT_TRUE(Call<Updated>(admin(), request).ok());
  EXPECT_EQ(Get(admin(), id).response.user().email(), "");
}

TEST_F(ChangeUserTest, ANewEmailIsNotVerified) {
  const std::string id = Create("ada").id();
  v1::UpdateUserRequest request = Update(id, "email");
  request.mutable_user()->set_email("ada@example.com");
  ASSERT_TRUE(Call<Updated>(admin(), request).ok());
  Ask("UPDATE gatehouse.user_account SET email_verified_time = now() WHERE username = 'ada'");
  request.mutable_user()->set_email("Ada@example.com");  // The same one.
  EXPECT_TRUE(Call<Updated>(admin(), request).response.user().has_email_verified_time());
  request.mutable_user()->set_email("other@example.com");
  EXPECT_FALSE(Call<Updated>(admin(), request).response.user().has_email_verified_time());
}

TEST_F(ChangeUserTest, AUserChangesItsProfileButNotItsPower) {
  const Caller viewer = backend().LogIn("viewer");
  const std::string id = viewer.id.ToString();
  v1::UpdateUserRequest request = Update(id, "bio");
  request.mutable_user()->set_bio("mine");
  EXPECT_TRUE(Call<Updated>(viewer, request).ok());
  EXPECT_EQ(SetRole(viewer, id, "admin").reason(), "PERMISSION_DENIED");
  EXPECT_EQ(Disable(viewer, id).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(Call<Updated>(viewer, Update(admin().id.ToString(), "bio")).reason(),
            "PERMISSION_DENIED");
  // Not even one who may change others.
  const std::string own = admin().id.ToString();
  EXPECT_EQ(SetRole(admin(), own, "viewer").reason(), "PERMISSION_DENIED");
  EXPECT_EQ(Disable(admin(), own).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(Delete(admin(), own).reason(), "PERMISSION_DENIED");
}

TEST_F(ChangeUserTest, NobodyGainsByChangingMorePowerfulUsers) {
  const Caller clerk = backend().MakeApiKey({"users.write", "users.set_password", "users.read"});
  const std::string boss = admin().id.ToString();
  EXPECT_EQ(SetPassword(clerk, boss).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(Disable(clerk, boss).reason(), "PERMISSION_DENIED");
  EXPECT_EQ(Delete(clerk, boss).reason(), "PERMISSION_DENIED");
  const std::string id = Create("ada").id();
  EXPECT_EQ(SetRole(clerk, id, "admin").reason(), "PERMISSION_DENIED");
  EXPECT_TRUE(SetPassword(clerk, id).ok());
  EXPECT_TRUE(IsAlive(admin()));
}

struct Ending {
  const char* what;
  std::function<bool(const TestBackend::Caller&)> end;
  const char* reason;
};

TEST_F(ChangeUserTest, WhatEndsSessionsEndsThemAtOnceInTheSameTransaction) {
  const Ending endings[] = {
      {"disabling", [&](const auto& c) { return Disable(admin(), c.id.ToString()).ok(); },
       "USER_DISABLED"},
      {"another role",
       [&](const auto& c) { return SetRole(admin(), c.id.ToString(), "analyst").ok(); },
       "ROLE_CHANGED"},
      {"a new password", [&](const auto& c) { return SetPassword(admin(), c.id.ToString()).ok(); },
       "PASSWORD_CHANGED"},
      {"deletion", [&](const auto& c) { return Delete(admin(), c.id.ToString()).ok(); },
       "USER_DELETED"},
  };
  int events = 0;
  for (const Ending& ending : endings) {
    const Caller user = backend().LogIn("viewer");
    const Caller elsewhere = backend().LogInAs(user.id, "viewer");
    ASSERT_TRUE(IsAlive(user)) << ending.what;  // So that the cache holds it.
    ASSERT_TRUE(ending.end(user)) << ending.what;
    EXPECT_FALSE(IsAlive(user)) << ending.what;
    EXPECT_FALSE(IsAlive(elsewhere)) << ending.what;
    EXPECT_EQ(RevokeReason(user), ending.reason);
    EXPECT_EQ(RevokeReason(elsewhere), ending.reason);
    EXPECT_EQ(CountEvents("user.sessions_revoked"), std::to_string(++events));
    // All rows of the change carry one transaction id.
    EXPECT_EQ(Ask("SELECT count(DISTINCT x) FROM (SELECT u.xmin::text x FROM "
                  "gatehouse.user_account u WHERE user_id = '" +
                  user.id.ToString() +
                  "' UNION SELECT s.xmin::text FROM gatehouse.session s WHERE user_id = '" +
                  user.id.ToString() +
                  "' UNION SELECT e.xid::text FROM gatehouse.event e WHERE "
                  "type = 'user.sessions_revoked' AND targets->0->>'id' = '" +
                  user.id.ToString() + "') t"),
              "1")
        << ending.what;
  }
}

TEST_F(ChangeUserTest, APasswordCanBeSetWithoutEndingSessions) {
  const Caller user = backend().LogIn("viewer");
  ASSERT_TRUE(SetPassword(admin(), user.id.ToString(), /*keep_sessions=*/true).ok());
  EXPECT_TRUE(IsAlive(user));
  EXPECT_EQ(CountEvents("user.sessions_revoked"), "0");
  EXPECT_EQ(CountEvents("user.password_changed"), "1");
}

TEST_F(ChangeUserTest, RefusesBadPasswords) {
  v1::SetPasswordRequest request;
  request.set_user_id(Create("ada").id());
  EXPECT_EQ(Call<v1::SetPasswordResponse>(admin(), request).reason(), "INVALID_FIELD");
  for (const std::string& password : {std::string("short"), std::string(1025, 'x')}) {
    request.set_password(password);
    const auto outcome = Call<v1::SetPasswordResponse>(admin(), request);
    EXPECT_EQ(outcome.reason(), "PASSWORD_POLICY");
    EXPECT_EQ(outcome.message.find(password), std::string::npos);
  }
  EXPECT_EQ(SetPassword(admin(), "x").reason(), "INVALID_FIELD");
  EXPECT_EQ(SetPassword(admin(), "01890000-0000-7000-8000-000000000001").reason(),
            "USER_NOT_FOUND");
}

TEST_F(ChangeUserTest, DisabledUsersCanBeEnabledAgain) {
  const std::string id = Create("ada").id();
  ASSERT_TRUE(Disable(admin(), id).ok());
  v1::UpdateUserRequest request = Update(id, "state");
  request.mutable_user()->set_state(v1::USER_STATE_ACTIVE);
  EXPECT_EQ(Call<Updated>(admin(), request).response.user().state(), v1::USER_STATE_ACTIVE);
  EXPECT_EQ(CountEvents("user.disabled") + CountEvents("user.enabled"), "11");
}

TEST_F(ChangeUserTest, DeletionFreesTheNamesAndKeepsTheUser) {
  v1::CreateUserRequest request = NewUser("ada");
  request.mutable_user()->set_email("ada@example.com");
  const v1::User user = Create(request);
  v1::DeleteUserRequest deletion;
  deletion.set_user_id(user.id());
  deletion.set_validate_only(true);
  EXPECT_TRUE(Call<Deleted>(admin(), deletion).ok());
  EXPECT_TRUE(Get(admin(), user.id()).ok());
  deletion.clear_validate_only();
  const auto outcome = Call<Deleted>(admin(), deletion);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.response.user().state(), v1::USER_STATE_DELETED);
  EXPECT_EQ(outcome.response.user().purge_time().seconds() -
                outcome.response.user().delete_time().seconds(),
            30 * 24 * 3600);

  EXPECT_EQ(Get(admin(), user.id()).reason(), "USER_NOT_FOUND");
  EXPECT_EQ(Delete(admin(), user.id()).reason(), "USER_NOT_FOUND");
  EXPECT_EQ(Call<Updated>(admin(), Update(user.id(), "bio")).reason(), "USER_NOT_FOUND");
  v1::GetUserRequest read;
  read.set_user_id(user.id());
  read.set_show_deleted(true);
  EXPECT_EQ(Call<v1::GetUserResponse>(admin(), read).response.user().DebugString(),
            outcome.response.user().DebugString());
  EXPECT_NE(Create(request).id(), user.id());
}

}  // namespace
}  // namespace gatehouse::tests
