// Verification: no statement when this instance has seen the token before.

#include <memory>
#include <string>
#include <utility>

#include "auth/permission/permissions.h"
#include "auth/signing_key/keyring.h"
#include "auth/tenant/tenant_directory.h"
#include "auth/verdict/authenticator.h"
#include "base/status.h"
#include "gatehouse/v1/session.pb.h"
#include "rpc/method/message_stream.h"
#include "service/common/timestamps.h"
#include "service/session/session_service.h"

namespace gatehouse::service {
namespace {

using base::CallContext;
using base::Principal;

using Answer = rpc::Encoded<v1::VerifySessionResponse>;

std::string Describe(const auth::Verdict& verdict) {
  const Principal& principal = verdict.principal;
  v1::VerifySessionResponse response;
  response.set_active(true);
  response.set_tenant_id(principal.tenant_id.ToString());
  if (principal.kind == Principal::Kind::kApiKey) {
    response.set_api_key_id(principal.id.ToString());
  } else {
    response.set_user_id(principal.id.ToString());
    response.set_username(principal.name);
    response.set_session_id(principal.session_id.ToString());
    SetTimestamp(principal.auth_time, response.mutable_auth_time());
  }
  for (const std::string& role : principal.roles) response.add_roles(role);
  for (std::string& name : auth::PermissionNames(principal.permissions)) {
    response.add_permissions(std::move(name));
  }
  for (const std::string& method : principal.amr) response.add_amr(method);
  if (verdict.expires_at != base::Time::max()) {
    SetTimestamp(verdict.expires_at, response.mutable_expire_time());
  }
  return response.SerializeAsString();
}

Answer Active(const std::shared_ptr<const auth::Verdict>& verdict) {
  return {.bytes = {verdict, &verdict->description.Get([&] { return Describe(*verdict); })}};
}

// As it is encoded: a message without fields.
Answer Inactive() {
  static const auto& nothing = *new std::shared_ptr(std::make_shared<const std::string>());
  return {.bytes = nothing};
}

}  // namespace

SessionService::Result<Answer> SessionService::VerifySession(CallContext ctx,
                                                             v1::VerifySessionRequest request) {
  if (!v1::Consistency_IsValid(request.consistency())) {
    co_return base::InvalidField("consistency", "must be FULL or unset");
  }
  const bool full = request.consistency() == v1::CONSISTENCY_FULL;
  const auto verdict = co_await deps_.authenticator.Authenticate(
      ctx, request.token(), full ? auth::Freshness::kDatabase : auth::Freshness::kCached);
  if (absl::IsUnauthenticated(verdict.status())) co_return Inactive();
  GH_CO_RETURN_IF_ERROR(verdict.status());
  // A credential of another tenant is none of this caller's business.
  if ((*verdict)->principal.tenant_id != ctx.principal().tenant_id) co_return Inactive();
  co_return Active(*verdict);
}

SessionService::Result<v1::GetJwksResponse> SessionService::GetJwks(CallContext ctx,
                                                                    v1::GetJwksRequest request) {
  // What the call names is nobody: key sets are no secret, so it may as well say so.
  if (ctx.principal().tenant_id.is_nil()) co_return auth::TenantNotFound();
  v1::GetJwksResponse response;
  response.set_jwks_json(deps_.keyring.JwksJson(ctx.principal().tenant_id, deps_.clock.Now()));
  co_return response;
}

}  // namespace gatehouse::service
