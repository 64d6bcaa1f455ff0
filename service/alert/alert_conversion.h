#ifndef GATEHOUSE_SERVICE_ALERT_ALERT_CONVERSION_H_
#define GATEHOUSE_SERVICE_ALERT_ALERT_CONVERSION_H_

#include "absl/status/status.h"
#include "base/principal.h"
#include "storage/alert/alert.h"

namespace gatehouse::v1 {
class Alert;
}

namespace gatehouse::service {

// Alerts about the server are for those who may see how it is.
bool SeesServerAlerts(const base::Principal& principal);

// INTERNAL if the stored details are no JSON object.
absl::Status ToProto(const storage::Alert& from, v1::Alert& to);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_ALERT_ALERT_CONVERSION_H_
