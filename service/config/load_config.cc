#include "service/config/load_config.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

#include "base/status.h"
#include "service/config/settings.h"

namespace gatehouse::service::config {
namespace {

constexpr std::string_view kEnvironmentPrefix = "GATEHOUSE_";
constexpr std::string_view kMask = "********";

absl::Status Apply(Config& config, std::string_view key, std::string_view value,
                   std::string_view where) {
  const Setting* setting = FindSetting(key);
  if (setting == nullptr) {
    return base::InvalidField(key, "is not a setting (in " + std::string(where) +
                                       "); `gatehouse config print` lists them all");
  }
  absl::Status status = setting->set(config, value);
  if (status.ok()) return status;
  // The description alone: the message names the key as well.
  return base::InvalidField(key, base::GetErrorDetails(status)->violations.front().description +
                                     " (in " + std::string(where) + ")");
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

bool IsKey(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
  });
}

// `line` as CLI11 is to see it; nullopt if it is not TOML. CLI11 takes a bare word
// for a flag that is on, and whatever stands before a '=' for a key: as an unknown
// key it would be shown, and it may be a piece of a secret.
std::optional<std::string_view> ReadLine(std::string_view line) {
  line = Trimmed(line);
  if (line.empty() || line.front() == '#') return "";
  if (line.front() == '[') {
    line = Trimmed(line.substr(0, line.find('#')));
    const bool good = line.ends_with(']') && IsKey(line.substr(1, line.size() - 2));
    return good ? std::optional(line) : std::nullopt;
  }
  const size_t equals = line.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string_view value = Trimmed(line.substr(equals + 1));
  // A second '=' is how base64 ends.
  const bool given = !value.empty() && value.front() != '=' && value.front() != '#';
  return given && IsKey(Trimmed(line.substr(0, equals))) ? std::optional(line) : std::nullopt;
}

absl::Status ApplyFile(Config& config, const std::string& path) {
  std::ifstream file(path);
  if (!file) return base::InvalidField("config", "cannot read " + path);
  std::stringstream text;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const std::optional<std::string_view> read = ReadLine(line);
    if (!read) {
      return base::InvalidField("config", path + ": line " + std::to_string(number) +
                                              " is neither NAME = VALUE nor [SECTION]");
    }
    text << *read << "\n";
  }
  // A folder can be opened, but not read.
  if (file.bad()) return base::InvalidField("config", "cannot read " + path);
  std::vector<CLI::ConfigItem> items;
  try {
    items = CLI::ConfigTOML().from_config(text);
  } catch (const CLI::Error&) {
    // What it says may quote the file.
    return base::InvalidField("config", path + " is not TOML");
  }
  for (const CLI::ConfigItem& item : items) {
    // CLI11 marks the begin and end of a [section] with items of these names.
    if (item.name == "++" || item.name == "--") continue;
    if (item.inputs.size() != 1) {
      return base::InvalidField(item.fullname(), "must be one value (in " + path + ")");
    }
    GH_RETURN_IF_ERROR(Apply(config, item.fullname(), item.inputs.front(), path));
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
    GH_RETURN_IF_ERROR(Apply(config, found->key, value, "the environment"));
  }
  return absl::OkStatus();
}

// A TOML basic string.
std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + '"';
}

bool IsBare(std::string_view value) {
  return value == "true" || value == "false" ||
         (!value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos);
}

std::pair<std::string, std::string> Split(const std::string& key) {
  const size_t dot = key.find('.');
  if (dot == std::string::npos) return {"", key};
  return {key.substr(0, dot), key.substr(dot + 1)};
}

std::string Shown(const Setting& setting, const Config& config) {
  const std::string value = setting.get(config);
  if (setting.secret && !value.empty()) return Quoted(kMask);
  return IsBare(value) ? value : Quoted(value);
}

}  // namespace

absl::StatusOr<Config> LoadConfig(const Sources& sources) {
  Config config;
  if (!sources.file.empty()) GH_RETURN_IF_ERROR(ApplyFile(config, sources.file));
  GH_RETURN_IF_ERROR(ApplyEnvironment(config, sources.environment));
  for (const auto& [key, value] : sources.flags) {
    if (const Setting* setting = FindSetting(key); setting != nullptr && setting->secret) {
      return base::InvalidField(key, "is a secret: give it as " + setting->environment_variable() +
                                         " or in the configuration file, not as a flag");
    }
    GH_RETURN_IF_ERROR(Apply(config, key, value, "the command line"));
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
