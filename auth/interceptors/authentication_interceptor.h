#ifndef GATEHOUSE_AUTH_INTERCEPTORS_AUTHENTICATION_INTERCEPTOR_H_
#define GATEHOUSE_AUTH_INTERCEPTORS_AUTHENTICATION_INTERCEPTOR_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/interceptors/certificate_keys.h"
#include "auth/limits/denial.h"
#include "auth/limits/rate_limiter.h"
#include "auth/tenant/tenant_directory.h"
#include "auth/verdict/authenticator.h"
#include "rpc/chain/interceptor.h"
#include "rpc/interceptors/in_flight.h"

namespace gatehouse::auth {

// How calls learn of their tenant.
struct CallTenants {
  // Outlives the interceptor.
  const TenantDirectory* directory = nullptr;
  // Reads a tenant again. Asked while this instance does not know what others do, and so may not
  // know that the tenant is frozen.
  std::function<base::Task<absl::Status>(base::CallContext, base::Uuid)> refresh = {};
};

// Establishes who calls, from "authorization: Bearer <access token or API key>" or, without such a
// header, from the certificate that the client has shown.
// Public methods are called anonymously, whatever is sent: clients attach their
// token to every call, and an expired one must not keep them from refreshing it.
// Every refusal looks the same.
//
// Establishes also which tenant the call belongs to, and that it takes calls: a credential's own,
// whatever else is sent; without one that which TenantOfCall finds. WatchRevocations alone is
// served to a tenant that takes no calls: by it those who verify tokens learn that it does not, and
// when it does again.
class AuthenticationInterceptor : public rpc::Interceptor {
 public:
  // `authenticator` outlives this. `unknown_per_address`: how often an address may send
  // a credential this instance does not know yet, each of which costs a signature
  // check or a query, before anybody knows whose rate it counts towards.
  // `keys`: whose certificates count as a credential, where a call carries no other.
  // `tenants`: without a directory there is the default tenant alone.
  // `in_flight`: where such a credential is looked at only while there are places for strangers.
  // Null: always.
  AuthenticationInterceptor(Authenticator& authenticator, RateLimit unknown_per_address,
                            DenialHook on_denial, CertificateKeys keys = {},
                            CallTenants tenants = {},
                            std::shared_ptr<const rpc::InFlight> in_flight = nullptr);

  std::string_view name() const override { return "authentication"; }
  rpc::Decision Before(rpc::ServerCall& call) override;

 private:
  // What the caller wants to be known by; nullopt if nothing. Points into the call or `made`.
  std::optional<std::string_view> CredentialOf(const rpc::ServerCall& call,
                                               std::string& made) const;
  // Of a stream: whether it may go on, by its credential and by what that permits now.
  base::Task<absl::Status> Recheck(base::CallContext context, std::string credential,
                                   rpc::AccessPolicy access, bool served_frozen);
  base::Task<absl::Status> Ask(base::CallContext context, std::string credential,
                               bool served_frozen);
  // Before a credential is looked at that this instance does not know.
  absl::Status CheckPlace(const rpc::ServerCall& call) const;
  // Of a call without credentials.
  rpc::Decision EnterTenant(rpc::ServerCall& call);
  // UNAVAILABLE if the tenant takes no calls.
  absl::Status CheckTenant(const base::Uuid& tenant_id) const;
  base::Task<absl::Status> AskTenant(base::CallContext context, base::Uuid tenant_id);

  Authenticator& authenticator_;
  RateLimiter unknown_per_address_;
  const DenialHook on_denial_;
  const CertificateKeys keys_;
  const CallTenants tenants_;
  const std::shared_ptr<const rpc::InFlight> in_flight_;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_INTERCEPTORS_AUTHENTICATION_INTERCEPTOR_H_
