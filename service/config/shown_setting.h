#ifndef GATEHOUSE_SERVICE_CONFIG_SHOWN_SETTING_H_
#define GATEHOUSE_SERVICE_CONFIG_SHOWN_SETTING_H_

#include <string>

namespace gatehouse::service::config {

// Where a setting was given.
enum class Origin { kDefault, kFile, kEnvironment, kCommandLine };

// One setting as it may be shown to anybody who runs the server.
struct ShownSetting {
  std::string key;
  // A secret one is masked.
  std::string value;
  bool secret = false;
  Origin origin = Origin::kDefault;
};

}  // namespace gatehouse::service::config

#endif  // GATEHOUSE_SERVICE_CONFIG_SHOWN_SETTING_H_
