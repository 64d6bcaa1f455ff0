#include "service/delivery/backlog_watch.h"

#include <algorithm>
#include <string>

#include "base/reason.h"
#include "base/status.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::seconds;

// As long as somebody asked within this, it is looked.
constexpr base::Duration kInterest = seconds(60);
// Backlogs shrink slowly, and are looked at every second.
constexpr std::chrono::milliseconds kRetryAfter = seconds(5);

}  // namespace

absl::Status BacklogWatch::Check(const base::Uuid& tenant_id,
                                 std::optional<base::Duration> max_age) {
  base::Duration bound = max_age.value_or(default_max_age_);
  if (bound == base::Duration(0)) return absl::OkStatus();
  bound = std::max(bound, kMinAge);
  const base::Time now = clock_.Now();
  last_asked_us_ = base::ToMicros(now);
  {
    const base::MutexLock lock(mutex_);
    const auto oldest = oldest_.find(tenant_id);
    if (oldest == oldest_.end() || now - oldest->second <= bound) return absl::OkStatus();
  }
  ++refused_;
  return base::MakeError(absl::StatusCode::kResourceExhausted,
                         "an event has been waiting for its delivery for longer than " +
                             std::to_string(std::chrono::duration_cast<seconds>(bound).count()) +
                             " s; nothing was published, try again later",
                         {.reason = base::Reason::kDeliveriesBehind, .retry_after = kRetryAfter});
}

base::Task<absl::Status> BacklogWatch::RunOnce(base::CallContext ctx) {
  const base::Time now = clock_.Now();
  const int64_t asked = last_asked_us_;
  if (asked == INT64_MIN || now - base::TimeFromMicros(asked) > kInterest) {
    // Rather nothing than what was once so.
    Replace({});
    co_return absl::OkStatus();
  }
  GH_CO_ASSIGN_OR_RETURN(const std::vector<storage::DeliveryStore::Backlog> backlogs,
                         co_await deliveries_.ListBacklogs(ctx));
  Replace(backlogs);
  co_return absl::OkStatus();
}

void BacklogWatch::Replace(const std::vector<storage::DeliveryStore::Backlog>& backlogs) {
  const base::MutexLock lock(mutex_);
  oldest_.clear();
  for (const storage::DeliveryStore::Backlog& backlog : backlogs) {
    oldest_[backlog.tenant_id] = backlog.oldest_time;
  }
}

}  // namespace gatehouse::service::delivery
