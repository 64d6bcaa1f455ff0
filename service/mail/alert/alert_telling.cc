#include "service/mail/alert/alert_telling.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include "service/mail/message/local_time.h"

namespace gatehouse::service::mail {
namespace {

using storage::AlertState;
using storage::QuietHours;

constexpr std::chrono::minutes kDay = std::chrono::days(1);
constexpr int kDaysOfWeek = 7;

bool Has(const std::vector<int32_t>& days, int weekday) {
  return std::ranges::find(days, weekday) != days.end();
}

bool IsIn(const QuietHours& hours, const LocalMoment& at) {
  if (hours.start < hours.end) {
    return Has(hours.days, at.weekday) && hours.start <= at.since_midnight &&
           at.since_midnight < hours.end;
  }
  // Over midnight.
  const int before = at.weekday == 1 ? kDaysOfWeek : at.weekday - 1;
  return (Has(hours.days, at.weekday) && at.since_midnight >= hours.start) ||
         (Has(hours.days, before) && at.since_midnight < hours.end);
}

bool IsQuiet(const storage::AlertDestination& destination, base::Time at) {
  const LocalMoment moment = LocalMomentOf(at, destination.time_zone);
  return std::ranges::any_of(destination.quiet_hours,
                             [&moment](const QuietHours& hours) { return IsIn(hours, moment); });
}

bool IsNews(const storage::AlertDestination& destination, const storage::AlertNotice& notice,
            const storage::Alert& alert) {
  const bool told_open = notice.told_state && *notice.told_state != AlertState::kResolved;
  if (alert.state == AlertState::kResolved) return told_open && destination.tells_resolved;
  return !told_open || alert.level > notice.told_level;
}

}  // namespace

std::optional<base::Time> QuietUntil(const storage::AlertDestination& destination, base::Time now) {
  if (destination.quiet_hours.empty() || !IsQuiet(destination, now)) return std::nullopt;
  // By steps, so that a change to summer time in between needs no thought.
  base::Time at = std::chrono::floor<std::chrono::minutes>(now);
  const base::Time last = now + kDay * kDaysOfWeek;
  while (at < last && IsQuiet(destination, at)) at += std::chrono::minutes(1);
  return at;
}

Telling TellingOf(const storage::AlertDestination& destination, const storage::AlertNotice& notice,
                  const storage::Alert& alert, base::Time now) {
  if (!IsNews(destination, notice, alert)) return {};
  base::Time again = now;
  if (notice.told_time) again = std::max(again, *notice.told_time + destination.silence);
  const bool critical =
      storage::SeverityOf(alert.key.kind, alert.level) == storage::AlertSeverity::kCritical;
  if (!critical || !destination.wakes_critical) {
    if (const std::optional<base::Time> until = QuietUntil(destination, again)) again = *until;
  }
  if (again > now) return {.what = Telling::What::kLater, .again = again};
  return {.what = Telling::What::kTell};
}

}  // namespace gatehouse::service::mail
