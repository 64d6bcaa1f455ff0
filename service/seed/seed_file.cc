#include "service/seed/seed_file.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "base/status.h"
#include "service/common/account_names.h"

namespace gatehouse::service {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 4> kSections = {"roles", "users", "api_keys", "endpoints"};

// How one member of an entry is read.
struct Member {
  bool required;
  std::function<bool(const json&)> read;  // False: wrong type.
  std::string type;
};

Member Text(std::string& out, bool required = false) {
  return {.required = required,
          .read =
              [&out](const json& value) {
                if (!value.is_string()) return false;
                out = value.get<std::string>();
                return true;
              },
          .type = "a string"};
}

Member Texts(std::vector<std::string>& out) {
  return {.required = true,
          .read =
              [&out](const json& value) {
                if (!value.is_array() || value.empty()) return false;
                for (const json& item : value) {
                  if (!item.is_string()) return false;
                  out.push_back(item.get<std::string>());
                }
                return true;
              },
          .type = "a list of strings, not empty"};
}

absl::Status ReadMembers(const json& object, const std::string& where,
                         const std::map<std::string, Member>& members) {
  if (!object.is_object()) return base::InvalidField(where, "must be an object");
  for (const auto& [name, value] : object.items()) {
    const auto found = members.find(name);
    if (found == members.end()) return base::InvalidField(where + "." + name, "is not known");
    if (!found->second.read(value)) {
      return base::InvalidField(where + "." + name, "must be " + found->second.type);
    }
  }
  for (const auto& [name, member] : members) {
    if (member.required && !object.contains(name)) {
      return base::InvalidField(where + "." + name, "is required");
    }
  }
  return absl::OkStatus();
}

std::map<std::string, Member> MembersOf(SeedRole& role) {
  return {{"name", Text(role.name, true)}, {"permissions", Texts(role.permissions)}};
}

std::map<std::string, Member> MembersOf(SeedUser& user) {
  return {{"username", Text(user.username, true)},
          {"email", Text(user.email)},
          {"role", Text(user.role)},
          {"first_name", Text(user.first_name)},
          {"last_name", Text(user.last_name)},
          {"password_file", Text(user.password_file)}};
}

std::map<std::string, Member> MembersOf(SeedApiKey& key) {
  return {{"display_name", Text(key.display_name, true)},
          {"permissions", Texts(key.permissions)},
          {"key_file", Text(key.key_file, true)}};
}

std::map<std::string, Member> MembersOf(SeedEndpoint& endpoint) {
  return {{"url", Text(endpoint.url, true)},
          {"event_types", Texts(endpoint.event_types)},
          {"description", Text(endpoint.description)},
          {"secret_file", Text(endpoint.secret_file, true)}};
}

const std::string& NameOf(const SeedRole& role) { return role.name; }
const std::string& NameOf(const SeedUser& user) { return user.username; }
const std::string& NameOf(const SeedApiKey& key) { return key.display_name; }
const std::string& NameOf(const SeedEndpoint& endpoint) { return endpoint.url; }

// By which two entries are one: as the database finds them.
template <typename Entry>
std::string KeyOf(const Entry& entry) {
  return NameOf(entry);
}
std::string KeyOf(const SeedUser& user) {
  return AccountKey(user.username).value_or(user.username);
}

template <typename Entry>
absl::Status ReadEntries(const json& document, const std::string& section,
                         std::vector<Entry>& out) {
  if (!document.contains(section)) return absl::OkStatus();
  const json& list = document[section];
  if (!list.is_array()) return base::InvalidField(section, "must be a list");
  std::set<std::string> keys;
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string where = section + "[" + std::to_string(i) + "]";
    Entry entry;
    GH_RETURN_IF_ERROR(ReadMembers(list[i], where, MembersOf(entry)));
    if (!keys.insert(KeyOf(entry)).second) {
      return base::InvalidField(where, "stands twice: " + NameOf(entry));
    }
    out.push_back(std::move(entry));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SeedFile> ParseSeedFile(std::string_view text) {
  // Of a key that stands twice the parser keeps one and tells nobody.
  std::vector<std::set<std::string>> keys;
  std::optional<std::string> twice;
  const auto note_keys = [&](int, json::parse_event_t event, json& value) {
    if (event == json::parse_event_t::object_start) {
      keys.emplace_back();
    } else if (event == json::parse_event_t::object_end) {
      keys.pop_back();
    } else if (event == json::parse_event_t::key && !twice &&
               !keys.back().insert(value.get<std::string>()).second) {
      twice = value.get<std::string>();
    }
    return true;
  };
  const json document = json::parse(text, note_keys, /*allow_exceptions=*/false);
  if (twice) return base::InvalidField("seed file", "an object has \"" + *twice + "\" twice");
  if (document.is_discarded()) return base::InvalidField("seed file", "is not valid JSON");
  if (!document.is_object()) return base::InvalidField("seed file", "must be an object");
  for (const auto& [section, value] : document.items()) {
    if (std::ranges::find(kSections, section) == kSections.end()) {
      return base::InvalidField(section,
                                "is not known; sections are roles, users, api_keys, endpoints");
    }
  }
  SeedFile seed;
  GH_RETURN_IF_ERROR(ReadEntries(document, "roles", seed.roles));
  GH_RETURN_IF_ERROR(ReadEntries(document, "users", seed.users));
  GH_RETURN_IF_ERROR(ReadEntries(document, "api_keys", seed.api_keys));
  GH_RETURN_IF_ERROR(ReadEntries(document, "endpoints", seed.endpoints));
  return seed;
}

}  // namespace gatehouse::service
