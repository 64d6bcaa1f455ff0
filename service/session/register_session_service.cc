#include "service/session/register_session_service.h"

#include <string>
#include <utility>

#include "gatehouse/v1/session.pb.h"
#include "service/rpc/method_registry.h"
#include "service/session/session_service.h"

namespace gatehouse::service {
namespace {

// `method` is a SessionService member: Task<StatusOr<Response>>(CallContext, Request).
template <typename Request, typename Response>
void Add(rpc::MethodRegistry& registry, SessionService& service, const std::string& name,
         base::Task<absl::StatusOr<Response>> (SessionService::*method)(base::CallContext,
                                                                        Request)) {
  registry.AddUnary<Request, Response>("/gatehouse.v1.SessionService/" + name,
                                       [&service, method](base::CallContext ctx, Request request) {
                                         return (service.*method)(std::move(ctx),
                                                                  std::move(request));
                                       });
}

}  // namespace

void RegisterSessionService(rpc::MethodRegistry& registry, SessionService& service) {
  Add(registry, service, "CreateSession", &SessionService::CreateSession);
  Add(registry, service, "VerifySession", &SessionService::VerifySession);
  Add(registry, service, "RefreshSession", &SessionService::RefreshSession);
  Add(registry, service, "GetSession", &SessionService::GetSession);
  Add(registry, service, "ListSessions", &SessionService::ListSessions);
  Add(registry, service, "UpdateSession", &SessionService::UpdateSession);
  Add(registry, service, "RevokeSession", &SessionService::RevokeSession);
  Add(registry, service, "RevokeUserSessions", &SessionService::RevokeUserSessions);
  Add(registry, service, "GetJwks", &SessionService::GetJwks);
}

}  // namespace gatehouse::service
