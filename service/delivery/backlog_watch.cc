#include "service/delivery/backlog_watch.h"

#include <algorithm>
#include <string>

#include "base/reason.h"
#include "base/status.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// As long as somebody asked within this, it is looked.
constexpr base::Duration kInterest = seconds(60);
// Of the bound: deliveries should not run out of events meanwhile, nor the machine be busy with
// being asked.
constexpr int kRetryShare = 4;
constexpr milliseconds kMinRetryAfter(10);
constexpr milliseconds kMaxRetryAfter = seconds(5);

absl::Status Behind(base::Duration bound) {
  const auto share = std::chrono::duration_cast<milliseconds>(bound / kRetryShare);
  const std::string ms = std::to_string(std::chrono::duration_cast<milliseconds>(bound).count());
  return base::MakeError(absl::StatusCode::kResourceExhausted,
                         "an event has been waiting for its delivery for longer than " + ms +
                             " ms; nothing was published, try again later",
                         {.reason = base::Reason::kDeliveriesBehind,
                          .metadata = {{"max_backlog_age_ms", ms}},
                          .retry_after = std::clamp(share, kMinRetryAfter, kMaxRetryAfter)});
}

bool IsOlder(const std::optional<base::Time>& recorded, base::Duration bound, base::Time now) {
  return recorded && now - *recorded > bound;
}

}  // namespace

absl::Status BacklogWatch::Check(const base::Uuid& tenant_id,
                                 std::optional<base::Duration> max_age) {
  const base::Duration bound = max_age.value_or(default_max_age_);
  if (bound == base::Duration(0)) return absl::OkStatus();
  const base::Time now = deps_.clock.Now();
  last_asked_us_ = base::ToMicros(now);
  if (IsOlder(deps_.oldest_here(tenant_id), bound, now)) {
    ++refused_;
    return Behind(bound);
  }
  const base::Duration elsewhere = std::max(bound, kMinAgeElsewhere);
  if (IsOlder(OldestElsewhere(tenant_id), elsewhere, now)) {
    ++refused_;
    return Behind(elsewhere);
  }
  return absl::OkStatus();
}

std::optional<base::Time> BacklogWatch::OldestElsewhere(const base::Uuid& tenant_id) {
  const base::MutexLock lock(mutex_);
  const auto oldest = oldest_elsewhere_.find(tenant_id);
  if (oldest == oldest_elsewhere_.end()) return std::nullopt;
  return oldest->second;
}

base::Task<absl::Status> BacklogWatch::RunOnce(base::CallContext ctx) {
  const base::Time now = deps_.clock.Now();
  const int64_t asked = last_asked_us_;
  if (asked == INT64_MIN || now - base::TimeFromMicros(asked) > kInterest) {
    // Rather nothing than what was once so.
    Replace({});
    co_return absl::OkStatus();
  }
  GH_CO_ASSIGN_OR_RETURN(
      const std::vector<storage::DeliveryStore::Backlog> backlogs,
      co_await deps_.deliveries.ListBacklogs(ctx, deps_.instance_id, now - kMinAgeElsewhere));
  Replace(backlogs);
  co_return absl::OkStatus();
}

void BacklogWatch::Replace(const std::vector<storage::DeliveryStore::Backlog>& backlogs) {
  const base::MutexLock lock(mutex_);
  oldest_elsewhere_.clear();
  for (const storage::DeliveryStore::Backlog& backlog : backlogs) {
    oldest_elsewhere_[backlog.tenant_id] = backlog.oldest_time;
  }
}

}  // namespace gatehouse::service::delivery
