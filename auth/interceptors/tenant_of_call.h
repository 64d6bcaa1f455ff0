#ifndef GATEHOUSE_AUTH_INTERCEPTORS_TENANT_OF_CALL_H_
#define GATEHOUSE_AUTH_INTERCEPTORS_TENANT_OF_CALL_H_

#include "auth/tenant/tenant_directory.h"
#include "base/uuid.h"
#include "rpc/chain/server_call.h"

namespace gatehouse::auth {

// The tenant that a call without credentials means: the one that its metadata name
// (x-gatehouse-tenant, an id or a name), else the one whose host it was sent to, else the default
// one. Nil if the metadata name one that there is not: it has no users, so that every login fails
// there as it does with a wrong password.
base::Uuid TenantOfCall(const rpc::ServerCall& call, const TenantDirectory& tenants);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_INTERCEPTORS_TENANT_OF_CALL_H_
