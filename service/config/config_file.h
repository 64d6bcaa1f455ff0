#ifndef GATEHOUSE_SERVICE_CONFIG_CONFIG_FILE_H_
#define GATEHOUSE_SERVICE_CONFIG_CONFIG_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "service/config/settings.h"

namespace gatehouse::service::config {

// What a configuration file gives one setting. The value has the setting's type, but may be out
// of its limits.
struct FileValue {
  const Setting* setting;
  std::string value;
  // File and line, for errors.
  std::string where;
};

// The settings of a TOML file. What is not TOML, a key or section that is not known, and a value
// of another type than its setting's are INVALID_ARGUMENT, naming file and line; the message never
// shows what stands there, which may be a secret: only keys that need no quotes.
absl::StatusOr<std::vector<FileValue>> ReadConfigFile(const std::string& path);

}  // namespace gatehouse::service::config

#endif  // GATEHOUSE_SERVICE_CONFIG_CONFIG_FILE_H_
