#ifndef GATEHOUSE_SERVICE_WORKER_TENANT_ROUND_H_
#define GATEHOUSE_SERVICE_WORKER_TENANT_ROUND_H_

#include <cstddef>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "auth/tenant/tenant_directory.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/uuid.h"

namespace gatehouse::service {

// Does a piece of work for one tenant after the other, so many a turn, and goes on from there in
// the next one: however many tenants there are, a turn costs no more. Of those that are frozen
// nothing changes.
//
// Thread: one loop, one turn at a time, like that of the PeriodicWorker it is for.
class TenantRound {
 public:
  // For the tenant of its context.
  using Work = std::function<base::Task<absl::Status>(base::CallContext)>;

  // A few statements each, while nothing is to be done.
  static constexpr size_t kTenantsPerTurn = 200;

  // `tenants` outlives it.
  TenantRound(const auth::TenantDirectory& tenants, Work work,
              size_t tenants_per_turn = kTenantsPerTurn);

  // One turn. `ctx` is of the server itself; ends at the first error, and the next turn begins with
  // the tenant after: one that fails holds up no other. So does one after whom less than half of
  // the turn's time is left: whoever is looked at has at least that.
  base::Task<absl::Status> RunOnce(base::CallContext ctx);

 private:
  const auth::TenantDirectory& tenants_;
  const Work work_;
  const size_t tenants_per_turn_;
  // The last one that was looked at; nil: the next is the first.
  base::Uuid last_;
};

// The work of a PeriodicWorker that makes such rounds.
TenantRound::Work ForEachTenant(const auth::TenantDirectory& tenants, TenantRound::Work work);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WORKER_TENANT_ROUND_H_
