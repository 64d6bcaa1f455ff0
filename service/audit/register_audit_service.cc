#include "service/audit/register_audit_service.h"

#include <string>
#include <utility>

#include "service/audit/audit_service.h"
#include "service/rpc/method_registry.h"

namespace gatehouse::service {
namespace {

// `method` is an AuditService member: Task<StatusOr<Response>>(CallContext, Request).
template <typename Request, typename Response>
void Add(rpc::MethodRegistry& registry, AuditService& service, const std::string& name,
         base::Task<absl::StatusOr<Response>> (AuditService::*method)(base::CallContext, Request)) {
  registry.AddUnary<Request, Response>("/gatehouse.v1.AuditService/" + name,
                                       [&service, method](base::CallContext ctx, Request request) {
                                         return (service.*method)(std::move(ctx),
                                                                  std::move(request));
                                       });
}

}  // namespace

void RegisterAuditService(rpc::MethodRegistry& registry, AuditService& service) {
  Add(registry, service, "RecordEvent", &AuditService::RecordEvent);
  Add(registry, service, "GetEvent", &AuditService::GetEvent);
  Add(registry, service, "ListEvents", &AuditService::ListEvents);
  registry.AddServerStreaming<v1::TailEventsRequest, v1::TailEventsResponse>(
      "/gatehouse.v1.AuditService/TailEvents",
      [&service](base::CallContext ctx, v1::TailEventsRequest request,
                 rpc::Writer<v1::TailEventsResponse> writer) {
        return service.TailEvents(std::move(ctx), std::move(request), writer);
      });
}

}  // namespace gatehouse::service
