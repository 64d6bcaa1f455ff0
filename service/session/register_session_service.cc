#include "service/session/register_session_service.h"

#include "gatehouse/v1/session.pb.h"
#include "rpc/method/service_methods.h"
#include "service/common/mutation_methods.h"
#include "service/session/session_service.h"

namespace gatehouse::service {

void RegisterSessionService(rpc::MethodRegistry& registry, SessionService& service) {
  rpc::ServiceMethods methods(registry, service, "gatehouse.v1.SessionService");
  MutationMethods mutations(methods, service.once());
  methods.Add("CreateSession", &SessionService::CreateSession);
  methods.Add("VerifySession", &SessionService::VerifySession);
  methods.Add("RefreshSession", &SessionService::RefreshSession);
  methods.Add("GetSession", &SessionService::GetSession);
  methods.Add("ListSessions", &SessionService::ListSessions);
  mutations.Add("UpdateSession", Replay::kLookUpFirst, &SessionService::UpdateSession);
  mutations.Add("RevokeSession", Replay::kLookUpFirst, &SessionService::RevokeSession);
  mutations.Add("RevokeUserSessions", Replay::kLookUpFirst, &SessionService::RevokeUserSessions);
  methods.Add("GetJwks", &SessionService::GetJwks);
}

}  // namespace gatehouse::service
