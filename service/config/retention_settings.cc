#include "service/config/retention_settings.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "service/config/setting_makers.h"

namespace gatehouse::service::config {
namespace {

// A hundred years: longer than that is for ever.
constexpr int64_t kMostDays = 36'500;
// What the database itself insists on, so that who takes over a server cannot wipe out its traces.
constexpr int64_t kLeastEventDays = 7;
// Promised in the .proto files.
constexpr int64_t kLeastReplayDays = 30;
constexpr int64_t kLeastRequestHours = 24;
constexpr int64_t kMostHours = 8'760;

// 0 for ever, else at least `least` days.
template <typename Field>
Setting DaysOrEver(std::string key, std::string help, int64_t least, Field field) {
  Setting setting = Span(key, std::move(help), 0, kMostDays, field);
  setting.set = [key, least, field](Config& config, std::string_view value) {
    int64_t count = 0;
    GH_RETURN_IF_ERROR(ParseInteger(key, value, 0, kMostDays, count));
    if (count != 0 && count < least) {
      return base::InvalidField(key, "must be 0, for ever, or a whole number from " +
                                         std::to_string(least) + " to " +
                                         std::to_string(kMostDays));
    }
    field(config) = std::chrono::days(count);
    return absl::OkStatus();
  };
  return setting;
}

}  // namespace

void AddRetention(std::vector<Setting>& all) {
  all.push_back(DaysOrEver("retention.events_days",
                           "How long events stay in the log, in days; 0: for ever. Whole days go, "
                           "from the beginning, none that somebody still waits for.",
                           kLeastEventDays, GH_FIELD(retention.events)));
  all.push_back(DaysOrEver("retention.attempts_days",
                           "How long attempts at webhooks can be seen, in days; 0: for ever.", 1,
                           GH_FIELD(retention.attempts)));
  all.push_back(DaysOrEver("retention.ended_sessions_days",
                           "How long sessions that have ended can be seen, in days; 0: for ever.",
                           1, GH_FIELD(retention.ended_sessions)));
  all.push_back(Span("retention.requests_hours",
                     "How long a repeated request_id gets the first answer again, in hours.",
                     kLeastRequestHours, kMostHours, GH_FIELD(retention.requests)));
  all.push_back(Span("retention.one_time_tokens_hours",
                     "How long one-time tokens are kept after they have expired, in hours; they "
                     "are good for nothing by then.",
                     0, kMostHours, GH_FIELD(retention.one_time_tokens)));
  all.push_back(DaysOrEver("retention.replays_days",
                           "How long replays of webhooks that have ended can be seen, in days; 0: "
                           "for ever.",
                           kLeastReplayDays, GH_FIELD(retention.replays)));
  all.push_back(DaysOrEver("retention.alerts_days",
                           "How long alerts that are resolved can be seen, in days; 0: for ever.",
                           1, GH_FIELD(retention.alerts)));
  all.push_back(DaysOrEver("retention.messages_days",
                           "How long a conversation thread is kept after its last message, in "
                           "days; 0: until it or its user is deleted.",
                           1, GH_FIELD(retention.messages)));
  all.push_back(Span("retention.deleted_users_days",
                     "How long deleted users can be brought back, in days; then what is left of "
                     "them goes. Of each it is what the setting says as it is deleted.",
                     1, kMostDays, GH_FIELD(retention.deleted_users)));
}

}  // namespace gatehouse::service::config
