#ifndef GATEHOUSE_SERVICE_ALERT_ALERT_MESSAGE_H_
#define GATEHOUSE_SERVICE_ALERT_ALERT_MESSAGE_H_

#include <string>

#include "storage/alert/alert.h"

namespace gatehouse::service {

// What the alert says, for people.
std::string MessageOf(const storage::Alert& alert);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_ALERT_ALERT_MESSAGE_H_
