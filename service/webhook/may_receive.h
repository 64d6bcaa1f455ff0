#ifndef GATEHOUSE_SERVICE_WEBHOOK_MAY_RECEIVE_H_
#define GATEHOUSE_SERVICE_WEBHOOK_MAY_RECEIVE_H_

#include <span>
#include <string>

#include "absl/status/status.h"
#include "auth/permission/permissions.h"
#include "base/call_context.h"
#include "service/common/event_type.h"

namespace gatehouse::service {

// What somebody has sent somewhere, he reads: the server's own events, which tell of users and
// sessions, only go where somebody sends them who may read them.
inline absl::Status CheckMayReceive(const base::CallContext& ctx,
                                    std::span<const std::string> event_types) {
  if (!CoversReservedTypes(event_types)) return absl::OkStatus();
  return auth::RequirePermission(ctx.principal(), auth::Permission::kEventsRead);
}

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WEBHOOK_MAY_RECEIVE_H_
