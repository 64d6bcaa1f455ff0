#ifndef GATEHOUSE_SERVICE_CONFIG_SETTING_MAKERS_H_
#define GATEHOUSE_SERVICE_CONFIG_SETTING_MAKERS_H_

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/ip_address.h"
#include "base/status.h"
#include "service/config/settings.h"

// How settings of each kind read and write their field, for the files that list settings.
namespace gatehouse::service::config {

inline absl::Status ParseInteger(std::string_view key, std::string_view value, int64_t least,
                                 int64_t most, int64_t& out) {
  int64_t parsed = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
  if (error != std::errc() || end != value.data() + value.size() || parsed < least ||
      parsed > most) {
    return base::InvalidField(key, "must be a whole number from " + std::to_string(least) + " to " +
                                       std::to_string(most));
  }
  out = parsed;
  return absl::OkStatus();
}

// `field` maps a Config to a reference to the field, const or not.
template <typename Field>
Setting Text(std::string key, std::string help, Field field) {
  return {.key = std::move(key),
          .help = std::move(help),
          .set =
              [field](Config& config, std::string_view value) {
                field(config) = value;
                return absl::OkStatus();
              },
          .get = [field](const Config& config) { return field(config); }};
}

// HOST:PORT, an IPv6 address in brackets. gRPC would take a port modulo 65536.
inline bool IsAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (!bracketed && host.find(':') != std::string_view::npos) return false;
  uint16_t port = 0;
  const char* const stop = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data() + colon + 1, stop, port);
  return error == std::errc() && end == stop;
}

template <typename Field>
Setting Address(std::string key, std::string help, Field field) {
  Setting setting = Text(key, std::move(help), field);
  setting.set = [key, field](Config& config, std::string_view value) {
    if (!IsAddress(value)) {
      return base::InvalidField(key, "must be HOST:PORT, with a port from 0 to 65535");
    }
    field(config) = value;
    return absl::OkStatus();
  };
  return setting;
}

template <typename Field>
Setting OneOf(std::string key, std::string help, std::vector<std::string> allowed, Field field) {
  Setting setting = Text(key, std::move(help), field);
  setting.set = [key, allowed, field](Config& config, std::string_view value) {
    if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
      std::string list;
      for (const std::string& word : allowed) list += (list.empty() ? "" : ", ") + word;
      return base::InvalidField(key, "must be one of " + list);
    }
    field(config) = value;
    return absl::OkStatus();
  };
  return setting;
}

template <typename Field>
Setting Integer(std::string key, std::string help, int64_t least, int64_t most, Field field) {
  return {.key = key,
          .help = std::move(help),
          .type = ValueType::kInteger,
          .set =
              [key, least, most, field](Config& config, std::string_view value) {
                return ParseInteger(key, value, least, most, field(config));
              },
          .get = [field](const Config& config) { return std::to_string(field(config)); }};
}

// A duration, given as a whole number of its own unit.
template <typename Field>
Setting Span(std::string key, std::string help, int64_t least, int64_t most, Field field) {
  return {.key = key,
          .help = std::move(help),
          .type = ValueType::kInteger,
          .set =
              [key, least, most, field](Config& config, std::string_view value) {
                int64_t count = 0;
                GH_RETURN_IF_ERROR(ParseInteger(key, value, least, most, count));
                auto& duration = field(config);
                duration = std::remove_reference_t<decltype(duration)>(count);
                return absl::OkStatus();
              },
          .get = [field](const Config& config) { return std::to_string(field(config).count()); }};
}

template <typename Field>
Setting Boolean(std::string key, std::string help, Field field) {
  return {.key = key,
          .help = std::move(help),
          .type = ValueType::kBoolean,
          .set =
              [key, field](Config& config, std::string_view value) {
                if (value != "true" && value != "false") {
                  return base::InvalidField(key, "must be true or false");
                }
                field(config) = value == "true";
                return absl::OkStatus();
              },
          .get = [field](const Config& config) { return field(config) ? "true" : "false"; }};
}

// For what has a default and makes no sense empty.
inline Setting NotEmpty(Setting setting) {
  setting.set = [key = setting.key, set = setting.set](Config& config, std::string_view value) {
    if (value.empty()) return base::InvalidField(key, "must not be empty");
    return set(config, value);
  };
  return setting;
}

inline Setting Secret(Setting setting) {
  setting.secret = true;
  return setting;
}

// Networks separated by blanks.
template <typename Field>
Setting Networks(std::string key, std::string help, Field field) {
  Setting setting = Text(key, std::move(help), field);
  setting.set = [key, field](Config& config, std::string_view value) {
    if (!base::ParseNetworks(value)) {
      return base::InvalidField(key,
                                "must be IP networks separated by blanks, as \"10.1.0.0/16 ::1\"");
    }
    field(config) = value;
    return absl::OkStatus();
  };
  return setting;
}

// `path` maps a Config to a reference to that field, const or not.
#define GH_FIELD(path) [](auto& config) -> auto& { return config.path; }

}  // namespace gatehouse::service::config

#endif  // GATEHOUSE_SERVICE_CONFIG_SETTING_MAKERS_H_
