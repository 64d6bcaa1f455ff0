#include "service/delivery/queue/receiver_answer.h"

#include "service/delivery/queue/retry_schedule.h"

namespace gatehouse::service::delivery {
namespace {

constexpr int kGone = 410;
constexpr int kRequestTimeout = 408;
constexpr int kTooEarly = 425;
constexpr int kTooManyRequests = 429;
constexpr int kServiceUnavailable = 503;

}  // namespace

bool IsRefusal(const HttpResult& result) {
  const int status = result.status_code;
  return result.complete() && status >= 400 && status < 500 && status != kRequestTimeout &&
         status != kTooEarly && status != kTooManyRequests;
}

bool IsGone(const HttpResult& result) { return result.complete() && result.status_code == kGone; }

std::optional<base::Duration> RetryAfterOf(const HttpResult& result, base::Time now) {
  if (!result.complete()) return std::nullopt;
  return ParseRetryAfter(result.retry_after, now);
}

std::optional<base::Duration> HoldOf(const HttpResult& result, base::Time now) {
  if (result.status_code != kTooManyRequests && result.status_code != kServiceUnavailable) {
    return std::nullopt;
  }
  return RetryAfterOf(result, now);
}

}  // namespace gatehouse::service::delivery
