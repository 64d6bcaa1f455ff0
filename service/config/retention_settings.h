#ifndef GATEHOUSE_SERVICE_CONFIG_RETENTION_SETTINGS_H_
#define GATEHOUSE_SERVICE_CONFIG_RETENTION_SETTINGS_H_

#include <vector>

#include "service/config/settings.h"

namespace gatehouse::service::config {

// Appends the settings that say how long what has had its use is kept.
void AddRetention(std::vector<Setting>& all);

}  // namespace gatehouse::service::config

#endif  // GATEHOUSE_SERVICE_CONFIG_RETENTION_SETTINGS_H_
