#include "service/delivery/queue/endpoint_alerts.h"

#include <algorithm>
#include <utility>

#include "service/common/json.h"

namespace gatehouse::service::delivery {
namespace {

using storage::AlertKind;

// In percent of the time after which an endpoint is disabled.
constexpr std::array<int32_t, 4> kFailingLevels = {50, 70, 90, 100};

int32_t FailingLevel(int64_t percent) {
  int32_t level = 0;
  for (const int32_t bound : kFailingLevels) {
    if (percent >= bound) level = bound;
  }
  return level;
}

int64_t Seconds(base::Duration duration) {
  return std::chrono::floor<std::chrono::seconds>(duration).count();
}

}  // namespace

EndpointAlerts::EndpointAlerts(const storage::EndpointKey& key, int64_t fence, int32_t alerted,
                               AlertBounds bounds)
    : key_(key), fence_(fence), bounds_(bounds) {
  for (size_t i = 0; i < conditions_.size(); ++i) {
    conditions_[i].open = (alerted >> (i + 1) & 1) != 0;
  }
}

void EndpointAlerts::OnFailure(base::Time now, int64_t percent, int status_code,
                               std::string_view error_class) {
  const int32_t level = FailingLevel(percent);
  if (level == 0) return;
  Notice(AlertKind::kFailing, now, level,
         JsonObject()
             .Add("error_class", error_class)
             .AddNumber("status_code", status_code)
             .AddNumber("percent", percent)
             .ToString());
}

void EndpointAlerts::OnExhausted(base::Time now, const base::Uuid& event_id,
                                 std::string_view event_type) {
  Notice(
      AlertKind::kExhausted, now, 0,
      JsonObject().Add("event_id", event_id.ToString()).Add("event_type", event_type).ToString());
}

void EndpointAlerts::OnCertificate(base::Time now, base::Time expires) {
  const int32_t level = storage::CertificateLevel(expires - now, bounds_.certificate_before);
  if (level == 0) {
    End(AlertKind::kCertificateExpiring, now);
    return;
  }
  Notice(AlertKind::kCertificateExpiring, now, level,
         JsonObject().AddNumber("expires_in_seconds", Seconds(expires - now)).ToString());
}

void EndpointAlerts::OnPending(base::Time now, std::optional<base::Time> since) {
  if (!since || now - *since < bounds_.backlog_after) {
    End(AlertKind::kBacklog, now);
    return;
  }
  const Condition& backlog = Of(AlertKind::kBacklog);
  // It is looked at many times a second.
  if (backlog.open && now - backlog.told < kTellAgain) return;
  Notice(AlertKind::kBacklog, now, 0,
         JsonObject().AddNumber("oldest_pending_seconds", Seconds(now - *since)).ToString());
}

void EndpointAlerts::Notice(AlertKind kind, base::Time now, int32_t level,
                            std::string details_json) {
  Condition& condition = Of(kind);
  condition.over = false;
  ++condition.occurrences;
  condition.last = now;
  condition.details_json = std::move(details_json);
  if (!condition.open || level > condition.level || now - condition.told >= kTellAgain) {
    condition.due = true;
  }
  condition.level = std::max(condition.level, level);
}

void EndpointAlerts::End(AlertKind kind, base::Time now) {
  Condition& condition = Of(kind);
  condition.due = false;
  condition.occurrences = 0;
  condition.level = 0;
  if (!condition.open) return;
  condition.over = true;
  condition.last = now;
}

bool EndpointAlerts::due() const {
  return std::ranges::any_of(conditions_, [](const Condition& c) { return c.due || c.over; });
}

void EndpointAlerts::CollectInto(storage::DeliveryFlush& flush) {
  for (size_t i = 0; i < conditions_.size(); ++i) {
    Condition& condition = conditions_[i];
    if (!condition.due && !condition.over) continue;
    storage::AlertSignal signal{.key = {.tenant_id = key_.tenant_id,
                                        .kind = static_cast<AlertKind>(i + 1),
                                        .endpoint_id = key_.endpoint_id},
                                .time = condition.last,
                                .over = condition.over,
                                .fence = fence_};
    if (condition.over) {
      signal.resolution = storage::kAlertRecovered;
    } else {
      signal.level = condition.level;
      signal.occurrences = condition.occurrences;
      signal.details_json = condition.details_json;
      condition.told = condition.last;
    }
    condition.open = !condition.over;
    condition.due = false;
    condition.over = false;
    condition.occurrences = 0;
    flush.alerts.push_back(std::move(signal));
  }
}

int32_t EndpointAlerts::alerted() const {
  int32_t bits = 0;
  for (size_t i = 0; i < conditions_.size(); ++i) {
    if (conditions_[i].open) bits |= int32_t{1} << (i + 1);
  }
  return bits;
}

}  // namespace gatehouse::service::delivery
