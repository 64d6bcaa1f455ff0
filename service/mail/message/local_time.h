#ifndef GATEHOUSE_SERVICE_MAIL_MESSAGE_LOCAL_TIME_H_
#define GATEHOUSE_SERVICE_MAIL_MESSAGE_LOCAL_TIME_H_

#include <chrono>
#include <string>

#include "base/time.h"

namespace gatehouse::service::mail {

// Whether this machine's time zone database has it.
bool HasTimeZone(const std::string& zone);

// "2026-01-01 13:00 CET", for people. UTC for a zone that the machine does not know.
std::string FormatLocalTime(base::Time time, const std::string& zone);

// Where in the week a moment is in a zone. UTC as above.
struct LocalMoment {
  // ISO 8601: 1 Monday to 7 Sunday.
  int weekday = 1;
  std::chrono::minutes since_midnight{0};
};
LocalMoment LocalMomentOf(base::Time time, const std::string& zone);

}  // namespace gatehouse::service::mail

#endif  // GATEHOUSE_SERVICE_MAIL_MESSAGE_LOCAL_TIME_H_
