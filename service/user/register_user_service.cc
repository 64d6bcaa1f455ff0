#include "service/user/register_user_service.h"

#include <string>
#include <utility>

#include "gatehouse/v1/user.pb.h"
#include "service/rpc/method_registry.h"
#include "service/user/user_service.h"

namespace gatehouse::service {
namespace {

template <typename Request, typename Response>
void Add(rpc::MethodRegistry& registry, UserService& service, const std::string& name,
         UserService::Result<Response> (UserService::*method)(base::CallContext, Request)) {
  registry.AddUnary<Request, Response>("/gatehouse.v1.UserService/" + name,
                                       [&service, method](base::CallContext ctx, Request request) {
                                         return (service.*method)(std::move(ctx),
                                                                  std::move(request));
                                       });
}

}  // namespace

void RegisterUserService(rpc::MethodRegistry& registry, UserService& service) {
  Add(registry, service, "CreateUser", &UserService::CreateUser);
  Add(registry, service, "GetUser", &UserService::GetUser);
  Add(registry, service, "BatchGetUsers", &UserService::BatchGetUsers);
  Add(registry, service, "ListUsers", &UserService::ListUsers);
  Add(registry, service, "UpdateUser", &UserService::UpdateUser);
  Add(registry, service, "DeleteUser", &UserService::DeleteUser);
  Add(registry, service, "SetPassword", &UserService::SetPassword);
  Add(registry, service, "CreateApiKey", &UserService::CreateApiKey);
  Add(registry, service, "ListApiKeys", &UserService::ListApiKeys);
  Add(registry, service, "RevokeApiKey", &UserService::RevokeApiKey);
}

}  // namespace gatehouse::service
