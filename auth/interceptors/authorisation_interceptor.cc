#include "auth/interceptors/authorisation_interceptor.h"

#include <utility>

#include "auth/interceptors/refusal.h"
#include "auth/permissions.h"

namespace gatehouse::auth {

AuthorisationInterceptor::AuthorisationInterceptor(DenialHook on_denial)
    : on_denial_(std::move(on_denial)) {}

service::rpc::Decision AuthorisationInterceptor::Before(service::rpc::ServerCall& call) {
  const service::rpc::AccessPolicy& access = call.method().access;
  const base::Principal& principal = call.context().principal();
  if (access.is_public || HasPermission(principal, access.permission_number) ||
      (access.self && principal.kind == base::Principal::Kind::kUser)) {
    return service::rpc::Decision::Continue();
  }
  return Refuse(on_denial_, call.context(),
                {.kind = Denial::Kind::kPermissionDenied, .permission = access.permission},
                PermissionDenied(access.permission));
}

}  // namespace gatehouse::auth
