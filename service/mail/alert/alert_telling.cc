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
// More than a change of the clocks makes of a night.
constexpr std::chrono::minutes kClockChange = std::chrono::hours(2);

bool Has(const std::vector<int32_t>& days, int weekday) {
  return std::ranges::find(days, weekday) != days.end();
}

// How long it is quiet from `at` on, by the clock on the wall; 0: it is not.
std::chrono::minutes LeftOf(const QuietHours& hours, const LocalMoment& at) {
  using std::chrono::minutes;
  const bool today = Has(hours.days, at.weekday);
  if (hours.start < hours.end) {
    const bool is_in = today && hours.start <= at.since_midnight && at.since_midnight < hours.end;
    return is_in ? hours.end - at.since_midnight : minutes(0);
  }
  // Over midnight.
  if (today && at.since_midnight >= hours.start) return kDay - at.since_midnight + hours.end;
  const int before = at.weekday == 1 ? kDaysOfWeek : at.weekday - 1;
  const bool is_in = Has(hours.days, before) && at.since_midnight < hours.end;
  return is_in ? hours.end - at.since_midnight : minutes(0);
}

// The longest of all.
std::chrono::minutes QuietFor(const storage::AlertDestination& destination, base::Time at) {
  const LocalMoment moment = LocalMomentOf(at, destination.time_zone);
  std::chrono::minutes left(0);
  for (const QuietHours& hours : destination.quiet_hours) {
    left = std::max(left, LeftOf(hours, moment));
  }
  return left;
}

bool IsNews(const storage::AlertDestination& destination, const storage::AlertNotice& notice,
            const storage::Alert& alert) {
  const bool told_open = notice.told_state && *notice.told_state != AlertState::kResolved;
  if (alert.state == AlertState::kResolved) return told_open && destination.tells_resolved;
  return !told_open || alert.level > notice.told_level;
}

}  // namespace

std::optional<base::Time> QuietUntil(const storage::AlertDestination& destination, base::Time now) {
  using std::chrono::minutes;
  if (QuietFor(destination, now) == minutes(0)) return std::nullopt;
  // By minutes at the end of each, so that a change to summer time in between needs no thought;
  // and not before, or a week of them would hold up the loop.
  base::Time at = std::chrono::floor<minutes>(now);
  const base::Time last = now + kDay * kDaysOfWeek;
  while (at < last) {
    const minutes left = QuietFor(destination, at);
    if (left == minutes(0)) break;
    at += std::max(minutes(1), left - kClockChange);
  }
  return std::min<base::Time>(at, std::chrono::ceil<minutes>(last));
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
