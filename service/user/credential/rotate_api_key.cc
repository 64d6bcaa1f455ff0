#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth/api_key/api_key.h"
#include "auth/permission/permissions.h"
#include "auth/step_up/step_up.h"
#include "auth/verdict/authenticator.h"
#include "base/reason.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/change_attempts.h"
#include "service/common/json.h"
#include "service/common/timestamps.h"
#include "service/common/validate.h"
#include "service/user/user_conversion.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

// Enough for a deployment; a leak is mended by 0.
constexpr base::Duration kUsualOverlap = std::chrono::hours(24);
constexpr base::Duration kLongestOverlap = std::chrono::days(30);

absl::Status HasEnded() {
  return base::MakeError(absl::StatusCode::kFailedPrecondition, "the API key has ended",
                         {.reason = base::Reason::kConstraintViolated});
}

absl::StatusOr<base::Duration> OverlapOf(const v1::RotateApiKeyRequest& request) {
  if (!request.has_overlap()) return kUsualOverlap;
  GH_ASSIGN_OR_RETURN(const base::Duration overlap,
                      DurationFromProto("overlap", request.overlap()));
  if (overlap < base::Duration(0) || overlap > kLongestOverlap) {
    return base::InvalidField("overlap", "must be 0 to 30 days");
  }
  return overlap;
}

storage::Event RotatedEvent(const base::CallContext& ctx, const storage::ApiKey& key,
                            base::Duration overlap) {
  const int64_t overlap_ms = std::chrono::duration_cast<std::chrono::milliseconds>(overlap).count();
  return KeyEvent(ctx, *key.rotate_time, storage::event_types::kApiKeyRotated, key,
                  JsonObject().AddNumber("overlap_ms", overlap_ms).ToString());
}

}  // namespace

UserService::Result<v1::RotateApiKeyResponse> UserService::RotateApiKey(
    base::CallContext ctx, v1::RotateApiKeyRequest request, MutationKey key) {
  FieldChecks checks;
  const std::optional<base::Uuid> id = checks.RequireUuid("api_key_id", request.api_key_id());
  const absl::StatusOr<base::Duration> overlap = OverlapOf(request);
  checks.Check(overlap.status());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  GH_CO_RETURN_IF_ERROR(deps_.step_up.Require(ctx.principal()));
  const base::Uuid tenant_id = ctx.principal().tenant_id;
  for (ChangeAttempts attempts(/*etag=*/""); attempts.Next();) {
    GH_CO_ASSIGN_OR_RETURN(std::optional<storage::ApiKey> found,
                           co_await deps_.api_keys.Get(ctx, tenant_id, *id));
    if (!found) co_return ApiKeyNotFound();
    // Whoever rotates it gets what it may do.
    GH_CO_RETURN_IF_ERROR(
        auth::RequireWithinOwn(ctx.principal(), auth::KnownPermissions(found->permissions)));
    const base::Time now = deps_.clock.Now();
    if (!found->IsLive(now)) co_return HasEnded();
    const std::optional<base::Time> read = found->rotate_time;
    const auth::NewApiKey secret = auth::MakeApiKey(tenant_id);
    found->key_prefix = secret.prefix;
    found->rotate_time = now;
    found->former_expire_time = now + *overlap;
    v1::RotateApiKeyResponse response;
    ToProto(*found, *response.mutable_api_key());
    if (request.validate_only()) {
      response.mutable_api_key()->clear_key_prefix();
      co_return response;
    }
    // What retries get is kept without the key: only its hash is ever stored.
    storage::Change change{.events = {RotatedEvent(ctx, *found, *overlap)},
                           .idempotency = key.WithResponse(response, now)};
    const absl::Status rotated =
        co_await deps_.api_keys.Rotate(ctx, *found, secret.hash, read, std::move(change));
    if (attempts.Outrun(rotated)) continue;
    GH_CO_RETURN_IF_ERROR(rotated);
    // What is in memory of the secret before does not know its end.
    deps_.authenticator.Forget(*id);
    response.set_key(secret.key);
    co_return response;
  }
  co_return ChangeAttempts::KeptChanging("API key");
}

}  // namespace gatehouse::service
