#include "service/mail/message/local_time.h"

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace gatehouse::service::mail {
namespace {

absl::TimeZone ZoneOf(const std::string& name) {
  absl::TimeZone zone;
  if (name.empty() || !absl::LoadTimeZone(name, &zone)) return absl::UTCTimeZone();
  return zone;
}

}  // namespace

bool HasTimeZone(const std::string& zone) {
  absl::TimeZone ignored;
  return absl::LoadTimeZone(zone, &ignored);
}

std::string FormatLocalTime(base::Time time, const std::string& zone) {
  return absl::FormatTime("%Y-%m-%d %H:%M %Z", absl::FromUnixMicros(base::ToMicros(time)),
                          ZoneOf(zone));
}

LocalMoment LocalMomentOf(base::Time time, const std::string& zone) {
  const absl::CivilSecond local =
      absl::ToCivilSecond(absl::FromUnixMicros(base::ToMicros(time)), ZoneOf(zone));
  // absl's begins with Monday as 0.
  return {
      .weekday = static_cast<int>(absl::GetWeekday(local)) + 1,
      .since_midnight = std::chrono::hours(local.hour()) + std::chrono::minutes(local.minute())};
}

}  // namespace gatehouse::service::mail
