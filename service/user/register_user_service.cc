#include "service/user/register_user_service.h"

#include "gatehouse/v1/user.pb.h"
#include "rpc/method/service_methods.h"
#include "service/user/user_service.h"

namespace gatehouse::service {

void RegisterUserService(rpc::MethodRegistry& registry, UserService& service) {
  rpc::ServiceMethods methods(registry, service, "gatehouse.v1.UserService");
  methods.Add("CreateUser", &UserService::CreateUser);
  methods.Add("GetUser", &UserService::GetUser);
  methods.Add("BatchGetUsers", &UserService::BatchGetUsers);
  methods.Add("ListUsers", &UserService::ListUsers);
  methods.Add("UpdateUser", &UserService::UpdateUser);
  methods.Add("DeleteUser", &UserService::DeleteUser);
  methods.Add("SetPassword", &UserService::SetPassword);
  methods.Add("CreateApiKey", &UserService::CreateApiKey);
  methods.Add("ListApiKeys", &UserService::ListApiKeys);
  methods.Add("RevokeApiKey", &UserService::RevokeApiKey);
}

}  // namespace gatehouse::service
