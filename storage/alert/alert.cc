#include "storage/alert/alert.h"

#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/hash.h"

namespace gatehouse::storage {
namespace {

// Of the failing level, in percent; and of an expiring certificate.
constexpr int32_t kCriticalFailing = 90;
constexpr int32_t kCriticalCertificate = 2;
// Within this a certificate that is not renewed by itself needs somebody now.
constexpr base::Duration kCertificateCritical = std::chrono::days(3);

}  // namespace

std::string_view AlertKindName(AlertKind kind) {
  switch (kind) {
    case AlertKind::kFailing:
      return "FAILING";
    case AlertKind::kDisabled:
      return "DISABLED";
    case AlertKind::kExhausted:
      return "EXHAUSTED";
    case AlertKind::kCertificateExpiring:
      return "CERTIFICATE_EXPIRING";
    case AlertKind::kBacklog:
      return "BACKLOG";
    case AlertKind::kLogHalted:
      return "LOG_HALTED";
    case AlertKind::kPartitionLate:
      return "PARTITION_LATE";
    case AlertKind::kSigningKeyOverdue:
      return "SIGNING_KEY_OVERDUE";
    case AlertKind::kClientCertificateExpiring:
      return "CLIENT_CERTIFICATE_EXPIRING";
  }
  return "";
}

AlertSeverity SeverityOf(AlertKind kind, int32_t level) {
  switch (kind) {
    case AlertKind::kFailing:
      return level >= kCriticalFailing ? AlertSeverity::kCritical : AlertSeverity::kWarning;
    case AlertKind::kCertificateExpiring:
    case AlertKind::kClientCertificateExpiring:
      return level >= kCriticalCertificate ? AlertSeverity::kCritical : AlertSeverity::kWarning;
    case AlertKind::kBacklog:
    case AlertKind::kPartitionLate:
    case AlertKind::kSigningKeyOverdue:
      return AlertSeverity::kWarning;
    case AlertKind::kDisabled:
    case AlertKind::kExhausted:
    case AlertKind::kLogHalted:
      return AlertSeverity::kCritical;
  }
  return AlertSeverity::kCritical;
}

int32_t CertificateLevel(base::Duration left, base::Duration before) {
  if (left <= base::Duration(0)) return kCertificateExpiredLevel;
  if (left > before) return 0;
  return left > kCertificateCritical ? 1 : kCriticalCertificate;
}

base::Uuid AlertKey::Id() const {
  std::string text = "gatehouse alert " + std::string(AlertKindName(kind)) + " ";
  text += tenant_id.bytes();
  text += endpoint_id.bytes();
  const std::string hash = base::Sha256(text);
  std::array<uint8_t, 16> bytes;
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(hash[i]);
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x80);
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
  return base::Uuid(bytes);
}

Event AlertEvent(const base::CallContext& ctx, base::Time now, std::string_view type,
                 const AlertKey& key, int32_t level, const std::string& details_json,
                 std::string_view resolution) {
  nlohmann::json details = nlohmann::json::parse(details_json, nullptr, /*allow_exceptions=*/false);
  if (!details.is_object()) details = nlohmann::json::object();
  details["kind"] = std::string(AlertKindName(key.kind));
  details["severity"] =
      SeverityOf(key.kind, level) == AlertSeverity::kCritical ? "CRITICAL" : "WARNING";
  details["level"] = level;
  if (!resolution.empty()) details["resolution"] = std::string(resolution);
  std::vector<EventTarget> targets = {{.type = "alert", .id = key.Id().ToString(), .label = ""}};
  if (!key.endpoint_id.is_nil()) {
    targets.push_back({.type = "endpoint", .id = key.endpoint_id.ToString(), .label = ""});
  }
  Event event = MakeEvent(ctx, now, std::string(type), std::move(targets), details.dump());
  // A deliverer notices for all tenants.
  event.tenant_id = key.tenant_id;
  return event;
}

}  // namespace gatehouse::storage
