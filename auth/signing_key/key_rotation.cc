#include "auth/signing_key/key_rotation.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "auth/signing_key/signing_key.h"
#include "base/status.h"
#include "storage/event_types.h"

namespace gatehouse::auth {
namespace {

using auth::RotationPlan;
using base::CallContext;
using base::Task;
using base::Time;

// Losing a race means that somebody else has rotated; once more finds nothing
// to do.
constexpr int kMaxTries = 3;

storage::SigningKeyRotation ToRotation(const RotationPlan& plan, Time now,
                                       SigningAlgorithm algorithm,
                                       const storage::SealingKeys& keys) {
  storage::SigningKeyRotation rotation{.tenant_id = base::kDefaultTenantId};
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
  return {
      .events = {storage::MakeEvent(ctx, now, std::string(storage::event_types::kSigningKeyRotated),
                                    std::move(targets), std::move(details))}};
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
    const Time now = clock_.Now();
    const RotationPlan plan = auth::PlanRotation(rows, now, keyring_.policy());
    if (plan.empty()) co_return absl::OkStatus();
    storage::SigningKeyRotation rotation =
        ToRotation(plan, now, algorithm_, keyring_.sealing_keys());
    storage::Change change = ChangeOf(ctx, rotation, now);
    const absl::Status rotated =
        co_await store_.Rotate(ctx, std::move(rotation), std::move(change));
    if (!rotated.ok() && !base::HasReason(rotated, base::Reason::kConflict)) co_return rotated;
  }
  co_return base::InternalError("signing keys do not come to rest: do clocks differ?");
}

Task<absl::StatusOr<storage::SigningKeyRotation>> KeyRotation::Prepare(CallContext ctx, Kind kind) {
  GH_CO_ASSIGN_OR_RETURN(const std::vector<SigningKeyRow> rows, co_await store_.List(ctx));
  const Time now = clock_.Now();
  const RotationPlan plan = kind == Kind::kEmergency
                                ? PlanEmergencyRotation(rows, now)
                                : PlanEarlyRotation(rows, now, keyring_.policy());
  co_return ToRotation(plan, now, algorithm_, keyring_.sealing_keys());
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
