#ifndef GATEHOUSE_SERVICE_WEBHOOK_REPLAY_REPLAY_EVENT_H_
#define GATEHOUSE_SERVICE_WEBHOOK_REPLAY_REPLAY_EVENT_H_

#include <string>
#include <string_view>

#include "base/call_context.h"
#include "base/time.h"
#include "storage/event.h"
#include "storage/replay/replay.h"

namespace gatehouse::service {

// An event about a replay and its endpoint, which may be gone.
storage::Event ReplayEvent(const base::CallContext& ctx, base::Time now, std::string_view type,
                           const storage::Replay& replay, std::string details_json);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WEBHOOK_REPLAY_REPLAY_EVENT_H_
