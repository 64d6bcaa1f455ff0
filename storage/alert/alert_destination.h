#ifndef GATEHOUSE_STORAGE_ALERT_ALERT_DESTINATION_H_
#define GATEHOUSE_STORAGE_ALERT_ALERT_DESTINATION_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "storage/alert/alert.h"

namespace gatehouse::storage {

// Hours of some days of the week, in the destination's time zone.
struct QuietHours {
  // ISO 8601: 1 Monday to 7 Sunday.
  std::vector<int32_t> days;
  // Since midnight, below a day. The end is one of the next day where it is not after the start.
  std::chrono::minutes start{0};
  std::chrono::minutes end{0};

  friend bool operator==(const QuietHours&, const QuietHours&) = default;
};

// Whom to tell of alerts, by mail.
struct AlertDestination {
  base::Uuid tenant_id;
  base::Uuid id;
  std::string display_name;
  std::vector<std::string> addresses;
  std::vector<AlertKind> kinds;
  bool tells_resolved = false;
  std::string locale;
  std::string time_zone;
  std::chrono::milliseconds silence{0};
  std::vector<QuietHours> quiet_hours;
  bool wakes_critical = false;
  base::Time create_time;
  base::Time update_time;
  int64_t version = 1;
};

// What a destination is to be told, or not: an alert was told of in the log since.
struct AlertNotice {
  base::Uuid tenant_id;
  base::Uuid destination_id;
  base::Uuid alert_id;
  base::Time due_time;
  // Of the last mail; nullopt: there was none.
  std::optional<base::Time> told_time;
  std::optional<AlertState> told_state;
  int32_t told_level = 0;
  int64_t version = 1;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_ALERT_ALERT_DESTINATION_H_
