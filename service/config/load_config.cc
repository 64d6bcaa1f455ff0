#include "service/config/load_config.h"

#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "base/status.h"
#include "base/text/encoding.h"
#include "service/config/config_file.h"
#include "service/config/service_links.h"
#include "service/config/settings.h"

namespace gatehouse::service::config {
namespace {

constexpr std::string_view kEnvironmentPrefix = "GATEHOUSE_";
constexpr std::string_view kMask = "********";

// `name` is what the user wrote.
absl::Status Set(Config& config, const Setting& setting, std::string_view value,
                 std::string_view name, std::string_view where, Origin origin) {
  const std::string place = " (in " + std::string(where) + ")";
  // Neither tokens nor `config print` could carry anything else, and libraries that take C strings
  // would end the value at a NUL.
  if (!base::IsValidUtf8(value)) {
    return base::InvalidField(name, "must be UTF-8 without NUL" + place);
  }
  absl::Status status = setting.set(config, value);
  if (status.ok()) {
    config.origins[setting.key] = origin;
    return status;
  }
  // The description alone: the message names the key as well.
  return base::InvalidField(name,
                            base::GetErrorDetails(status)->violations.front().description + place);
}

// Everything that is wrong, so that nobody mends one fault after the other.
using Faults = std::vector<absl::Status>;

void ApplyFile(Config& config, const std::string& path, Faults& faults) {
  FileContents contents = ReadConfigFile(path);
  std::ranges::move(contents.faults, std::back_inserter(faults));
  for (const FileValue& given : contents.values) {
    faults.push_back(
        Set(config, *given.setting, given.value, given.setting->key, given.where, Origin::kFile));
  }
}

const Setting* FindByVariable(std::string_view name) {
  for (const Setting& setting : AllSettings()) {
    if (setting.environment_variable() == name) return &setting;
  }
  return nullptr;
}

void ApplyEnvironment(Config& config, const std::map<std::string, std::string>& environment,
                      Faults& faults) {
  for (const auto& [name, value] : environment) {
    if (!name.starts_with(kEnvironmentPrefix) || name == "GATEHOUSE_CONFIG") continue;
    if (const Setting* setting = FindByVariable(name)) {
      faults.push_back(Set(config, *setting, value, name, "the environment", Origin::kEnvironment));
    } else if (!IsServiceLink(environment, name)) {
      faults.push_back(base::InvalidField(name, "is not a setting (in the environment)"));
    }
  }
}

void ApplyFlags(Config& config, const std::map<std::string, std::string>& flags, Faults& faults) {
  for (const auto& [key, value] : flags) {
    const Setting* setting = FindSetting(key);
    if (setting == nullptr) {
      faults.push_back(base::InvalidField(key, "is not a setting (in the command line)"));
    } else if (setting->secret) {
      faults.push_back(base::InvalidField(
          setting->flag(), "is a secret: give it as " + setting->environment_variable() +
                               " or in the configuration file, not as a flag"));
    } else {
      faults.push_back(
          Set(config, *setting, value, setting->flag(), "the command line", Origin::kCommandLine));
    }
  }
}

// A TOML basic string, on one line whatever `text` holds: a JSON string but for DEL, which
// TOML has escaped.
std::string Quoted(std::string_view text) {
  return absl::StrReplaceAll(base::JsonString(text), {{"\x7f", "\\u007f"}});
}

std::pair<std::string, std::string> Split(const std::string& key) {
  const size_t dot = key.find('.');
  if (dot == std::string::npos) return {"", key};
  return {key.substr(0, dot), key.substr(dot + 1)};
}

// Masked, if it is a secret.
std::string ShownValue(const Setting& setting, const Config& config) {
  std::string value = setting.get(config);
  return setting.secret && !value.empty() ? std::string(kMask) : value;
}

std::string Shown(const Setting& setting, const Config& config) {
  std::string value = ShownValue(setting, config);
  return setting.type == ValueType::kText ? Quoted(value) : value;
}

}  // namespace

absl::StatusOr<Config> LoadConfig(const Sources& sources) {
  Config config;
  Faults faults;
  if (!sources.file.empty()) ApplyFile(config, sources.file, faults);
  ApplyEnvironment(config, sources.environment, faults);
  ApplyFlags(config, sources.flags, faults);
  std::erase_if(faults, [](const absl::Status& fault) { return fault.ok(); });
  if (faults.empty()) return config;
  std::string message;
  base::ErrorDetails details{.reason = base::Reason::kInvalidField};
  for (const absl::Status& fault : faults) {
    message += (message.empty() ? "" : "\n") + std::string(fault.message());
    // A file that is no TOML names no field.
    const std::optional<base::ErrorDetails> one = base::GetErrorDetails(fault);
    if (!one) continue;
    details.violations.insert(details.violations.end(), one->violations.begin(),
                              one->violations.end());
  }
  return base::MakeError(absl::StatusCode::kInvalidArgument, message, std::move(details));
}

std::map<std::string, std::string> ProcessEnvironment() {
  std::map<std::string, std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

std::string PrintConfig(const Config& config) {
  std::ostringstream out;
  // TOML wants what stands in no section first.
  for (const bool sectioned : {false, true}) {
    std::string section;
    for (const Setting& setting : AllSettings()) {
      const auto [area, name] = Split(setting.key);
      if (area.empty() == sectioned) continue;
      if (area != section) {
        out << "\n[" << area << "]\n";
        section = area;
      }
      out << "# " << setting.help << "\n" << name << " = " << Shown(setting, config) << "\n";
    }
  }
  return out.str();
}

std::vector<ShownSetting> ShowSettings(const Config& config) {
  std::vector<ShownSetting> shown;
  for (const Setting& setting : AllSettings()) {
    const auto given = config.origins.find(setting.key);
    shown.push_back({.key = setting.key,
                     .value = ShownValue(setting, config),
                     .secret = setting.secret,
                     .origin = given == config.origins.end() ? Origin::kDefault : given->second});
  }
  return shown;
}

std::string ConfigReference() {
  std::ostringstream out;
  out << "| TOML key | Flag | Environment | Default | Meaning |\n|---|---|---|---|---|\n";
  const Config defaults;
  for (const Setting& setting : AllSettings()) {
    const std::string flag = setting.secret ? "(secret: no flag)" : "`" + setting.flag() + "`";
    const std::string value = setting.get(defaults);
    out << "| `" << setting.key << "` | " << flag << " | `" << setting.environment_variable()
        << "` | " << (value.empty() ? "" : "`" + value + "`") << " | " << setting.help << " |\n";
  }
  return out.str();
}

}  // namespace gatehouse::service::config
