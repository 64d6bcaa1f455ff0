#include "service/webhook/replay/replay_event.h"

#include <utility>

namespace gatehouse::service {

storage::Event ReplayEvent(const base::CallContext& ctx, base::Time now, std::string_view type,
                           const storage::Replay& replay, std::string details_json) {
  return storage::MakeEvent(ctx, now, std::string(type),
                            {{.type = "endpoint", .id = replay.endpoint_id.ToString(), .label = ""},
                             {.type = "replay", .id = replay.id.ToString(), .label = ""}},
                            std::move(details_json));
}

}  // namespace gatehouse::service
