#include "service/config/config_file.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/small_file.h"
#include "base/status.h"
#include "service/config/toml.h"

namespace gatehouse::service::config {
namespace {

// Any text can be a key in quotes. One that needs none was hardly meant as a value.
bool IsBareKey(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
}

bool IsSection(std::string_view key) {
  return std::ranges::any_of(AllSettings(), [key](const Setting& setting) {
    return setting.key.size() > key.size() && setting.key.starts_with(key) &&
           setting.key[key.size()] == '.';
  });
}

// nullopt: `node` has another type than `type`. Nothing is converted: what is written in quotes,
// or with a fraction, is not what the setting wants, even if it looks like it.
std::optional<std::string> ValueOf(const toml::node& node, ValueType type) {
  switch (type) {
    case ValueType::kText:
      if (const auto* text = node.as_string()) return text->get();
      break;
    case ValueType::kInteger:
      if (const auto* number = node.as_integer()) return std::to_string(number->get());
      break;
    case ValueType::kBoolean:
      if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
      break;
  }
  return std::nullopt;
}

std::string_view Wanted(ValueType type) {
  switch (type) {
    case ValueType::kText:
      return "must be a string, in quotes";
    case ValueType::kInteger:
      return "must be a whole number, without quotes";
    case ValueType::kBoolean:
      return "must be true or false, without quotes";
  }
  return "";
}

class Reader {
 public:
  explicit Reader(std::string path) : path_(std::move(path)) {}

  // `prefix` is that of the keys of `table`: "" or "section.".
  void ReadTable(const toml::table& table, const std::string& prefix) {
    for (const auto& [name, node] : table) {
      const std::string where = path_ + ": line " + std::to_string(name.source().begin.line);
      if (IsBareKey(name.str())) {
        ReadNode(node, prefix + std::string(name.str()), where);
      } else {
        Refuse("config", where + " names no setting; `gatehouse config print` lists them all");
      }
    }
  }

  FileContents TakeContents() { return std::move(contents_); }

 private:
  void ReadNode(const toml::node& node, const std::string& key, const std::string& where) {
    const std::string place = " (in " + where + ")";
    if (const Setting* setting = FindSetting(key)) {
      std::optional<std::string> value = ValueOf(node, setting->type);
      if (!value) return Refuse(key, std::string(Wanted(setting->type)) + place);
      contents_.values.push_back({setting, *std::move(value), where});
    } else if (!IsSection(key)) {
      Refuse(key,
             "is not a setting or section" + place + "; `gatehouse config print` lists them all");
    } else if (const toml::table* section = node.as_table()) {
      ReadTable(*section, key + ".");
    } else {
      Refuse(key, "must be a [section]" + place);
    }
  }

  void Refuse(std::string_view name, const std::string& why) {
    contents_.faults.push_back(base::InvalidField(name, why));
  }

  const std::string path_;
  FileContents contents_;
};

}  // namespace

FileContents ReadConfigFile(const std::string& path) {
  const absl::StatusOr<std::string> text = base::ReadSmallFile("config", path);
  if (!text.ok()) return {.faults = {text.status()}};
  toml::table table;
  try {
    table = toml::parse(*text);
  } catch (const toml::parse_error& error) {
    // Its description quotes the file.
    return {.faults = {base::InvalidField(
                "config", path + ": line " + std::to_string(error.source().begin.line) +
                              " is not TOML in UTF-8, or names a key or section again")}};
  }
  Reader reader(path);
  reader.ReadTable(table, "");
  return reader.TakeContents();
}

}  // namespace gatehouse::service::config
