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

constexpr base::Duration kSteps[] = {seconds(5), minutes(5), minutes(30), hours(2), hours(5),
                                     hours(10),  hours(14),  hours(20),   hours(24)};
static_assert(std::size(kSteps) == kMaxAttempts - 1);

constexpr base::Duration kMinJitter = seconds(2);
constexpr base::Duration kMaxJitter = minutes(15);
constexpr base::Duration kMaxRetryAfter = hours(24);
constexpr base::Duration kRetryAfterSlack = hours(2);
// Beyond any bound above: what a larger number is taken for.
constexpr int64_t kMaxParsedSeconds = int64_t{365} * 24 * 3600;

// The three forms of RFC 9110, 5.6.7.
std::optional<base::Time> ParseHttpDate(const std::string& text, base::Time now) {
  constexpr const char* kRfc850 = "%A, %d-%b-%y %H:%M:%S GMT";
  for (const char* format : {"%a, %d %b %Y %H:%M:%S GMT", kRfc850, "%a %b %e %H:%M:%S %Y"}) {
    tm parts = {};
    const char* end = strptime(text.c_str(), format, &parts);
    if (end == nullptr || end != text.c_str() + text.size()) continue;
    auto when = base::Time(seconds(timegm(&parts)));
    // Two digits of a year mean the one that lies less than 50 years ahead.
    if (format == kRfc850 && when < now - std::chrono::years(50)) {
      parts.tm_year += 100;
      when = base::Time(seconds(timegm(&parts)));
    }
    return when;
  }
  return std::nullopt;
}

}  // namespace

std::span<const base::Duration> DefaultRetryDelays() { return kSteps; }

std::vector<base::Duration> RetryDelaysOf(const storage::Endpoint& endpoint) {
  if (endpoint.retry_delays) return {endpoint.retry_delays->begin(), endpoint.retry_delays->end()};
  return {std::begin(kSteps), std::end(kSteps)};
}

std::optional<base::Duration> RetryDelay(std::span<const base::Duration> delays, int attempts,
                                         std::optional<base::Duration> retry_after,
                                         uint32_t random) {
  if (attempts < 1 || static_cast<size_t>(attempts) > delays.size()) return std::nullopt;
  const base::Duration step = delays[attempts - 1];
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
  const std::optional<base::Time> when = ParseHttpDate(std::string(value), now);
  if (!when || *when <= now) return std::nullopt;
  return *when - now;
}

}  // namespace gatehouse::service::delivery
