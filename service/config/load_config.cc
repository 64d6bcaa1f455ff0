#include "service/config/load_config.h"

#include <unistd.h>

#include <sstream>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "base/status.h"
#include "base/text/encoding.h"
#include "service/config/config_file.h"
#include "service/config/settings.h"

namespace gatehouse::service::config {
namespace {

constexpr std::string_view kEnvironmentPrefix = "GATEHOUSE_";
constexpr std::string_view kMask = "********";

absl::Status Set(Config& config, const Setting& setting, std::string_view value,
                 std::string_view where) {
  const std::string place = " (in " + std::string(where) + ")";
  // Neither tokens nor `config print` could carry anything else, and libraries that take C strings
  // would end the value at a NUL.
  if (!base::IsValidUtf8(value)) {
    return base::InvalidField(setting.key, "must be UTF-8 without NUL" + place);
  }
  absl::Status status = setting.set(config, value);
  if (status.ok()) return status;
  // The description alone: the message names the key as well.
  return base::InvalidField(setting.key,
                            base::GetErrorDetails(status)->violations.front().description + place);
}

absl::Status ApplyFile(Config& config, const std::string& path) {
  GH_ASSIGN_OR_RETURN(const std::vector<FileValue> values, ReadConfigFile(path));
  for (const FileValue& given : values) {
    GH_RETURN_IF_ERROR(Set(config, *given.setting, given.value, given.where));
  }
  return absl::OkStatus();
}

absl::Status ApplyEnvironment(Config& config,
                              const std::map<std::string, std::string>& environment) {
  for (const auto& [name, value] : environment) {
    if (!name.starts_with(kEnvironmentPrefix) || name == "GATEHOUSE_CONFIG") continue;
    const Setting* found = nullptr;
    for (const Setting& setting : AllSettings()) {
      if (setting.environment_variable() == name) found = &setting;
    }
    if (found == nullptr) {
      return base::InvalidField(name, "is not a setting (in the environment)");
    }
    GH_RETURN_IF_ERROR(Set(config, *found, value, "the environment"));
  }
  return absl::OkStatus();
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

std::string Shown(const Setting& setting, const Config& config) {
  const std::string value = setting.get(config);
  if (setting.secret && !value.empty()) return Quoted(kMask);
  return setting.type == ValueType::kText ? Quoted(value) : value;
}

}  // namespace

absl::StatusOr<Config> LoadConfig(const Sources& sources) {
  Config config;
  if (!sources.file.empty()) GH_RETURN_IF_ERROR(ApplyFile(config, sources.file));
  GH_RETURN_IF_ERROR(ApplyEnvironment(config, sources.environment));
  for (const auto& [key, value] : sources.flags) {
    const Setting* setting = FindSetting(key);
    if (setting == nullptr) {
      return base::InvalidField(key, "is not a setting (in the command line)");
    }
    if (setting->secret) {
      return base::InvalidField(key, "is a secret: give it as " + setting->environment_variable() +
                                         " or in the configuration file, not as a flag");
    }
    GH_RETURN_IF_ERROR(Set(config, *setting, value, "the command line"));
  }
  return config;
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
