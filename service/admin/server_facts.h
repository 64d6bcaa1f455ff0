#ifndef GATEHOUSE_SERVICE_ADMIN_SERVER_FACTS_H_
#define GATEHOUSE_SERVICE_ADMIN_SERVER_FACTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "service/config/shown_setting.h"

namespace gatehouse::service {

// What does not change while the process runs.
struct ServerFacts {
  std::string version;
  std::string build;
  std::string instance_id;
  base::Time start_time;
  int32_t loops = 1;
  // The schema that this version needs.
  int32_t newest_schema_version = 0;
  std::vector<config::ShownSetting> settings;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_ADMIN_SERVER_FACTS_H_
