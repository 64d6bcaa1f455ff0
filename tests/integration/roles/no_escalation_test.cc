// Nobody brings about a credential that may do what they may not: every method by which rights are
// given, or by which somebody can act as who has them, for every pair of a permission that the
// caller has and one that is given. Whoever adds such a method adds its case.

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "auth/permission/permissions.h"
#include "storage/role/role.h"
#include "tests/integration/roles/role_fixture.h"
#include "tests/integration/users/user_fixture.h"
#include "tests/support/api/declared_methods.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

// What there is to be had.
struct Rights {
  std::string role;
  bool built_in = false;
  std::vector<std::string> permissions;
  // Somebody with that role, and a key with these permissions.
  std::string user_id;
  std::string key_id;
};

constexpr char kItself[] = "is about the caller itself";

// Methods of the services that make users, roles, keys and tenants, and give nobody anything.
const std::map<std::string, std::string>& GiveNothing() {
  constexpr char kTakes[] = "takes away";
  constexpr char kProof[] = "takes a proof that the caller is the user";
  static const auto& reasons = *new std::map<std::string, std::string>{
      {"UserService/DeleteUser", kTakes},
      {"UserService/PurgeUser", kTakes},
      {"UserService/EraseUser", kTakes},
      {"UserService/RevokeApiKey", kTakes},
      {"UserService/ChangePassword", kItself},
      {"UserService/EnrollTotp", kItself},
      {"UserService/ConfirmTotp", kItself},
      {"UserService/ReplaceRecoveryCodes", kItself},
      {"UserService/StartPasskeyRegistration", kItself},
      {"UserService/FinishPasskeyRegistration", kItself},
      {"UserService/RenamePasskey", kItself},
      {"UserService/RequestPasswordReset", "writes to the user"},
      {"UserService/FinishPasswordReset", kProof},
      {"UserService/FinishEmailVerification", kProof},
      {"TenantService/CreateTenant", "is an operator's; what is in the tenant nobody had before"},
      {"TenantService/UpdateTenant", "names and states"},
  };
  return reasons;
}

bool OnlyReads(const std::string& method) {
  constexpr std::array<std::string_view, 4> kBeginnings = {"Get", "BatchGet", "List", "Export"};
  const std::string_view verb = std::string_view(method).substr(method.find('/') + 1);
  for (const std::string_view beginning : kBeginnings) {
    if (verb.starts_with(beginning)) return true;
  }
  return false;
}

bool Lacks(const std::set<std::string>& has, const Rights& rights) {
  for (const std::string& permission : rights.permissions) {
    if (!has.contains(permission)) return true;
  }
  return false;
}

class NoEscalationTest : public UserFixture {
 protected:
  // The reason of the error with which `caller` is refused to give `rights`, or to act on who has
  // them; empty if it is not.
  using GiveFn = std::function<std::string(const Caller& caller, const Rights& rights)>;
  struct Case {
    std::string method;
    GiveFn give;
    // For which roles that come with the server are none.
    bool own_roles_only = false;
    // Fails by another reason even of who may.
    bool fails_anyway = false;
  };

  std::vector<Case> Cases();

  std::string NewName() { return "name-" + std::to_string(names_++); }

  // Each permission by itself, and what the built-in roles have.
  std::vector<Rights> MakeRights() {
    std::vector<Rights> all;
    for (const std::string& permission : auth::PermissionNames(auth::kAllPermissions)) {
      all.push_back({.role = NewName(), .permissions = {permission}});
      EXPECT_THAT(SeedRole(backend(), all.back().role, all.back().permissions), IsOk());
    }
    for (const std::string_view role : storage::kBuiltInRoles) {
      all.push_back({.role = std::string(role),
                     .built_in = true,
                     .permissions = auth::PermissionNames(auth::PermissionsOfRole(role))});
    }
    for (Rights& rights : all) {
      v1::CreateUserRequest user = WithRole(rights.role);
      user.mutable_user()->set_email(user.user().username() + "@example.com");
      rights.user_id = Create(user).id();
      rights.key_id = backend().MakeApiKey(rights.permissions).id.ToString();
    }
    return all;
  }

  // A key, or a user who is logged in.
  Caller MakeCaller(const std::set<std::string>& permissions, bool is_key) {
    const std::vector<std::string> names(permissions.begin(), permissions.end());
    if (is_key) return backend().MakeApiKey(names);
    const std::string role = NewName();
    EXPECT_THAT(SeedRole(backend(), role, names), IsOk());
    return backend().LogIn(role);
  }

  v1::CreateUserRequest WithRole(const std::string& role) {
    v1::CreateUserRequest request = NewUser(NewName());
    request.mutable_user()->set_role(role);
    return request;
  }

  std::string Import(const Caller& caller, const Rights& rights) {
    v1::ImportUsersRequest request;
    *request.add_users()->mutable_user() = WithRole(rights.role).user();
    const std::unique_ptr<ClientStream> stream =
        raw_client().Open("/gatehouse.v1.UserService/ImportUsers",
                          {.metadata = {{"authorization", "Bearer " + caller.credential}}});
    stream->Write(request.SerializeAsString());
    stream->WritesDone();
    v1::ImportUsersResponse response;
    if (std::string bytes; stream->Read(&bytes)) response.ParseFromString(bytes);
    const CallOutcome outcome = stream->Finish();
    if (!outcome.ok()) return outcome.reason();
    if (response.failures_size() > 0) return response.failures(0).reason();
    EXPECT_EQ(response.created_count(), 1);
    return "";
  }

  static v1::UpdateRoleRequest Permissions(const std::string& role,
                                           const std::vector<std::string>& permissions) {
    v1::UpdateRoleRequest request;
    request.mutable_role()->set_name(role);
    request.mutable_role()->mutable_permissions()->Assign(permissions.begin(), permissions.end());
    request.mutable_update_mask()->add_paths("permissions");
    return request;
  }

  // A case whose request is about the user who has the rights.
  template <typename Response, typename Request>
  Case OnUser(const std::string& method, Request request, bool fails_anyway = false) {
    return {.method = "UserService/" + method,
            .give =
                [this, request](const Caller& caller, const Rights& rights) mutable {
                  request.set_user_id(rights.user_id);
                  return Call<Response>(caller, request).reason();
                },
            .fails_anyway = fails_anyway};
  }

 private:
  int names_ = 0;
};

std::vector<NoEscalationTest::Case> NoEscalationTest::Cases() {
  v1::SetPasswordRequest password;
  password.set_password("correct horse battery");
  // As often as is asked here no user gets a token.
  v1::StartPasswordResetRequest reset;
  reset.set_validate_only(true);
  v1::StartEmailVerificationRequest verification;
  verification.set_validate_only(true);
  v1::RemovePasskeyRequest passkey;
  passkey.set_passkey_id(kRequestId);
  return {
      {.method = "UserService/CreateUser",
       .give =
           [this](const Caller& caller, const Rights& rights) {
             return Call<v1::CreateUserResponse>(caller, WithRole(rights.role)).reason();
           }},
      {.method = "UserService/InviteUser",
       .give =
           [this](const Caller& caller, const Rights& rights) {
             v1::InviteUserRequest request;
             *request.mutable_user() = WithRole(rights.role).user();
             return Call<v1::InviteUserResponse>(caller, request).reason();
           }},
      {.method = "UserService/ImportUsers",
       .give = [this](const Caller& caller,
                      const Rights& rights) { return Import(caller, rights); }},
      {.method = "UserService/UpdateUser",
       .give =
           [this](const Caller& caller, const Rights& rights) {
             v1::UpdateUserRequest request = Update(Create(NewName()).id(), "role");
             request.mutable_user()->set_role(rights.role);
             return Call<v1::UpdateUserResponse>(caller, request).reason();
           }},
      // Such as the address that a reset is sent to.
      {.method = "UserService/UpdateUser",
       .give =
           [this](const Caller& caller, const Rights& rights) {
             v1::UpdateUserRequest request = Update(rights.user_id, "email");
             request.mutable_user()->set_email(NewName() + "@example.com");
             return Call<v1::UpdateUserResponse>(caller, request).reason();
           }},
      OnUser<v1::UndeleteUserResponse>("UndeleteUser", v1::UndeleteUserRequest()),
      OnUser<v1::SetPasswordResponse>("SetPassword", password),
      OnUser<v1::StartPasswordResetResponse>("StartPasswordReset", reset),
      OnUser<v1::StartEmailVerificationResponse>("StartEmailVerification", verification),
      // They make it easier to log in as the user.
      OnUser<v1::RemoveTotpResponse>("RemoveTotp", v1::RemoveTotpRequest(), /*fails_anyway=*/true),
      OnUser<v1::RemovePasskeyResponse>("RemovePasskey", passkey, /*fails_anyway=*/true),
      OnUser<v1::SetPasskeyFactorResponse>("SetPasskeyFactor", v1::SetPasskeyFactorRequest()),
      OnUser<v1::ForgetDevicesResponse>("ForgetDevices", v1::ForgetDevicesRequest()),
      {.method = "UserService/CreateRole",
       .give =
           [this](const Caller& caller, const Rights& rights) {
             v1::CreateRoleRequest request;
             *request.mutable_role() = Permissions(NewName(), rights.permissions).role();
             return Call<v1::CreateRoleResponse>(caller, request).reason();
           }},
      {.method = "UserService/UpdateRole",
       .give =
           [this](const Caller& caller, const Rights& rights) {
             const std::string role = NewName();
             EXPECT_THAT(SeedRole(backend(), role, {}), IsOk());
             return Call<v1::UpdateRoleResponse>(caller, Permissions(role, rights.permissions))
                 .reason();
           }},
      {.method = "UserService/UpdateRole",
       .give =
           [this](const Caller& caller, const Rights& rights) {
             v1::UpdateRoleRequest request = Permissions(rights.role, {});
             request.set_validate_only(true);
             return Call<v1::UpdateRoleResponse>(caller, request).reason();
           },
       .own_roles_only = true},
      {.method = "UserService/DeleteRole",
       .give =
           [this](const Caller& caller, const Rights& rights) {
             v1::DeleteRoleRequest request;
             request.set_name(rights.role);
             request.set_validate_only(true);
             return Call<v1::DeleteRoleResponse>(caller, request).reason();
           },
       .own_roles_only = true},
      {.method = "UserService/CreateApiKey",
       .give =
           [this](const Caller& caller, const Rights& rights) {
             v1::CreateApiKeyRequest request;
             request.mutable_api_key()->set_display_name("of the test");
             request.mutable_api_key()->mutable_permissions()->Assign(rights.permissions.begin(),
                                                                      rights.permissions.end());
             return Call<v1::CreateApiKeyResponse>(caller, request).reason();
           }},
      {.method = "UserService/RotateApiKey",
       .give =
           [this](const Caller& caller, const Rights& rights) {
             v1::RotateApiKeyRequest request;
             request.set_api_key_id(rights.key_id);
             return Call<v1::RotateApiKeyResponse>(caller, request).reason();
           }},
  };
}

TEST_F(NoEscalationTest, NobodyGivesMoreThanTheyHave) {
  const std::vector<Rights> all = MakeRights();
  std::map<std::string, std::string> needed;
  for (const DeclaredMethod& method : DeclaredMethods()) {
    needed[method.name] = method.access.permission();
  }
  // Keys and users in turn. The number of permissions is odd: each has both.
  bool is_key = false;
  for (const Case& one : Cases()) {
    SCOPED_TRACE(one.method);
    for (const std::string& permission : auth::PermissionNames(auth::kAllPermissions)) {
      // What the method takes, and one more.
      const std::set<std::string> has = {needed.at(one.method), permission};
      is_key = !is_key;
      const Caller caller = MakeCaller(has, is_key);
      for (const Rights& rights : all) {
        if (one.own_roles_only && rights.built_in) continue;
        const std::string reason = one.give(caller, rights);
        const std::string pair = permission + " gives what " + rights.role + " may: " +
                                 (rights.permissions.empty() ? "" : rights.permissions.front());
        if (Lacks(has, rights)) {
          EXPECT_EQ(reason, "PERMISSION_DENIED") << pair;
        } else if (one.fails_anyway) {
          EXPECT_NE(reason, "PERMISSION_DENIED") << pair;
        } else {
          EXPECT_EQ(reason, "") << pair;
        }
      }
    }
  }
}

TEST_F(NoEscalationTest, EveryMethodThatMayGiveRightsHasACase) {
  std::set<std::string> known;
  for (const Case& one : Cases()) known.insert(one.method);
  for (const auto& [method, reason] : GiveNothing()) {
    EXPECT_TRUE(known.insert(method).second) << method << " has a case, and needs no reason";
  }
  std::set<std::string> declared;
  for (const DeclaredMethod& method : DeclaredMethods()) {
    const std::string& name = method.name;
    if (!name.starts_with("UserService/") && !name.starts_with("TenantService/")) continue;
    if (!OnlyReads(name)) declared.insert(name);
  }
  EXPECT_EQ(known, declared) << "give it a case, or say why it gives nothing";
}

// Else the reason would be none.
TEST_F(NoEscalationTest, WhatIsAboutTheCallerNamesNobodyElse) {
  for (const DeclaredMethod& method : DeclaredMethods()) {
    const auto found = GiveNothing().find(method.name);
    if (found == GiveNothing().end() || found->second != kItself) continue;
    EXPECT_FALSE(method.request_fields.contains("user_id")) << method.name;
  }
}

}  // namespace
}  // namespace gatehouse::tests
