#include "service/worker/tenant_round.h"

#include <chrono>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/system_context.h"

namespace gatehouse::service {

TenantRound::TenantRound(const auth::TenantDirectory& tenants, Work work, size_t tenants_per_turn)
    : tenants_(tenants), work_(std::move(work)), tenants_per_turn_(tenants_per_turn) {}

base::Task<absl::Status> TenantRound::RunOnce(base::CallContext ctx) {
  const std::vector<base::Uuid> ids = tenants_.ListActive(last_, tenants_per_turn_);
  const auto enough = (ctx.deadline() - std::chrono::steady_clock::now()) / 2;
  for (const base::Uuid& id : ids) {
    const auto left = ctx.deadline() - std::chrono::steady_clock::now();
    // One who has much to do has taken its time: who comes after gets as much, in the next turn.
    if (left < enough) co_return absl::OkStatus();
    last_ = id;
    base::CallContext of_tenant =
        base::SystemContext(ctx.loop(), ctx.principal().name, left, ctx.cancel(), id);
    GH_CO_RETURN_IF_ERROR(co_await work_(std::move(of_tenant)));
  }
  if (ids.size() < tenants_per_turn_) last_ = base::Uuid();
  co_return absl::OkStatus();
}

TenantRound::Work ForEachTenant(const auth::TenantDirectory& tenants, TenantRound::Work work) {
  return [round = std::make_shared<TenantRound>(tenants, std::move(work))](base::CallContext ctx) {
    return round->RunOnce(std::move(ctx));
  };
}

}  // namespace gatehouse::service
