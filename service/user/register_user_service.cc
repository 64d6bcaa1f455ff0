#include "service/user/register_user_service.h"

#include "gatehouse/v1/user.pb.h"
#include "rpc/method/service_methods.h"
#include "service/common/mutation_methods.h"
#include "service/user/user_service.h"

namespace gatehouse::service {
namespace {

// A retry should not cost a password hash.
Replay ReplayOfCreateUser(const v1::CreateUserRequest& request) {
  return request.password().empty() ? Replay::kOnConflict : Replay::kLookUpFirst;
}

// A retry may come after the time at which no new key may stop working.
Replay ReplayOfCreateApiKey(const v1::CreateApiKeyRequest& request) {
  return request.api_key().has_expire_time() ? Replay::kLookUpFirst : Replay::kOnConflict;
}

}  // namespace

void RegisterUserService(rpc::MethodRegistry& registry, UserService& service) {
  rpc::ServiceMethods methods(registry, service, "gatehouse.v1.UserService");
  MutationMethods mutations(methods, service.once());
  mutations.Add("CreateUser", ReplayOfCreateUser, &UserService::CreateUser);
  methods.Add("GetUser", &UserService::GetUser);
  methods.Add("BatchGetUsers", &UserService::BatchGetUsers);
  methods.Add("ListUsers", &UserService::ListUsers);
  mutations.Add("UpdateUser", Replay::kLookUpFirst, &UserService::UpdateUser);
  mutations.Add("DeleteUser", Replay::kLookUpFirst, &UserService::DeleteUser);
  mutations.Add("UndeleteUser", Replay::kLookUpFirst, &UserService::UndeleteUser);
  mutations.Add("SetPassword", Replay::kLookUpFirst, &UserService::SetPassword);
  mutations.Add("CreateApiKey", ReplayOfCreateApiKey, &UserService::CreateApiKey);
  methods.Add("ListApiKeys", &UserService::ListApiKeys);
  mutations.Add("RevokeApiKey", Replay::kLookUpFirst, &UserService::RevokeApiKey);
}

}  // namespace gatehouse::service
