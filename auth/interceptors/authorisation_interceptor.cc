#include "auth/interceptors/authorisation_interceptor.h"

#include <string>
#include <utility>

#include "auth/interceptors/refusal.h"
#include "auth/permission/permissions.h"
#include "base/status.h"

namespace gatehouse::auth {
namespace {

// What PermissionDenied() says was lacking; empty where no permission would help.
std::string LackingPermission(const absl::Status& status) {
  const auto details = base::GetErrorDetails(status);
  if (!details) return "";
  for (const auto& [key, value] : details->metadata) {
    if (key == "permission") return value;
  }
  return "";
}

}  // namespace

absl::Status CheckAccess(const rpc::AccessPolicy& access, const base::Principal& principal) {
  if (access.is_public || HasPermission(principal, access.permission_number) ||
      (access.self && principal.kind == base::Principal::Kind::kUser)) {
    return absl::OkStatus();
  }
  return PermissionDenied(access.permission);
}

AuthorisationInterceptor::AuthorisationInterceptor(DenialHook on_denial)
    : on_denial_(std::move(on_denial)) {}

rpc::Decision AuthorisationInterceptor::Before(rpc::ServerCall& call) {
  const rpc::AccessPolicy& access = call.method().access;
  absl::Status status = CheckAccess(access, call.context().principal());
  if (status.ok()) return rpc::Decision::Continue();
  return Refuse(on_denial_, call.context(),
                {.kind = Denial::Kind::kPermissionDenied, .permission = access.permission},
                std::move(status));
}

std::optional<base::Task<void>> AuthorisationInterceptor::OnError(rpc::ServerCall& call,
                                                                  const absl::Status& status) {
  if (!on_denial_ || status.code() != absl::StatusCode::kPermissionDenied) return std::nullopt;
  return on_denial_(call.context(), {.kind = Denial::Kind::kPermissionDenied,
                                     .permission = LackingPermission(status)});
}

}  // namespace gatehouse::auth
