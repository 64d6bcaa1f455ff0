#ifndef GATEHOUSE_AUTH_INTERCEPTORS_AUTHORISATION_INTERCEPTOR_H_
#define GATEHOUSE_AUTH_INTERCEPTORS_AUTHORISATION_INTERCEPTOR_H_

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "auth/limits/denial.h"
#include "base/principal.h"
#include "rpc/chain/interceptor.h"

namespace gatehouse::auth {

// OK if the principal satisfies the access option of a method: it is public, or the
// principal has the permission, or the method knows "self" and the caller is a user;
// then the handler checks that what it asks for is its own (RequireSelfOr).
// Else PERMISSION_DENIED.
absl::Status CheckAccess(const rpc::AccessPolicy& access, const base::Principal& principal);

// Lets a call pass whose principal satisfies the access option of the method. Comes
// after authentication.
//
// Reports every call that ends with PERMISSION_DENIED, whether it refused it itself or
// the handler did.
class AuthorisationInterceptor : public rpc::Interceptor {
 public:
  explicit AuthorisationInterceptor(DenialHook on_denial);

  std::string_view name() const override { return "authorisation"; }
  rpc::Decision Before(rpc::ServerCall& call) override;
  std::optional<base::Task<void>> OnError(rpc::ServerCall& call,
                                          const absl::Status& status) override;

 private:
  const DenialHook on_denial_;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_INTERCEPTORS_AUTHORISATION_INTERCEPTOR_H_
