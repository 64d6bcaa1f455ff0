#ifndef GATEHOUSE_AUTH_INTERCEPTORS_AUTHENTICATION_INTERCEPTOR_H_
#define GATEHOUSE_AUTH_INTERCEPTORS_AUTHENTICATION_INTERCEPTOR_H_

#include <string>

#include "auth/authenticator.h"
#include "auth/denial.h"
#include "service/rpc/interceptor.h"

namespace gatehouse::auth {

// Establishes who calls, from "authorization: Bearer <access token or API key>".
// Public methods are called anonymously, whatever is sent: clients attach their
// token to every call, and an expired one must not keep them from refreshing it.
// Every refusal looks the same.
class AuthenticationInterceptor : public service::rpc::Interceptor {
 public:
  // `authenticator` outlives this.
  AuthenticationInterceptor(Authenticator& authenticator, DenialHook on_denial);

  std::string_view name() const override { return "authentication"; }
  service::rpc::Decision Before(service::rpc::ServerCall& call) override;

 private:
  base::Task<absl::Status> Ask(base::CallContext context, std::string credential);

  Authenticator& authenticator_;
  const DenialHook on_denial_;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_INTERCEPTORS_AUTHENTICATION_INTERCEPTOR_H_
