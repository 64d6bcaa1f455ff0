#include "service/audit/register_audit_service.h"

#include <utility>

#include "rpc/method/method_registry.h"
#include "rpc/method/service_methods.h"
#include "service/audit/audit_service.h"

namespace gatehouse::service {

void RegisterAuditService(rpc::MethodRegistry& registry, AuditService& service) {
  rpc::ServiceMethods methods(registry, service, "gatehouse.v1.AuditService");
  methods.Add("RecordEvent", &AuditService::RecordEvent);
  methods.Add("GetEvent", &AuditService::GetEvent);
  methods.Add("ListEvents", &AuditService::ListEvents);
  registry.AddServerStreaming<v1::TailEventsRequest, v1::TailEventsResponse>(
      "/gatehouse.v1.AuditService/TailEvents",
      [&service](base::CallContext ctx, v1::TailEventsRequest request,
                 rpc::Writer<v1::TailEventsResponse> writer) {
        return service.TailEvents(std::move(ctx), std::move(request), writer);
      });
}

}  // namespace gatehouse::service
