#ifndef GATEHOUSE_SERVICE_CONFIG_SETTINGS_H_
#define GATEHOUSE_SERVICE_CONFIG_SETTINGS_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "service/config/config.h"

namespace gatehouse::service::config {

// How a TOML file writes the value.
enum class ValueType { kText, kInteger, kBoolean };

// One setting: the single place that knows its name, unit, limits and
// documentation. The flag, the environment variable, the TOML key, `config
// print` and docs/operating/config.md all come from here.
struct Setting {
  // TOML key, "area.name" or "name". The flag is --area-name, the environment
  // variable GATEHOUSE_AREA_NAME.
  std::string key;
  // What it means, with its unit and limits; one sentence or two.
  std::string help;
  ValueType type = ValueType::kText;
  // Masked by `config print`, refused as a flag: other users see the arguments
  // of a process.
  bool secret = false;
  // Sets the field; INVALID_ARGUMENT tells what is allowed.
  std::function<absl::Status(Config&, std::string_view value)> set;
  std::function<std::string(const Config&)> get;

  std::string flag() const;
  std::string environment_variable() const;
};

const std::vector<Setting>& AllSettings();

// nullptr if there is none of that key.
const Setting* FindSetting(std::string_view key);

}  // namespace gatehouse::service::config

#endif  // GATEHOUSE_SERVICE_CONFIG_SETTINGS_H_
