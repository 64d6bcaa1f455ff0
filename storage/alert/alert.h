#ifndef GATEHOUSE_STORAGE_ALERT_ALERT_H_
#define GATEHOUSE_STORAGE_ALERT_ALERT_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/event.h"

namespace gatehouse::storage {

// gatehouse.v1.AlertKind.
enum class AlertKind : int32_t {
  kFailing = 1,
  kDisabled = 2,
  kExhausted = 3,
  kCertificateExpiring = 4,
  kBacklog = 5,
  // These three are the server's own.
  kLogHalted = 6,
  kPartitionLate = 7,
  kSigningKeyOverdue = 8,
  // Of an endpoint again; no deliverer notices it.
  kClientCertificateExpiring = 9,
};

// Of those that deliverers notice, which are the first ones.
inline constexpr AlertKind kLastDelivererKind = AlertKind::kBacklog;
inline constexpr AlertKind kLastAlertKind = AlertKind::kClientCertificateExpiring;

// About the server itself, in the default tenant; else about an endpoint.
inline bool IsAboutServer(AlertKind kind) {
  return kind >= AlertKind::kLogHalted && kind <= AlertKind::kSigningKeyOverdue;
}

// "FAILING" and the like.
std::string_view AlertKindName(AlertKind kind);

// gatehouse.v1.AlertSeverity.
enum class AlertSeverity : int32_t { kWarning = 1, kCritical = 2 };

AlertSeverity SeverityOf(AlertKind kind, int32_t level);

// Of a certificate that has expired, the highest of its levels.
inline constexpr int32_t kCertificateExpiredLevel = 3;

// Of a certificate that expires after `left`: 0 while that is more than `before`, 1 within it, 2
// within three days, kCertificateExpiredLevel afterwards.
int32_t CertificateLevel(base::Duration left, base::Duration before);

// gatehouse.v1.AlertState.
enum class AlertState : int32_t { kOpen = 1, kAcknowledged = 2, kResolved = 3 };

// One that is opened anew so soon after it was resolved is not told of again, unless it is worse
// than it was.
inline constexpr std::chrono::hours kAlertSilence{1};

// How an alert was resolved.
inline constexpr std::string_view kAlertRecovered = "recovered";
inline constexpr std::string_view kAlertResumed = "resumed";
inline constexpr std::string_view kAlertDeleted = "deleted";
inline constexpr std::string_view kAlertByHand = "by_hand";

// What an alert is about: there is one for each.
struct AlertKey {
  base::Uuid tenant_id;
  AlertKind kind = AlertKind::kFailing;
  // Nil: the server itself.
  base::Uuid endpoint_id;

  // A version 8 UUID (RFC 9562, 5.8) made of the rest.
  base::Uuid Id() const;
};

// Who did something to an alert. No label: names are people's.
struct AlertActor {
  base::Time time;
  std::string type;
  std::string id;
};

struct Alert {
  AlertKey key;
  base::Uuid id;
  AlertState state = AlertState::kOpen;
  int32_t level = 0;
  base::Time first_occurred_time;
  base::Time last_occurred_time;
  int64_t occurrence_count = 0;
  std::string details_json = "{}";
  std::optional<AlertActor> acknowledged;
  // Also of one that is open again.
  std::optional<AlertActor> resolved;
  std::string resolution;
  int64_t version = 1;
};

// Somebody noticed what an alert is about, or that it is over. What becomes of the alert, and
// whether the log says so, is decided where it is written (queries/signal.sql).
struct AlertSignal {
  AlertKey key;
  // The alert opens, or is told of again, as it rises.
  int32_t level = 0;
  base::Time time;
  // Since the last signal.
  int64_t occurrences = 1;
  std::string details_json = "{}";
  // It is over: the alert, if it is open, is resolved as `resolution`.
  bool over = false;
  std::string resolution = {};
  // Of the deliverer that noticed it: counts while it holds the endpoint under this fence. 0: no
  // deliverer.
  int64_t fence = 0;
};

// The event of a type below "alert." about the alert, by the principal of `ctx`.
Event AlertEvent(const base::CallContext& ctx, base::Time now, std::string_view type,
                 const AlertKey& key, int32_t level, const std::string& details_json,
                 std::string_view resolution = "");

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_ALERT_ALERT_H_
