#ifndef GATEHOUSE_SERVICE_MAIN_TOOLS_MOVE_TENANT_STATES_H_
#define GATEHOUSE_SERVICE_MAIN_TOOLS_MOVE_TENANT_STATES_H_

#include <string>

#include "absl/status/status.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/tenant/tenant.h"
#include "storage/tenant/tenant_store.h"

namespace gatehouse::service {

// A change of the state of a tenant that moves, as TenantService/UpdateTenant makes one: with its
// events, which tell all servers of the database within a second.
struct MoveOfState {
  storage::TenantState state = storage::TenantState::kFrozen;
  std::string moved_to = {};
  // In which logs it stands.
  enum class Told {
    // The operator's, and the tenant's own.
    kBoth,
    // The operator's alone: the tenant's has moved already, and goes on elsewhere.
    kOperator,
    // Both, and in the operator's it is a tenant that is new here: servers read its keys.
    kArrival,
  };
  Told told = Told::kBoth;
};

// Makes it so, unless it is. NOT_FOUND, TENANT_NOT_FOUND. `tenants` outlives the call.
base::Task<absl::Status> SetTenantState(base::CallContext ctx, storage::TenantStore* tenants,
                                        base::Time now, base::Uuid id, MoveOfState change);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_TOOLS_MOVE_TENANT_STATES_H_
