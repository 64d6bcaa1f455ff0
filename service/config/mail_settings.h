#ifndef GATEHOUSE_SERVICE_CONFIG_MAIL_SETTINGS_H_
#define GATEHOUSE_SERVICE_CONFIG_MAIL_SETTINGS_H_

#include <vector>

#include "service/config/settings.h"

namespace gatehouse::service::config {

// The settings of the area mail.
void AddMail(std::vector<Setting>& all);

}  // namespace gatehouse::service::config

#endif  // GATEHOUSE_SERVICE_CONFIG_MAIL_SETTINGS_H_
