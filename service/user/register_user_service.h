#ifndef GATEHOUSE_SERVICE_USER_REGISTER_USER_SERVICE_H_
#define GATEHOUSE_SERVICE_USER_REGISTER_USER_SERVICE_H_

namespace gatehouse::rpc {
class MethodRegistry;
}  // namespace gatehouse::rpc

namespace gatehouse::service {
class UserService;

// Adds the methods of gatehouse.v1.UserService. `service` outlives every call.
void RegisterUserService(rpc::MethodRegistry& registry, UserService& service);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_USER_REGISTER_USER_SERVICE_H_
