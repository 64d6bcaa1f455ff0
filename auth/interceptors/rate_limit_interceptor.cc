#include "auth/interceptors/rate_limit_interceptor.h"

#include <utility>

#include "auth/interceptors/refusal.h"

namespace gatehouse::auth {
namespace {

// A request without credentials counts once more for each of these: most are smaller.
constexpr size_t kBytesOfACall = 1024;

}  // namespace

RateLimitInterceptor::RateLimitInterceptor(Options options, DenialHook on_denial)
    : per_principal_(options.per_principal),
      per_address_(options.per_address),
      on_denial_(std::move(on_denial)) {}

rpc::Decision RateLimitInterceptor::Before(rpc::ServerCall& call) {
  if (call.method().exempt_from_admission) return rpc::Decision::Continue();
  const base::CallContext& context = call.context();
  const base::Principal& principal = context.principal();
  const bool anonymous = principal.kind == base::Principal::Kind::kAnonymous;
  // What strangers send costs as much as it is large.
  const double cost = 1 + static_cast<double>(call.RequestBytes() / kBytesOfACall);
  const auto wait = anonymous ? per_address_.Take(context.client_key(), call.start_time(), cost)
                              : per_principal_.Take(LimitKey(principal.tenant_id, principal.id),
                                                    call.start_time());
  if (!wait) return rpc::Decision::Continue();
  return Refuse(on_denial_, context, {.kind = Denial::Kind::kRateLimited},
                RateLimited(*wait, anonymous ? "calls per second of an address"
                                             : "calls per second of a principal"));
}

}  // namespace gatehouse::auth
