#ifndef GATEHOUSE_SERVICE_SESSION_REGISTER_SESSION_SERVICE_H_
#define GATEHOUSE_SERVICE_SESSION_REGISTER_SESSION_SERVICE_H_

namespace gatehouse::rpc {
class MethodRegistry;
}  // namespace gatehouse::rpc

namespace gatehouse::service {
class SessionService;

// Adds the methods of gatehouse.v1.SessionService. `service` outlives every call.
void RegisterSessionService(rpc::MethodRegistry& registry, SessionService& service);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SESSION_REGISTER_SESSION_SERVICE_H_
