#ifndef GATEHOUSE_SERVICE_CONFIG_CONFIG_FILE_H_
#define GATEHOUSE_SERVICE_CONFIG_CONFIG_FILE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
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

struct FileContents {
  std::vector<FileValue> values;
  // Everything that is wrong with the file, each INVALID_ARGUMENT, by section and key.
  std::vector<absl::Status> faults;
};

// The settings of a TOML file. What is not TOML, and then nothing else of the file is known, a key
// or section that is not known, and a value of another type than its setting's are faults that name
// file and line; they never show what stands there, which may be a secret: only keys that need no
// quotes.
FileContents ReadConfigFile(const std::string& path);

}  // namespace gatehouse::service::config

#endif  // GATEHOUSE_SERVICE_CONFIG_CONFIG_FILE_H_
