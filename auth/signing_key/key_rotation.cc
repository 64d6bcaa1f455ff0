#include "auth/signing_key/key_rotation.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "auth/signing_key/signing_key.h"
#include "base/status.h"
#include "storage/event_types.h"
#include "storage/tenant_event.h"

namespace gatehouse::auth {
namespace {

using auth::RotationPlan;
using base::CallContext;
using base::Task;
using base::Time;

// Losing a race means that somebody else has rotated; once more finds nothing
// to do.
constexpr int kMaxTries = 3;

// In one turn, each with a transaction of its own: a few seconds.
constexpr int kMaxTenantsPerTurn = 1000;

using KeysByTenant = std::map<base::Uuid, std::vector<SigningKeyRow>>;

KeysByTenant ByTenant(std::vector<SigningKeyRow> rows) {
  KeysByTenant by_tenant;
  for (SigningKeyRow& row : rows) by_tenant[row.tenant_id].push_back(std::move(row));
  return by_tenant;
}

storage::SigningKeyRotation ToRotation(const base::Uuid& tenant_id, const RotationPlan& plan,
                                       Time now, SigningAlgorithm algorithm,
                                       const storage::SealingKeys& keys) {
  storage::SigningKeyRotation rotation{.tenant_id = tenant_id};
  if (plan.add_active_from) {
    rotation.add =
        SigningKey::Generate(algorithm, rotation.tenant_id, now, *plan.add_active_from, keys);
  }
  for (const auto& [key_id, retired_at] : plan.retire) {
    rotation.retire.emplace_back(key_id, retired_at);
  }
  rotation.remove = plan.remove;
  return rotation;
}

storage::Change ChangeOf(const CallContext& ctx, const storage::SigningKeyRotation& rotation,
                         Time now, std::string details = "{}") {
  std::vector<storage::EventTarget> targets;
  if (rotation.add) targets.push_back({"signing_key", rotation.add->key_id, "added"});
  for (const auto& [key_id, when] : rotation.retire) {
    targets.push_back({"signing_key", key_id, "retired"});
  }
  for (const std::string& key_id : rotation.remove) {
    targets.push_back({"signing_key", key_id, "removed"});
  }
  storage::Event event =
      storage::MakeEvent(ctx, now, std::string(storage::event_types::kSigningKeyRotated),
                         std::move(targets), std::move(details));
  // What the server does by itself is nobody's affair but the tenant's.
  if (ctx.principal().kind == base::Principal::Kind::kSystem) event.tenant_id = rotation.tenant_id;
  if (rotation.tenant_id == event.tenant_id) return {.events = {std::move(event)}};
  storage::Event own = storage::ForTenant(event, rotation.tenant_id);
  return {.events = {std::move(event), std::move(own)}};
}

}  // namespace

Task<absl::StatusOr<std::vector<SigningKeyRow>>> KeyRotation::ReadAndLoad(CallContext ctx) {
  GH_CO_ASSIGN_OR_RETURN(std::vector<SigningKeyRow> rows, co_await store_.List(ctx));
  GH_CO_RETURN_IF_ERROR(keyring_.Load(rows));
  co_return rows;
}

Task<absl::Status> KeyRotation::Load(CallContext ctx) {
  co_return (co_await ReadAndLoad(std::move(ctx))).status();
}

Task<absl::Status> KeyRotation::RunOnce(CallContext ctx) {
  for (int tries = 0; tries < kMaxTries; ++tries) {
    GH_CO_ASSIGN_OR_RETURN(const std::vector<SigningKeyRow> rows, co_await ReadAndLoad(ctx));
    GH_CO_ASSIGN_OR_RETURN(const int rotated, co_await RotateDue(ctx, rows));
    if (rotated == 0) co_return absl::OkStatus();
    if (rotated == kMaxTenantsPerTurn) co_return co_await Load(ctx);
  }
  co_return base::InternalError("signing keys do not come to rest: do clocks differ?");
}

Task<absl::StatusOr<int>> KeyRotation::RotateDue(CallContext ctx, std::vector<SigningKeyRow> rows) {
  KeysByTenant by_tenant = ByTenant(std::move(rows));
  // Also those that have none.
  for (const base::Uuid& id : tenants_.ListActive({}, std::numeric_limits<size_t>::max())) {
    by_tenant.try_emplace(id);
  }
  int rotated = 0;
  // One that fails holds up no other, whose keys would run out.
  absl::Status problem;
  for (auto at = by_tenant.begin(); at != by_tenant.end() && rotated < kMaxTenantsPerTurn; ++at) {
    const base::Uuid tenant_id = at->first;
    const Time now = clock_.Now();
    const RotationPlan plan = auth::PlanRotation(at->second, now, keyring_.policy());
    if (plan.empty() || !tenants_.CheckActive(tenant_id).ok()) continue;
    ++rotated;
    storage::SigningKeyRotation rotation =
        ToRotation(tenant_id, plan, now, algorithm_, keyring_.sealing_keys());
    storage::Change change = ChangeOf(ctx, rotation, now);
    const absl::Status status = co_await store_.Rotate(ctx, std::move(rotation), std::move(change));
    if (!base::HasReason(status, base::Reason::kConflict)) problem.Update(status);
  }
  GH_CO_RETURN_IF_ERROR(problem);
  co_return rotated;
}

storage::SigningKeyRow KeyRotation::MakeFirst(const base::Uuid& tenant_id) const {
  const Time now = clock_.Now();
  return SigningKey::Generate(algorithm_, tenant_id, now, now, keyring_.sealing_keys());
}

Task<absl::StatusOr<storage::SigningKeyRotation>> KeyRotation::Prepare(CallContext ctx,
                                                                       base::Uuid tenant_id,
                                                                       Kind kind) {
  GH_CO_ASSIGN_OR_RETURN(std::vector<SigningKeyRow> all, co_await store_.List(ctx));
  const std::vector<SigningKeyRow> rows = ByTenant(std::move(all))[tenant_id];
  const Time now = clock_.Now();
  const RotationPlan plan = kind == Kind::kEmergency
                                ? PlanEmergencyRotation(rows, now)
                                : PlanEarlyRotation(rows, now, keyring_.policy());
  co_return ToRotation(tenant_id, plan, now, algorithm_, keyring_.sealing_keys());
}

Task<absl::Status> KeyRotation::Apply(CallContext ctx, storage::SigningKeyRotation rotation,
                                      Kind kind, std::optional<storage::Idempotency> idempotency) {
  storage::Change change =
      ChangeOf(ctx, rotation, clock_.Now(),
               kind == Kind::kEmergency ? R"({"emergency":true})" : R"({"emergency":false})");
  change.idempotency = std::move(idempotency);
  GH_CO_RETURN_IF_ERROR(co_await store_.Rotate(ctx, std::move(rotation), std::move(change)));
  co_return co_await Load(ctx);
}

Task<absl::StatusOr<storage::Resealed<std::string>>> KeyRotation::Reseal(CallContext ctx) {
  GH_CO_ASSIGN_OR_RETURN(const std::vector<SigningKeyRow> rows, co_await store_.List(ctx));
  storage::Resealed<std::string> found{.looked_at = static_cast<int64_t>(rows.size())};
  std::vector<storage::ResealedKey> resealed;
  for (const SigningKeyRow& row : rows) {
    GH_CO_ASSIGN_OR_RETURN(std::optional<std::string> key,
                           SigningKey::Reseal(row, keyring_.sealing_keys()));
    if (key) resealed.push_back({row.tenant_id, row.key_id, row.private_key, *std::move(key)});
  }
  found.resealed = static_cast<int64_t>(resealed.size());
  if (resealed.empty()) co_return found;
  storage::Change change{.events = {storage::MakeEvent(
                             ctx, clock_.Now(), std::string(storage::event_types::kSecretsResealed),
                             {{"secrets", "signing_key", ""}})}};
  GH_CO_RETURN_IF_ERROR(co_await store_.Reseal(ctx, std::move(resealed), std::move(change)));
  co_return found;
}

}  // namespace gatehouse::auth
