#include "auth/interceptors/authentication_interceptor.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "auth/interceptors/authorisation_interceptor.h"
#include "auth/interceptors/refusal.h"
#include "base/status.h"
#include "base/text/ascii.h"

namespace gatehouse::auth {
namespace {

using rpc::Decision;
using rpc::ServerCall;

constexpr std::string_view kScheme = "Bearer ";

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
                                                     DenialHook on_denial, CertificateKeys keys)
    : authenticator_(authenticator),
      unknown_per_address_(unknown_per_address),
      on_denial_(std::move(on_denial)),
      keys_(std::move(keys)) {}

std::optional<std::string_view> AuthenticationInterceptor::CredentialOf(const ServerCall& call,
                                                                        std::string& made) const {
  const std::optional<std::string_view> header = call.Metadata("authorization");
  if (!header && call.client_certificate() != nullptr) {
    const std::optional<base::Uuid> key = keys_.Find(*call.client_certificate());
    if (!key) return std::nullopt;
    made = authenticator_.CredentialOfApiKey(*key);
    return made;
  }
  const std::optional<std::string_view> credential = BearerCredential(header);
  // No credential is as long as this: it is refused before any work.
  if (!credential || credential->size() > kMaxAccessTokenBytes) return std::nullopt;
  return credential;
}

Decision AuthenticationInterceptor::Before(ServerCall& call) {
  if (call.method().access.is_public) return Decision::Continue();
  std::string made;
  const std::optional<std::string_view> credential = CredentialOf(call, made);
  if (!credential) {
    return Refuse(on_denial_, call.context(), {.kind = Denial::Kind::kUnauthenticated},
                  Unauthenticated());
  }
  if (call.method().kind != rpc::MethodKind::kUnary) {
    call.context().set_recheck([this, kept = std::string(*credential),
                                access = call.method().access](base::CallContext context) {
      return Recheck(std::move(context), kept, access);
    });
  }
  if (const auto verdict = authenticator_.FindCached(*credential)) {
    call.context().set_principal(PrincipalOf(verdict));
    return Decision::Continue();
  }
  // While verdicts in memory do not count, every call comes here.
  if (!authenticator_.WasGood(*credential)) {
    if (const auto wait =
            unknown_per_address_.Take(call.context().client_key(), call.start_time())) {
      return Refuse(on_denial_, call.context(), {.kind = Denial::Kind::kRateLimited},
                    RateLimited(*wait, "unknown credentials per second of an address"));
    }
  }
  return Ask(call.context(), std::string(*credential));
}

base::Task<absl::Status> AuthenticationInterceptor::Ask(base::CallContext context,
                                                        std::string credential) {
  // The cache was asked before.
  const auto verdict =
      co_await authenticator_.Authenticate(context, std::move(credential), Freshness::kDatabase);
  if (verdict.ok()) {
    context.set_principal(PrincipalOf(*verdict));
    co_return absl::OkStatus();
  }
  if (verdict.status().code() != absl::StatusCode::kUnauthenticated) co_return verdict.status();
  co_return co_await RefuseAfterTelling(&on_denial_, context,
                                        {.kind = Denial::Kind::kUnauthenticated}, verdict.status());
}

base::Task<absl::Status> AuthenticationInterceptor::Recheck(base::CallContext context,
                                                            std::string credential,
                                                            rpc::AccessPolicy access) {
  GH_CO_ASSIGN_OR_RETURN(const auto verdict,
                         co_await authenticator_.Authenticate(context, std::move(credential)));
  // For what the handler itself asks of its caller.
  context.set_principal(PrincipalOf(verdict));
  co_return CheckAccess(access, verdict->principal);
}

}  // namespace gatehouse::auth
