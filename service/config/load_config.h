#ifndef GATEHOUSE_SERVICE_CONFIG_LOAD_CONFIG_H_
#define GATEHOUSE_SERVICE_CONFIG_LOAD_CONFIG_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "service/config/config.h"
#include "service/config/shown_setting.h"

namespace gatehouse::service::config {

// Where settings come from, the strongest first.
struct Sources {
  // Key -> value, as the command line gave them.
  std::map<std::string, std::string> flags;
  // The whole environment; names that begin with GATEHOUSE_ must be settings, but for those
  // of IsServiceLink (service_links.h).
  std::map<std::string, std::string> environment;
  // Path of a TOML file; empty: none.
  std::string file;
};

// Defaults, overridden by the file, by the environment, by the flags. An
// unknown key anywhere, a value out of its limits and a secret given as a flag
// are INVALID_ARGUMENT: one line for each, with the name as it was written and where
// it stood. Variables of IsServiceLink that are no settings are passed over.
absl::StatusOr<Config> LoadConfig(const Sources& sources);

// The environment of this process.
std::map<std::string, std::string> ProcessEnvironment();

// The configuration as a TOML file with its documentation; secrets masked.
std::string PrintConfig(const Config& config);

// Every setting, in the order of the reference.
std::vector<ShownSetting> ShowSettings(const Config& config);

// A Markdown table of every setting: docs/operating/config.md.
std::string ConfigReference();

}  // namespace gatehouse::service::config

#endif  // GATEHOUSE_SERVICE_CONFIG_LOAD_CONFIG_H_
