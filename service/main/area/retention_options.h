#ifndef GATEHOUSE_SERVICE_MAIN_AREA_RETENTION_OPTIONS_H_
#define GATEHOUSE_SERVICE_MAIN_AREA_RETENTION_OPTIONS_H_

#include <chrono>
#include <optional>

#include "base/time.h"
#include "service/config/config.h"
#include "service/main/area/storage_area.h"
#include "service/retention/retention_periods.h"
#include "service/retention/retention_sweeper.h"

namespace gatehouse::service {

// What sweeps of a process are made of: those of its worker, and those of `gatehouse retention`.

inline RetentionSweeper::Deps RetentionDepsOf(StorageArea& storage, const base::Clock& clock) {
  return {.retention = storage.retention,
          .requests = storage.requests,
          .one_time_tokens = storage.one_time_tokens,
          .replays = storage.replays,
          .users = {.purges = storage.user_purges,
                    .users = storage.users,
                    .api_keys = storage.api_keys,
                    .threads = storage.threads,
                    .clock = clock},
          .clock = clock};
}

inline RetentionPeriods RetentionPeriodsOf(const config::RetentionSettings& config) {
  using enum RetentionPolicy;
  const auto or_ever = [](std::chrono::days days) -> std::optional<std::chrono::seconds> {
    if (days == std::chrono::days(0)) return std::nullopt;
    return days;
  };
  RetentionPeriods periods;
  periods[kEvents] = or_ever(config.events);
  periods[kAttempts] = or_ever(config.attempts);
  periods[kEndedSessions] = or_ever(config.ended_sessions);
  periods[kRequests] = config.requests;
  periods[kOneTimeTokens] = config.one_time_tokens;
  periods[kReplays] = or_ever(config.replays);
  periods[kAlerts] = or_ever(config.alerts);
  periods[kMessages] = or_ever(config.messages);
  periods[kDeletedUsers] = config.deleted_users;
  return periods;
}

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_AREA_RETENTION_OPTIONS_H_
