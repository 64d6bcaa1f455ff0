#ifndef GATEHOUSE_AUTH_INTERCEPTORS_RATE_LIMIT_INTERCEPTOR_H_
#define GATEHOUSE_AUTH_INTERCEPTORS_RATE_LIMIT_INTERCEPTOR_H_

#include <string_view>

#include "auth/limits/denial.h"
#include "auth/limits/rate_limiter.h"
#include "rpc/chain/interceptor.h"

namespace gatehouse::auth {

// Bounds how often one principal, and for anonymous calls one address, may call.
// Comes after authorisation. Not consulted for methods that are exempt from
// admission (health checks).
class RateLimitInterceptor : public rpc::Interceptor {
 public:
  struct Options {
    // A backstop against a client that has run wild, not a quota.
    RateLimit per_principal = {.rate = 50'000, .burst = 100'000};
    // Logins and refreshes of one address, which may be a proxy of many users.
    RateLimit per_address = {.rate = 1'000, .burst = 2'000};
  };

  RateLimitInterceptor(Options options, DenialHook on_denial);

  std::string_view name() const override { return "rate_limit"; }
  rpc::Decision Before(rpc::ServerCall& call) override;

 private:
  RateLimiter per_principal_;
  RateLimiter per_address_;
  const DenialHook on_denial_;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_INTERCEPTORS_RATE_LIMIT_INTERCEPTOR_H_
