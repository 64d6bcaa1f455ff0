#include "auth/interceptors/authentication_interceptor.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "auth/interceptors/authorisation_interceptor.h"
#include "auth/interceptors/refusal.h"
#include "auth/interceptors/tenant_of_call.h"
#include "base/status.h"
#include "base/text/ascii.h"

namespace gatehouse::auth {
namespace {

using rpc::Decision;
using rpc::ServerCall;

constexpr std::string_view kScheme = "Bearer ";
constexpr std::string_view kServedFrozen = "/gatehouse.v1.SessionService/WatchRevocations";

// What follows "Bearer" and one or more blanks (RFC 6750, 2.1); the scheme's case does not matter
// (RFC 9110, 11.1).
std::optional<std::string_view> BearerCredential(std::optional<std::string_view> header) {
  if (!header || !base::StartsWithIgnoringCase(*header, kScheme)) return std::nullopt;
  const size_t begin = header->find_first_not_of(' ', kScheme.size());
  if (begin == std::string_view::npos) return std::nullopt;
  return header->substr(begin);
}

// Lives as long as its verdict.
std::shared_ptr<const base::Principal> PrincipalOf(const std::shared_ptr<const Verdict>& verdict) {
  return {verdict, &verdict->principal};
}

}  // namespace

AuthenticationInterceptor::AuthenticationInterceptor(Authenticator& authenticator,
                                                     RateLimit unknown_per_address,
                                                     DenialHook on_denial, CertificateKeys keys,
                                                     CallTenants tenants,
                                                     std::shared_ptr<const rpc::InFlight> in_flight)
    : authenticator_(authenticator),
      unknown_per_address_(unknown_per_address),
      on_denial_(std::move(on_denial)),
      keys_(std::move(keys)),
      tenants_(std::move(tenants)),
      in_flight_(std::move(in_flight)) {}

std::optional<std::string_view> AuthenticationInterceptor::CredentialOf(const ServerCall& call,
                                                                        std::string& made) const {
  const std::optional<std::string_view> header = call.Metadata("authorization");
  if (!header && call.client_certificate() != nullptr) {
    const std::optional<CertificateKeys::Key> key = keys_.Find(*call.client_certificate());
    if (!key) return std::nullopt;
    made = authenticator_.CredentialOfApiKey(key->tenant_id, key->id);
    return made;
  }
  const std::optional<std::string_view> credential = BearerCredential(header);
  // No credential is as long as this: it is refused before any work.
  if (!credential || credential->size() > kMaxAccessTokenBytes) return std::nullopt;
  return credential;
}

Decision AuthenticationInterceptor::Before(ServerCall& call) {
  if (call.method().access.is_public) return EnterTenant(call);
  std::string made;
  const std::optional<std::string_view> credential = CredentialOf(call, made);
  if (!credential) {
    return Refuse(on_denial_, call.context(), {.kind = Denial::Kind::kUnauthenticated},
                  Unauthenticated());
  }
  const bool served_frozen = call.method().name == kServedFrozen;
  if (call.method().kind != rpc::MethodKind::kUnary) {
    call.context().set_recheck([this, kept = std::string(*credential),
                                access = call.method().access,
                                served_frozen](base::CallContext context) {
      return Recheck(std::move(context), kept, access, served_frozen);
    });
  }
  if (const auto verdict = authenticator_.FindCached(*credential)) {
    call.context().set_principal(PrincipalOf(verdict));
    if (served_frozen) return Decision::Continue();
    return CheckTenant(verdict->principal.tenant_id);
  }
  // While verdicts in memory do not count, every call comes here.
  if (!authenticator_.WasGood(*credential)) {
    if (absl::Status full = CheckPlace(call); !full.ok()) return full;
    if (const auto wait =
            unknown_per_address_.Take(call.context().client_key(), call.start_time())) {
      return Refuse(on_denial_, call.context(), {.kind = Denial::Kind::kRateLimited},
                    RateLimited(*wait, "unknown credentials per second of an address"));
    }
  }
  return Ask(call.context(), std::string(*credential), served_frozen);
}

absl::Status AuthenticationInterceptor::CheckPlace(const ServerCall& call) const {
  return in_flight_ == nullptr ? absl::OkStatus() : in_flight_->CheckStranger(call.method());
}

Decision AuthenticationInterceptor::EnterTenant(ServerCall& call) {
  // Load balancers ask for the server's health, whatever they call it.
  if (tenants_.directory == nullptr || call.method().exempt_from_admission) {
    return Decision::Continue();
  }
  const base::Uuid tenant_id = TenantOfCall(call, *tenants_.directory);
  if (tenant_id == base::kDefaultTenantId) return Decision::Continue();
  base::Principal nobody;
  nobody.tenant_id = tenant_id;
  call.context().set_principal(std::make_shared<const base::Principal>(std::move(nobody)));
  if (authenticator_.RevocationsAreKnown()) return CheckTenant(tenant_id);
  return AskTenant(call.context(), tenant_id);
}

absl::Status AuthenticationInterceptor::CheckTenant(const base::Uuid& tenant_id) const {
  if (tenants_.directory == nullptr) return absl::OkStatus();
  return tenants_.directory->CheckActive(tenant_id);
}

base::Task<absl::Status> AuthenticationInterceptor::AskTenant(base::CallContext context,
                                                              base::Uuid tenant_id) {
  const bool may_be_frozen = tenant_id != base::kDefaultTenantId && !tenant_id.is_nil();
  if (tenants_.refresh && may_be_frozen && !authenticator_.RevocationsAreKnown()) {
    GH_CO_RETURN_IF_ERROR(co_await tenants_.refresh(std::move(context), tenant_id));
  }
  co_return CheckTenant(tenant_id);
}

base::Task<absl::Status> AuthenticationInterceptor::Ask(base::CallContext context,
                                                        std::string credential,
                                                        bool served_frozen) {
  // The cache was asked before.
  const auto verdict =
      co_await authenticator_.Authenticate(context, std::move(credential), Freshness::kDatabase);
  if (verdict.ok()) {
    context.set_principal(PrincipalOf(*verdict));
    if (served_frozen) co_return absl::OkStatus();
    const base::Uuid tenant_id = (*verdict)->principal.tenant_id;
    co_return co_await AskTenant(std::move(context), tenant_id);
  }
  if (verdict.status().code() != absl::StatusCode::kUnauthenticated) co_return verdict.status();
  co_return co_await RefuseAfterTelling(&on_denial_, context,
                                        {.kind = Denial::Kind::kUnauthenticated}, verdict.status());
}

base::Task<absl::Status> AuthenticationInterceptor::Recheck(base::CallContext context,
                                                            std::string credential,
                                                            rpc::AccessPolicy access,
                                                            bool served_frozen) {
  GH_CO_ASSIGN_OR_RETURN(const auto verdict,
                         co_await authenticator_.Authenticate(context, std::move(credential)));
  // For what the handler itself asks of its caller.
  context.set_principal(PrincipalOf(verdict));
  if (!served_frozen) {
    GH_CO_RETURN_IF_ERROR(co_await AskTenant(context, verdict->principal.tenant_id));
  }
  co_return CheckAccess(access, verdict->principal);
}

}  // namespace gatehouse::auth
