#ifndef GATEHOUSE_AUTH_INTERCEPTORS_AUTHENTICATION_INTERCEPTOR_H_
#define GATEHOUSE_AUTH_INTERCEPTORS_AUTHENTICATION_INTERCEPTOR_H_

#include "auth/authenticator.h"
#include "auth/denial.h"
#include "service/rpc/interceptor.h"

namespace gatehouse::auth {

// Establishes who calls, from "authorization: Bearer <access token or API key>".
// Without that header a public method is called anonymously and any other is
// refused. A credential that is sent must be good, for public methods too: a
// client that sends a dead one is told so. Every refusal looks the same.
class AuthenticationInterceptor : public service::rpc::Interceptor {
 public:
  // `authenticator` outlives this.
  AuthenticationInterceptor(Authenticator& authenticator, DenialHook on_denial);

  std::string_view name() const override { return "authentication"; }
  service::rpc::Decision Before(service::rpc::ServerCall& call) override;

 private:
  Authenticator& authenticator_;
  const DenialHook on_denial_;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_INTERCEPTORS_AUTHENTICATION_INTERCEPTOR_H_
