#ifndef GATEHOUSE_SERVICE_TENANT_TENANT_SERVICE_H_
#define GATEHOUSE_SERVICE_TENANT_TENANT_SERVICE_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/common/idempotent.h"
#include "storage/tenant/tenant_store.h"

namespace gatehouse::auth {
class BreachedPasswords;
class KeyRotation;
class OneTimeTokenCodec;
class PasswordHasher;
class TenantDirectory;
}  // namespace gatehouse::auth

namespace gatehouse::v1 {
class CreateTenantRequest;
class CreateTenantResponse;
class GetTenantRequest;
class GetTenantResponse;
class ListTenantsRequest;
class ListTenantsResponse;
class UpdateTenantRequest;
class UpdateTenantResponse;
}  // namespace gatehouse::v1

namespace gatehouse::service {

class PageTokens;

// gatehouse.v1.TenantService; what each method does stands in the .proto file.
//
// Immutable; its methods run on the loop of their context, any number at a time.
// What it is made of outlives it, and it outlives its calls.
class TenantService {
 public:
  struct Deps {
    storage::TenantStore& tenants;
    // Told of each change, so that this instance goes by it at once.
    auth::TenantDirectory& directory;
    auth::KeyRotation& rotation;
    const auth::OneTimeTokenCodec& token_codec;
    auth::PasswordHasher& hasher;
    // Stolen passwords; null: nobody looks.
    auth::BreachedPasswords* breached;
    IdempotentCalls& once;
    const PageTokens& page_tokens;
    const base::Clock& clock;
    // A tenant's state has changed: its webhooks are held, or go on.
    std::function<void(const base::Uuid& tenant_id)> on_frozen;
  };

  explicit TenantService(Deps deps) : deps_(std::move(deps)) {}

  template <typename T>
  using Result = base::Task<absl::StatusOr<T>>;

  Result<v1::CreateTenantResponse> CreateTenant(base::CallContext ctx,
                                                v1::CreateTenantRequest request,
                                                MutationKey key = {});
  Result<v1::GetTenantResponse> GetTenant(base::CallContext ctx, v1::GetTenantRequest request);
  Result<v1::ListTenantsResponse> ListTenants(base::CallContext ctx,
                                              v1::ListTenantsRequest request);
  Result<v1::UpdateTenantResponse> UpdateTenant(base::CallContext ctx,
                                                v1::UpdateTenantRequest request,
                                                MutationKey key = {});

  // What runs its mutations.
  IdempotentCalls& once() const { return deps_.once; }

 private:
  // The first administrator, and the token that it is given in the place of a password.
  struct MadeAdmin {
    storage::NewTenant::Admin admin;
    std::string token;
  };
  Result<MadeAdmin> MakeAdmin(base::CallContext ctx, storage::User user, std::string password);

  const Deps deps_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_TENANT_TENANT_SERVICE_H_
