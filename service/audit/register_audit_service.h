#ifndef GATEHOUSE_SERVICE_AUDIT_REGISTER_AUDIT_SERVICE_H_
#define GATEHOUSE_SERVICE_AUDIT_REGISTER_AUDIT_SERVICE_H_

namespace gatehouse::rpc {
class MethodRegistry;
}  // namespace gatehouse::rpc

namespace gatehouse::service {
class AuditService;

// Adds the methods of gatehouse.v1.AuditService. `service` outlives every call.
void RegisterAuditService(rpc::MethodRegistry& registry, AuditService& service);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_AUDIT_REGISTER_AUDIT_SERVICE_H_
