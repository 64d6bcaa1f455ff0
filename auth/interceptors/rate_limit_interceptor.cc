#include "auth/interceptors/rate_limit_interceptor.h"

#include <arpa/inet.h>

#include <chrono>
#include <string>
#include <utility>

#include "auth/interceptors/refusal.h"
#include "base/status.h"

namespace gatehouse::auth {
namespace {

// One customer commonly has a whole /64, so that is what counts as one address.
constexpr size_t kIpv6PrefixBytes = 8;

std::string AddressKey(const std::string& address) {
  in6_addr ipv6 = {};
  if (inet_pton(AF_INET6, address.c_str(), &ipv6) != 1) return address;
  if (IN6_IS_ADDR_V4MAPPED(&ipv6)) {
    return std::string(reinterpret_cast<const char*>(&ipv6), sizeof(ipv6));
  }
  return std::string(reinterpret_cast<const char*>(&ipv6), kIpv6PrefixBytes);
}

}  // namespace

RateLimitInterceptor::RateLimitInterceptor(Options options, DenialHook on_denial)
    : per_principal_(options.per_principal),
      per_address_(options.per_address),
      on_denial_(std::move(on_denial)) {}

service::rpc::Decision RateLimitInterceptor::Before(service::rpc::ServerCall& call) {
  if (call.method().exempt_from_admission) return service::rpc::Decision::Continue();
  const base::CallContext& context = call.context();
  const base::Principal& principal = context.principal();
  const bool anonymous = principal.kind == base::Principal::Kind::kAnonymous;
  const auto wait = anonymous ? per_address_.Take(AddressKey(context.peer_ip()), call.start_time())
                              : per_principal_.Take(principal.id.bytes(), call.start_time());
  if (!wait) return service::rpc::Decision::Continue();
  return Refuse(
      on_denial_, context, {.kind = Denial::Kind::kRateLimited},
      base::MakeError(absl::StatusCode::kResourceExhausted, "the caller sends too many requests",
                      {.reason = base::Reason::kRateLimited,
                       .retry_after = *wait,
                       .quota = anonymous ? "calls per second of an address"
                                          : "calls per second of a principal"}));
}

}  // namespace gatehouse::auth
