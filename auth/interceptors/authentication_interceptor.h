#ifndef GATEHOUSE_AUTH_INTERCEPTORS_AUTHENTICATION_INTERCEPTOR_H_
#define GATEHOUSE_AUTH_INTERCEPTORS_AUTHENTICATION_INTERCEPTOR_H_

#include <optional>
#include <string>
#include <string_view>

#include "auth/interceptors/certificate_keys.h"
#include "auth/limits/denial.h"
#include "auth/limits/rate_limiter.h"
#include "auth/verdict/authenticator.h"
#include "rpc/chain/interceptor.h"

namespace gatehouse::auth {

// Establishes who calls, from "authorization: Bearer <access token or API key>" or, without such a
// header, from the certificate that the client has shown.
// Public methods are called anonymously, whatever is sent: clients attach their
// token to every call, and an expired one must not keep them from refreshing it.
// Every refusal looks the same.
class AuthenticationInterceptor : public rpc::Interceptor {
 public:
  // `authenticator` outlives this. `unknown_per_address`: how often an address may send
  // a credential this instance does not know yet, each of which costs a signature
  // check or a query, before anybody knows whose rate it counts towards.
  // `keys`: whose certificates count as a credential, where a call carries no other.
  AuthenticationInterceptor(Authenticator& authenticator, RateLimit unknown_per_address,
                            DenialHook on_denial, CertificateKeys keys = {});

  std::string_view name() const override { return "authentication"; }
  rpc::Decision Before(rpc::ServerCall& call) override;

 private:
  // What the caller wants to be known by; nullopt if nothing. Points into the call or `made`.
  std::optional<std::string_view> CredentialOf(const rpc::ServerCall& call,
                                               std::string& made) const;
  // Of a stream: whether it may go on, by its credential and by what that permits now.
  base::Task<absl::Status> Recheck(base::CallContext context, std::string credential,
                                   rpc::AccessPolicy access);
  base::Task<absl::Status> Ask(base::CallContext context, std::string credential);

  Authenticator& authenticator_;
  RateLimiter unknown_per_address_;
  const DenialHook on_denial_;
  const CertificateKeys keys_;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_INTERCEPTORS_AUTHENTICATION_INTERCEPTOR_H_
