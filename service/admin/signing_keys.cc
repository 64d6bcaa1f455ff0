#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth/signing_key/signing_key.h"
#include "base/status.h"
#include "gatehouse/v1/admin.pb.h"
#include "service/admin/admin_service.h"
#include "service/admin/operator_rules.h"
#include "service/common/change_attempts.h"
#include "service/common/timestamps.h"
#include "service/common/validate.h"

namespace gatehouse::service {
namespace {

using auth::KeyRotation;
using base::CallContext;
using base::Time;
using storage::SigningKeyRotation;
using storage::SigningKeyRow;

void ToProto(const SigningKeyRow& row, Time now, const std::string& signing, v1::SigningKey& out) {
  out.set_key_id(row.key_id);
  out.set_algorithm(row.algorithm);
  if (row.key_id == signing) {
    out.set_state(v1::SIGNING_KEY_STATE_SIGNING);
  } else if (row.active_from > now) {
    out.set_state(v1::SIGNING_KEY_STATE_PUBLISHED);
  } else {
    out.set_state(v1::SIGNING_KEY_STATE_RETIRED);
  }
  SetTimestamp(row.create_time, out.mutable_create_time());
  SetTimestamp(row.active_from, out.mutable_active_from_time());
  if (row.retired_at) SetTimestamp(*row.retired_at, out.mutable_retire_time());
}

v1::RotateSigningKeyResponse AnswerFor(const SigningKeyRotation& rotation, KeyRotation::Kind kind,
                                       Time now) {
  v1::RotateSigningKeyResponse response;
  if (!rotation.add) return response;
  const bool emergency = kind == KeyRotation::Kind::kEmergency;
  ToProto(*rotation.add, now, rotation.add->active_from <= now ? rotation.add->key_id : "",
          *response.mutable_key());
  if (emergency) {
    for (const std::string& key_id : rotation.remove) response.add_deleted_key_ids(key_id);
  } else if (!rotation.retire.empty()) {
    SetTimestamp(rotation.retire.back().second, response.mutable_retire_time());
  }
  return response;
}

}  // namespace

absl::StatusOr<base::Uuid> AdminService::TenantOf(const std::string& tenant_id) const {
  if (tenant_id.empty()) return base::kDefaultTenantId;
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("tenant_id", tenant_id);
  GH_RETURN_IF_ERROR(checks.ToStatus());
  if (!deps_.tenants.Find(tenant_id)) return auth::TenantNotFound();
  return *id;
}

AdminService::Result<v1::ListSigningKeysResponse> AdminService::ListSigningKeys(
    CallContext ctx, v1::ListSigningKeysRequest request) {
  GH_CO_RETURN_IF_ERROR(RequireOperator(ctx.principal(), auth::Permission::kAdminRead));
  GH_CO_ASSIGN_OR_RETURN(const base::Uuid tenant_id, TenantOf(request.tenant_id()));
  GH_CO_ASSIGN_OR_RETURN(std::vector<SigningKeyRow> rows, co_await deps_.signing_keys.List(ctx));
  const Time now = deps_.clock.Now();
  const auto current = deps_.keyring.Current(tenant_id, now);
  std::ranges::sort(rows, {}, [](const SigningKeyRow& row) {
    return std::pair(row.active_from, std::string_view(row.key_id));
  });
  v1::ListSigningKeysResponse response;
  for (const SigningKeyRow& row : rows) {
    if (row.tenant_id != tenant_id) continue;
    ToProto(row, now, current ? current->key_id() : "", *response.add_keys());
  }
  co_return response;
}

AdminService::Result<v1::RotateSigningKeyResponse> AdminService::RotateSigningKey(
    CallContext ctx, v1::RotateSigningKeyRequest request, MutationKey key) {
  GH_CO_RETURN_IF_ERROR(RequireOperator(ctx.principal(), auth::Permission::kAdminWrite));
  GH_CO_ASSIGN_OR_RETURN(const base::Uuid tenant_id, TenantOf(request.tenant_id()));
  GH_CO_RETURN_IF_ERROR(deps_.tenants.CheckActive(tenant_id));
  const auto kind = request.emergency() ? KeyRotation::Kind::kEmergency : KeyRotation::Kind::kEarly;
  for (ChangeAttempts attempts(""); attempts.Next();) {
    GH_CO_ASSIGN_OR_RETURN(const SigningKeyRotation rotation,
                           co_await deps_.rotation.Prepare(ctx, tenant_id, kind));
    const Time now = deps_.clock.Now();
    v1::RotateSigningKeyResponse response = AnswerFor(rotation, kind, now);
    if (request.validate_only()) co_return response;
    if (!rotation.add) co_return co_await deps_.once.Unchanged(ctx, key, now, response);
    const absl::Status rotated =
        co_await deps_.rotation.Apply(ctx, rotation, kind, key.WithResponse(response, now));
    if (attempts.Outrun(rotated, base::Reason::kConflict)) continue;
    // Verdicts were given to tokens of keys that are not trusted any more.
    if (request.emergency()) deps_.authenticator.InvalidateAll();
    GH_CO_RETURN_IF_ERROR(rotated);
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("signing key");
}

}  // namespace gatehouse::service
