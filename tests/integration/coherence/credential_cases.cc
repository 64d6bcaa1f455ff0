// What ends or alters a credential of which the other server has a verdict in memory, and what
// makes one.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "gatehouse/v1/admin.pb.h"
#include "gatehouse/v1/session.pb.h"
#include "gatehouse/v1/user.pb.h"
#include "tests/integration/coherence/cases.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::tests {
namespace {

using Person = TwoServers::Person;

constexpr char kNewPassword[] = "another horse battery";

// Of the fields at `path`.
CallOutcome UpdateUser(TwoServers& servers, const std::string& id, const std::string& path,
                       const std::function<void(v1::User&)>& set) {
  v1::UpdateUserRequest request;
  request.set_user_id(id);
  set(*request.mutable_user());
  request.mutable_update_mask()->add_paths(path);
  return servers.Here<v1::UpdateUserResponse>("UserService/UpdateUser", request);
}

void DeleteUser(TwoServers& servers) {
  const Person one = servers.MakePerson();
  servers.ProveVerdict(one.token(), [&] {
    v1::DeleteUserRequest request;
    request.set_user_id(one.id);
    return servers.Here<v1::DeleteUserResponse>("UserService/DeleteUser", request);
  });
}

void DisableUser(TwoServers& servers) {
  const Person one = servers.MakePerson();
  servers.ProveVerdict(one.token(), [&] {
    return UpdateUser(servers, one.id, "state",
                      [](v1::User& user) { user.set_state(v1::USER_STATE_DISABLED); });
  });
}

void GiveAnotherRole(TwoServers& servers) {
  const Person one = servers.MakePerson();
  servers.ProveVerdict(one.token(), [&] {
    return UpdateUser(servers, one.id, "role", [](v1::User& user) { user.set_role("analyst"); });
  });
}

void GiveAnotherName(TwoServers& servers) {
  const Person one = servers.MakePerson();
  const std::string name = servers.NewName();
  servers.ProveVerdict(
      one.token(),
      [&] {
        return UpdateUser(servers, one.id, "username",
                          [&](v1::User& user) { user.set_username(name); });
      },
      [&](const v1::VerifySessionResponse& answer) { return answer.username() == name; });
}

void ChangeWhatARolePermits(TwoServers& servers) {
  v1::CreateRoleRequest create;
  create.mutable_role()->set_name(servers.NewName());
  create.mutable_role()->add_permissions("users.read");
  servers.Must<v1::CreateRoleResponse>("UserService/CreateRole", create);
  const Person one = servers.MakePerson(create.role().name());
  servers.ProveVerdict(
      one.token(),
      [&] {
        v1::UpdateRoleRequest request;
        request.mutable_role()->set_name(create.role().name());
        request.mutable_role()->add_permissions("sessions.read");
        request.mutable_update_mask()->add_paths("permissions");
        return servers.Here<v1::UpdateRoleResponse>("UserService/UpdateRole", request);
      },
      [](const v1::VerifySessionResponse& answer) {
        return std::ranges::count(answer.permissions(), "sessions.read") == 1 &&
               std::ranges::count(answer.permissions(), "users.read") == 0;
      });
}

void SetPassword(TwoServers& servers) {
  const Person one = servers.MakePerson();
  servers.ProveVerdict(one.token(), [&] {
    v1::SetPasswordRequest request;
    request.set_user_id(one.id);
    request.set_password(kNewPassword);
    return servers.Here<v1::SetPasswordResponse>("UserService/SetPassword", request);
  });
}

void ChangePassword(TwoServers& servers) {
  const Person one = servers.MakePerson();
  // The session of the call goes on.
  servers.ProveVerdict(one.other_login.tokens().access_token(), [&] {
    v1::ChangePasswordRequest request;
    request.set_current_password(TwoServers::kPassword);
    request.set_new_password(kNewPassword);
    return servers.HereAs<v1::ChangePasswordResponse>(one.token(), "UserService/ChangePassword",
                                                      request);
  });
}

void CreateSession(TwoServers& servers) {
  const Person one = servers.MakePerson();
  servers.ProveCredential([&](std::string& token) {
    v1::CreateSessionRequest request;
    request.set_login(one.username);
    request.set_password(TwoServers::kPassword);
    const auto outcome =
        servers.HereAs<v1::CreateSessionResponse>("", "SessionService/CreateSession", request);
    token = outcome.response.tokens().access_token();
    return outcome;
  });
}

void RefreshSession(TwoServers& servers) {
  const Person one = servers.MakePerson();
  servers.ProveCredential([&](std::string& token) {
    v1::RefreshSessionRequest request;
    request.set_refresh_token(one.login.tokens().refresh_token());
    const auto outcome =
        servers.HereAs<v1::RefreshSessionResponse>("", "SessionService/RefreshSession", request);
    token = outcome.response.tokens().access_token();
    return outcome;
  });
}

void RevokeSession(TwoServers& servers) {
  const Person one = servers.MakePerson();
  servers.ProveVerdict(one.token(), [&] {
    v1::RevokeSessionRequest request;
    request.set_session_id(one.login.session().id());
    return servers.Here<v1::RevokeSessionResponse>("SessionService/RevokeSession", request);
  });
}

void LogOut(TwoServers& servers) {
  const Person one = servers.MakePerson();
  servers.ProveVerdict(one.token(), [&] {
    return servers.HereAs<v1::RevokeSessionResponse>(one.token(), "SessionService/RevokeSession",
                                                     v1::RevokeSessionRequest());
  });
}

void RevokeUserSessions(TwoServers& servers) {
  const Person one = servers.MakePerson();
  servers.ProveVerdict(one.token(), [&] {
    v1::RevokeUserSessionsRequest request;
    request.set_user_id(one.id);
    return servers.Here<v1::RevokeUserSessionsResponse>("SessionService/RevokeUserSessions",
                                                        request);
  });
}

void RevokeUserSessionsButOne(TwoServers& servers) {
  const Person one = servers.MakePerson();
  servers.ProveVerdict(one.token(), [&] {
    v1::RevokeUserSessionsRequest request;
    request.set_user_id(one.id);
    request.set_except_session_id(one.other_login.session().id());
    return servers.Here<v1::RevokeUserSessionsResponse>("SessionService/RevokeUserSessions",
                                                        request);
  });
}

UnaryOutcome<v1::CreateApiKeyResponse> MakeApiKey(TwoServers& servers) {
  v1::CreateApiKeyRequest request;
  request.mutable_api_key()->set_display_name("a service");
  request.mutable_api_key()->add_permissions("users.read");
  return servers.Here<v1::CreateApiKeyResponse>("UserService/CreateApiKey", request);
}

void CreateApiKey(TwoServers& servers) {
  servers.ProveCredential([&](std::string& key) {
    const auto made = MakeApiKey(servers);
    key = made.response.key();
    return made;
  });
}

void RevokeApiKey(TwoServers& servers) {
  const v1::CreateApiKeyResponse made = MakeApiKey(servers).response;
  servers.ProveVerdict(made.key(), [&] {
    v1::RevokeApiKeyRequest request;
    request.set_api_key_id(made.api_key().id());
    return servers.Here<v1::RevokeApiKeyResponse>("UserService/RevokeApiKey", request);
  });
}

void RotateApiKey(TwoServers& servers) {
  const v1::CreateApiKeyResponse made = MakeApiKey(servers).response;
  std::string rotated;
  servers.ProveVerdict(made.key(), [&] {
    v1::RotateApiKeyRequest request;
    request.set_api_key_id(made.api_key().id());
    request.mutable_overlap()->set_seconds(0);
    const auto outcome =
        servers.Here<v1::RotateApiKeyResponse>("UserService/RotateApiKey", request);
    rotated = outcome.response.key();
    return outcome;
  });
  EXPECT_TRUE(servers.VerifyThere(rotated).active());
}

// Of a key that was revoked past the server.
void InvalidateCache(TwoServers& servers, bool all) {
  const v1::CreateApiKeyResponse made = MakeApiKey(servers).response;
  servers.ProveVerdict(made.key(), [&] {
    AskSql(servers.dsn(), "UPDATE gatehouse.api_key SET revoke_time = now() WHERE api_key_id = '" +
                              made.api_key().id() + "' RETURNING 1");
    v1::InvalidateCacheRequest request;
    if (!all) request.set_api_key_id(made.api_key().id());
    return servers.Here<v1::InvalidateCacheResponse>("AdminService/InvalidateCache", request);
  });
}

void PublishSigningKey(TwoServers& servers) {
  std::string id;
  TwoServers::Prove(
      [&] {
        const auto rotated = servers.Here<v1::RotateSigningKeyResponse>(
            "AdminService/RotateSigningKey", v1::RotateSigningKeyRequest());
        id = rotated.response.key().key_id();
        return rotated;
      },
      [&] {
        const auto keys =
            servers.There<v1::GetJwksResponse>("SessionService/GetJwks", v1::GetJwksRequest());
        return !id.empty() && keys.response.jwks_json().find(id) != std::string::npos;
      });
}

void RotateSigningKeyInAnEmergency(TwoServers& servers) {
  const Person one = servers.MakePerson();
  servers.ProveVerdict(one.token(), [&] {
    v1::RotateSigningKeyRequest request;
    request.set_emergency(true);
    return servers.Here<v1::RotateSigningKeyResponse>("AdminService/RotateSigningKey", request);
  });
}

}  // namespace

const std::vector<CoherenceCase>& CredentialCases() {
  static const auto& cases = *new std::vector<CoherenceCase>{
      {{"UserService/DeleteUser"}, "a user is deleted", DeleteUser},
      {{"UserService/UpdateUser"}, "a user is disabled", DisableUser},
      {{"UserService/UpdateUser"}, "a user gets another role", GiveAnotherRole},
      {{"UserService/UpdateUser"}, "a user gets another name", GiveAnotherName},
      {{"UserService/UpdateRole"}, "a role permits something else", ChangeWhatARolePermits},
      {{"UserService/SetPassword"}, "a password is set", SetPassword},
      {{"UserService/ChangePassword"}, "a user changes its password", ChangePassword},
      {{"SessionService/CreateSession"}, "a login", CreateSession},
      {{"SessionService/RefreshSession"}, "a refresh", RefreshSession},
      {{"SessionService/RevokeSession"}, "a session is ended", RevokeSession},
      {{"SessionService/RevokeSession"}, "a logout", LogOut},
      {{"SessionService/RevokeUserSessions"}, "all sessions are ended", RevokeUserSessions},
      {{"SessionService/RevokeUserSessions"}, "all but one are ended", RevokeUserSessionsButOne},
      {{"UserService/CreateApiKey"}, "an API key is made", CreateApiKey},
      {{"UserService/RevokeApiKey"}, "an API key is revoked", RevokeApiKey},
      {{"UserService/RotateApiKey"}, "an API key gets another secret", RotateApiKey},
      {{"AdminService/InvalidateCache"},
       "one verdict is forgotten, after a change by hand",
       [](TwoServers& servers) { InvalidateCache(servers, false); }},
      {{"AdminService/InvalidateCache"},
       "everything is forgotten, after a change by hand",
       [](TwoServers& servers) { InvalidateCache(servers, true); }},
      {{"AdminService/RotateSigningKey"}, "a signing key is published", PublishSigningKey},
      // The last one: it ends the access tokens of all.
      {{"AdminService/RotateSigningKey"},
       "no signing key is trusted any more",
       RotateSigningKeyInAnEmergency},
  };
  return cases;
}

}  // namespace gatehouse::tests
