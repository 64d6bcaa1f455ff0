#include "service/config/service_links.h"

#include <cstddef>
#include <regex>
#include <string_view>

#include "base/ip_address.h"

namespace gatehouse::service::config {
namespace {

// More than any of them has: std::regex recurses with each character.
constexpr size_t kMostBytes = 512;
constexpr size_t kMostDigits = 5;

bool IsPort(std::string_view text) {
  return !text.empty() && text.size() <= kMostDigits &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

// NAME_SERVICE_HOST, NAME_SERVICE_PORT or that of a port by its name, which come together.
bool IsOfService(const std::map<std::string, std::string>& environment, const std::string& name) {
  constexpr std::string_view kWord = "_SERVICE_";
  for (size_t at = name.find(kWord); at != std::string::npos; at = name.find(kWord, at + 1)) {
    const std::string service = name.substr(0, at + kWord.size());
    const auto host = environment.find(service + "HOST");
    const auto port = environment.find(service + "PORT");
    if (host == environment.end() || !base::IpAddress::Parse(host->second)) continue;
    if (port == environment.end() || !IsPort(port->second)) continue;
    if (name == host->first || name == port->first) return true;
    if (name.starts_with(port->first + "_") && IsPort(environment.at(name))) return true;
  }
  return false;
}

// NAME_PORT and those that begin so, with their values.
const std::regex& OfPorts() {
  static const std::regex* const kPattern = [] {
    const std::string url = R"((?:tcp|udp|sctp)://(?:[0-9.]+|\[[0-9a-f:.]+\]):)";
    return new std::regex(
        "GATEHOUSE_(?:[A-Z0-9_]+_)?PORT(?:=" + url + "[0-9]+|_([0-9]+)_(?:TCP|UDP|SCTP)(?:=" + url +
        R"(\1|_PROTO=(?:tcp|udp|sctp)|_PORT=\1|_ADDR=(?:[0-9.]+|[0-9a-f]*:[0-9a-f:.]+))))");
  }();
  return *kPattern;
}

bool IsOfPort(const std::string& name, const std::string& value) {
  const std::string text = name + "=" + value;
  return text.size() <= kMostBytes && std::regex_match(text, OfPorts());
}

}  // namespace

bool IsServiceLink(const std::map<std::string, std::string>& environment, const std::string& name) {
  return name.starts_with("GATEHOUSE_") &&
         (IsOfService(environment, name) || IsOfPort(name, environment.at(name)));
}

}  // namespace gatehouse::service::config
