// Devices that stand in for a second factor.

#include <optional>
#include <string>
#include <utility>

#include "auth/token/device_token.h"
#include "base/status.h"
#include "service/session/session_service.h"

namespace gatehouse::service {

SessionService::Result<std::optional<storage::SecondFactorUse>> SessionService::FindDevice(
    base::CallContext ctx, storage::UserCredentials user, std::string token) {
  if (options_.remember_device.count() == 0) co_return std::nullopt;
  const std::optional<auth::DeviceTokenCodec::Device> shown = deps_.device_tokens.Read(token);
  if (!shown || shown->tenant_id != user.tenant_id || shown->user_id != user.id) {
    co_return std::nullopt;
  }
  const storage::DeviceUse use{
      .device_id = shown->device_id, .token_hash = shown->hash, .now = deps_.clock.Now()};
  GH_CO_ASSIGN_OR_RETURN(const bool remembered, co_await deps_.second_factors.IsRemembered(
                                                    ctx, user.tenant_id, user.id, use));
  if (!remembered) co_return std::nullopt;
  storage::SecondFactorUse proven;
  proven.device = use;
  co_return proven;
}

SessionService::RememberedNow SessionService::RememberDevice(
    const storage::Session& session) const {
  const base::Uuid id = base::Uuid::MakeV7(session.create_time);
  auth::DeviceTokenCodec::Made made =
      deps_.device_tokens.Make(session.tenant_id, session.user_id, id);
  return {.device = {.device = {.id = id,
                                .label = session.label,
                                .ip_address = session.ip_address,
                                .user_agent = session.user_agent,
                                .create_time = session.create_time,
                                .last_used_time = std::nullopt,
                                .expire_time = session.create_time + options_.remember_device},
                     .token_hash = std::move(made.device.hash)},
          .token = std::move(made.token)};
}

}  // namespace gatehouse::service
