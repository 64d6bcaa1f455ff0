#ifndef GATEHOUSE_SERVICE_RETENTION_RETENTION_PERIODS_H_
#define GATEHOUSE_SERVICE_RETENTION_RETENTION_PERIODS_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace gatehouse::service {

// What is kept for a while and then goes, each by a rule of its own.
enum class RetentionPolicy {
  kEvents,
  kAttempts,
  kEndedSessions,
  kRequests,
  kOneTimeTokens,
  kReplays,
  kAlerts,
  kMessages,
  kDeletedUsers,
};

inline constexpr std::array kRetentionPolicies = {
    RetentionPolicy::kEvents,   RetentionPolicy::kAttempts,      RetentionPolicy::kEndedSessions,
    RetentionPolicy::kRequests, RetentionPolicy::kOneTimeTokens, RetentionPolicy::kReplays,
    RetentionPolicy::kAlerts,   RetentionPolicy::kMessages,      RetentionPolicy::kDeletedUsers,
};

// Its name in metrics, on the command line and, as retention.NAME_days, in the configuration.
constexpr std::string_view NameOf(RetentionPolicy policy) {
  switch (policy) {
    case RetentionPolicy::kEvents:
      return "events";
    case RetentionPolicy::kAttempts:
      return "attempts";
    case RetentionPolicy::kEndedSessions:
      return "ended_sessions";
    case RetentionPolicy::kRequests:
      return "requests";
    case RetentionPolicy::kOneTimeTokens:
      return "one_time_tokens";
    case RetentionPolicy::kReplays:
      return "replays";
    case RetentionPolicy::kAlerts:
      return "alerts";
    case RetentionPolicy::kMessages:
      return "messages";
    case RetentionPolicy::kDeletedUsers:
      break;
  }
  return "deleted_users";
}

// For how long each is kept; nullopt: for ever.
class RetentionPeriods {
 public:
  std::optional<std::chrono::seconds>& operator[](RetentionPolicy policy) {
    return periods_[static_cast<size_t>(policy)];
  }
  std::optional<std::chrono::seconds> operator[](RetentionPolicy policy) const {
    return periods_[static_cast<size_t>(policy)];
  }

 private:
  std::array<std::optional<std::chrono::seconds>, kRetentionPolicies.size()> periods_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_RETENTION_RETENTION_PERIODS_H_
