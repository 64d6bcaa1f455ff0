#include "service/alert/alert_message.h"

namespace gatehouse::service {

using storage::AlertKind;

std::string MessageOf(const storage::Alert& alert) {
  switch (alert.key.kind) {
    case AlertKind::kFailing:
      return "The endpoint has had no success for " + std::to_string(alert.level) +
             " % of the time after which it is disabled.";
    case AlertKind::kDisabled:
      return "The endpoint was disabled; it gets nothing until it is resumed.";
    case AlertKind::kExhausted:
      return "Events failed at every attempt at the endpoint, and are not tried again by "
             "themselves.";
    case AlertKind::kCertificateExpiring:
      return "The certificate of the endpoint's receiver expires soon; nothing is sent to it "
             "after that.";
    case AlertKind::kBacklog:
      return "Events have waited long for their first attempt at the endpoint.";
    case AlertKind::kLogHalted:
      return "The log stands still until an operator resets it.";
    case AlertKind::kPartitionLate:
      return "A partition that today or tomorrow needs is missing.";
    case AlertKind::kSigningKeyOverdue:
      return "No key signs, or the one that does is due and its successor is not published.";
    case AlertKind::kClientCertificateExpiring:
      return alert.level >= storage::kCertificateExpiredLevel
                 ? "The certificate that the endpoint's receiver is shown has expired."
                 : "The certificate that the endpoint's receiver is shown expires soon.";
  }
  return "";
}

}  // namespace gatehouse::service
