#include "service/delivery/queue/retry_schedule.h"

#include <time.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <iterator>
#include <string>

namespace gatehouse::service::delivery {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// The delay after each failed attempt but the last.
constexpr base::Duration kSteps[] = {seconds(5), minutes(5), minutes(30), hours(2), hours(5),
                                     hours(10),  hours(14),  hours(20),   hours(24)};
static_assert(std::size(kSteps) == kMaxAttempts - 1);

constexpr base::Duration kMinJitter = seconds(2);
constexpr base::Duration kMaxJitter = minutes(15);
constexpr base::Duration kMaxRetryAfter = hours(24);
constexpr base::Duration kRetryAfterSlack = hours(2);
// Beyond any bound above: what a larger number is taken for.
constexpr int64_t kMaxParsedSeconds = int64_t{365} * 24 * 3600;

}  // namespace

std::optional<base::Duration> RetryDelay(int attempts, std::optional<base::Duration> retry_after,
                                         uint32_t random) {
  if (attempts < 1 || attempts >= kMaxAttempts) return std::nullopt;
  const base::Duration step = kSteps[attempts - 1];
  base::Duration delay = step;
  if (retry_after) {
    const base::Duration cap =
        std::max(step, std::min(2 * step + kRetryAfterSlack, kMaxRetryAfter));
    delay = std::max(step, std::min(*retry_after, cap));
  }
  const base::Duration jitter = std::clamp(step / 10, kMinJitter, kMaxJitter);
  return delay + base::Duration(jitter.count() * static_cast<int64_t>(random) / UINT32_MAX);
}

std::optional<base::Duration> ParseRetryAfter(std::string_view value, base::Time now) {
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
  if (value.empty()) return std::nullopt;
  if (value.find_first_not_of("0123456789") == std::string_view::npos) {
    int64_t count = 0;
    const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), count);
    if (error == std::errc::result_out_of_range) count = kMaxParsedSeconds;
    return seconds(std::min(count, kMaxParsedSeconds));
  }
  // RFC 9110: IMF-fixdate, e.g. "Sun, 06 Nov 1994 08:49:37 GMT".
  tm parts = {};
  const std::string terminated(value);
  const char* end = strptime(terminated.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || end != terminated.c_str() + terminated.size()) return std::nullopt;
  const base::Time when = base::Time(seconds(timegm(&parts)));
  if (when <= now) return std::nullopt;
  return when - now;
}

}  // namespace gatehouse::service::delivery
